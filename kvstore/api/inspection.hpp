#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gms/model/view.hpp"
#include "kvstore/api/command.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::api {

// What operators ask one member about itself and the group. These are rare, so they own what they
// hold. Decoders: error corrupt; no list is longer than kInspectionItemsMax.

inline constexpr std::size_t kInspectionItemsMax = 4096;

/// A figure of a member, such as `log.sync_max_us`. Names are dotted and lower case.
struct Counter {
  std::string name;
  std::uint64_t value = 0;

  friend bool operator==(const Counter&, const Counter&) = default;
};

/// What a leader knows of another member.
struct PeerReport {
  gms::model::MemberId id;
  std::string name;
  /// Durable there.
  gms::model::Index match;
  gms::model::Index applied;
  gms::model::Duration silence{};
  /// It is out of use.
  bool diverged = false;
  /// It differs from the leader's, and no quorum agrees on either.
  bool disputed = false;
  /// It could acknowledge a new entry. Where not, it is not counted on for a view without another.
  bool takes_entries = true;
  /// Its state is in use and lacks nothing.
  bool keeps_state = true;
  /// Of the snapshot that it fetches, if it does: bytes that are there.
  std::optional<std::uint64_t> snapshot_bytes;

  friend bool operator==(const PeerReport&, const PeerReport&) = default;
};

/// What a member is in its group, as the protocol names it.
enum class MemberRole : std::uint8_t {
  joiner = 1,
  learner,
  follower,
  precandidate,
  candidate,
  leader,
};
[[nodiscard]] std::string_view to_string(MemberRole role);

/// Why a member refuses writes, of several reasons the one that refuses most.
enum class WriteRefusal : std::uint8_t {
  none = 1,
  /// Its log has no room to grow.
  disk_full,
  /// Little room is left: it takes deletes alone.
  disk_low,
  /// Its store cannot write.
  store_trouble,
};

/// How a member is doing. Answers a request with an empty body.
struct StatusReply {
  gms::model::GroupId group;
  gms::model::MemberId member;
  std::string name;
  MemberRole role_code = MemberRole::joiner;
  /// The same for people: leader, follower, joiner and so on.
  std::string role;
  gms::model::Epoch epoch;
  /// Name of the leader; empty while none is known.
  std::string leader;
  gms::model::Index last;
  gms::model::Index commit;
  gms::model::Index applied;
  /// The rolling digest at `applied`.
  Digest digest;
  /// The view in force at this member.
  gms::model::PlacedView view;
  /// The group's clock as this member guesses it: never ahead of a leader that it hears.
  gms::model::GroupClock clock;
  /// Who was silent for this long does not count as heard when a view change is weighed.
  gms::model::Duration heard_within{};
  /// The longest maintenance that one request can ask for.
  gms::model::Duration maintenance_max{};
  WriteRefusal write_refusal = WriteRefusal::none;
  /// The same for people; empty when they are not refused.
  std::string refusing_writes;
  /// The replica differs from what a quorum has, and is out of use until it is replaced.
  bool diverged = false;
  /// At a leader: every other voter and learner.
  std::vector<PeerReport> peers;
  std::vector<Counter> counters;

  friend bool operator==(const StatusReply&, const StatusReply&) = default;
};

/// The members that a client can talk to, in a few bytes. Answers a request with an empty body.
struct MembersReply {
  gms::model::PlacedView view;
  /// Name of the leader; empty while none is known.
  std::string leader;

  friend bool operator==(const MembersReply&, const MembersReply&) = default;
};

/// Asks for the digest that a replica took at a TakeDigest's index.
struct DigestQuery {
  gms::model::Index index;

  friend bool operator==(const DigestQuery&, const DigestQuery&) = default;
};

enum class DigestState : std::uint8_t {
  ready = 1,
  /// Ask again.
  computing = 2,
  /// The replica has not come to the index. Ask again.
  unknown = 3,
  /// The replica is past the index and will never have its digest: it has restarted since, took too
  /// many after it, met damage, or got another's state of a later index.
  missing = 4,
};

struct DigestReply {
  DigestState state = DigestState::unknown;
  DigestDepth depth = DigestDepth::rolling;
  /// What was done up to the index. Zero when unknown.
  Digest rolling;
  /// What was held at the index. Zero until it is ready, and when it was not asked for.
  Digest deep;
  /// Rows that the deep digest has read so far.
  std::uint64_t rows = 0;

  friend bool operator==(const DigestReply&, const DigestReply&) = default;
};

/// Asks for the events after `after`, oldest first.
struct EventsQuery {
  EventSeq after;

  friend bool operator==(const EventsQuery&, const EventsQuery&) = default;
};

/// Something that happened to a member or its group, for people.
struct EventReport {
  EventSeq seq;
  /// Milliseconds of wall clock since 1970.
  std::uint64_t at_ms = 0;
  std::string kind;
  std::string text;

  friend bool operator==(const EventReport&, const EventReport&) = default;
};

struct EventsReply {
  std::vector<EventReport> events;

  friend bool operator==(const EventsReply&, const EventsReply&) = default;
};

/// Why a view was made, where its cause alone does not tell. `unknown`: the member that was asked
/// did not lead then. A voter that is marked down was silent or has crashed; for the others see
/// gms::core::EvictionReason.
enum class ViewReason : std::uint8_t {
  unknown = 1,
  silent,
  crashed,
  regressed,
  replaced,
  asked,
};
[[nodiscard]] std::string_view to_string(ViewReason reason);

/// A view that was in force.
struct ViewReport {
  gms::model::PlacedView view;
  /// The name of the view's subject, which may not be in it any more.
  std::string subject;
  ViewReason reason = ViewReason::unknown;
  /// Milliseconds of wall clock since 1970; zero for a view that was in force before the member
  /// started.
  std::uint64_t at_ms = 0;

  friend bool operator==(const ViewReport&, const ViewReport&) = default;
};

/// The newest views that a member remembers, oldest first. Answers a request with an empty body.
struct ViewsReply {
  std::vector<ViewReport> views;

  friend bool operator==(const ViewsReply&, const ViewsReply&) = default;
};

enum class AdminAction : std::uint8_t { leave = 1, transfer = 2, evict = 3, maintenance = 4 };

/// Makes the named member leave the group, lead it, be evicted, or be in maintenance for `ttl`,
/// which ends it when it is zero. Answered with an empty body when it is done.
struct AdminQuery {
  AdminAction action = AdminAction::leave;
  std::string name;
  gms::model::Duration ttl{};

  friend bool operator==(const AdminQuery&, const AdminQuery&) = default;
};

void encode(const StatusReply& reply, gms::model::ByteWriter& out);
void encode(const MembersReply& reply, gms::model::ByteWriter& out);
void encode(const DigestQuery& query, gms::model::ByteWriter& out);
void encode(const DigestReply& reply, gms::model::ByteWriter& out);
void encode(const EventsQuery& query, gms::model::ByteWriter& out);
void encode(const EventsReply& reply, gms::model::ByteWriter& out);
void encode(const ViewsReply& reply, gms::model::ByteWriter& out);
void encode(const AdminQuery& query, gms::model::ByteWriter& out);

[[nodiscard]] gms::model::Result<StatusReply> decode_status_reply(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<MembersReply> decode_members_reply(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<DigestQuery> decode_digest_query(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<DigestReply> decode_digest_reply(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<EventsQuery> decode_events_query(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<EventsReply> decode_events_reply(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<ViewsReply> decode_views_reply(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<AdminQuery> decode_admin_query(gms::model::ByteSpan bytes);

}  // namespace kvstore::api
