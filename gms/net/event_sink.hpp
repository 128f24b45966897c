#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gms/core/trace.hpp"

namespace gms::net {

enum class LinkEventKind : std::uint8_t {
  /// An outbound link is open.
  connected,
  /// An inbound link is open.
  accepted,
  /// A link that was open closed.
  closed,
  /// An attempt to connect failed. Attempts that fail the same way are no events, until one
  /// succeeds.
  unreachable,
  /// A connection was dropped for what it is or what came over it: garbage, a wrong group, a
  /// handshake that took too long.
  refused,
};
[[nodiscard]] std::string_view to_string(LinkEventKind kind);

/// What happened to a connection between members, for logs. Nothing depends on it.
struct LinkEvent {
  LinkEventKind kind = LinkEventKind::connected;
  /// None before it is known.
  model::MemberId member;
  std::string address;
  std::string detail;
};
/// One line for people: fields, without the kind.
[[nodiscard]] std::string describe(const LinkEvent& event);

/// Hears what a member does, typed. Calls come on the group's thread, one at a time.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_trace(const core::TraceEvent& event) = 0;
  virtual void on_link(const LinkEvent& event) = 0;
};

}  // namespace gms::net
