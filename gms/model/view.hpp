#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "gms/model/result.hpp"

namespace gms::model {

/// Why a view was made.
enum class ViewCause : std::uint8_t { bootstrap = 1, join, leave, evict, down, up, maintenance };
[[nodiscard]] std::string_view to_string(ViewCause cause);

inline constexpr std::size_t kMemberNameBytesMax = 64;
inline constexpr std::size_t kMemberAddressBytesMax = 256;
inline constexpr std::size_t kMemberInfoBytesMax = 1024;
inline constexpr std::size_t kViewMembersMax = 64;

/// A voter of a view and how to reach it.
struct Member {
  MemberId id;
  /// Unique in a view, but for a dead voter and the member that takes its place.
  std::string name;
  /// `host:port` of its peer port.
  std::string peer_address;
  /// Opaque to gms; kvd keeps its client address here.
  std::string info;

  friend bool operator==(const Member&, const Member&) = default;
};

/// Somebody works on a voter: it is not evicted while the group's clock is below `until`, though it
/// is marked down as ever [C7].
struct Maintenance {
  MemberId member;
  GroupClock until;

  friend bool operator==(const Maintenance&, const Maintenance&) = default;
};

/// The group as agreed: an entry of the stream. All members deliver the same messages between the
/// same two views.
struct View {
  ViewSeq seq;
  /// The voters, sorted by id. Quorums are counted over these and nothing else [C5].
  std::vector<Member> members;
  /// The voters that the group believes alive, sorted; quorum-neutral [C7].
  std::vector<MemberId> up;
  /// Voters that are worked on, sorted by id. What is over stands here until the next view.
  std::vector<Maintenance> maintenance;
  std::uint8_t floor = 3;
  std::uint8_t voters_max = 9;
  ViewCause cause = ViewCause::bootstrap;
  /// The member that the cause is about.
  MemberId subject;

  [[nodiscard]] bool has_voter(const MemberId& id) const { return find(id) != nullptr; }
  [[nodiscard]] bool is_up(const MemberId& id) const;
  /// Until when the member is worked on; zero if it is not.
  [[nodiscard]] GroupClock maintenance_until(const MemberId& id) const;
  [[nodiscard]] bool in_maintenance(const MemberId& id, GroupClock clock) const {
    return maintenance_until(id) > clock;
  }
  /// The voter of that id, or null. Valid while the view is not changed.
  [[nodiscard]] const Member* find(const MemberId& id) const;
  /// The voter of that name, or null. Of a dead one and its successor, the one that is up.
  [[nodiscard]] const Member* find_name(std::string_view name) const;

  friend bool operator==(const View&, const View&) = default;
};

/// The payload of a `view` entry.
[[nodiscard]] Bytes encode(const View& view);
/// Checks bounds, order and that `up` and `maintenance` are among the voters. Error: corrupt.
[[nodiscard]] Result<View> decode_view(ByteSpan bytes);

/// A view and the position of its entry.
struct PlacedView {
  View view;
  Position position;

  friend bool operator==(const PlacedView&, const PlacedView&) = default;
};

/// How many voters two views do not share [I14].
[[nodiscard]] std::size_t voters_changed(const View& a, const View& b);

}  // namespace gms::model
