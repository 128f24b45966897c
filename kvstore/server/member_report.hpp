#pragma once

#include "gms/group.hpp"
#include "kvstore/server/client_port.hpp"
#include "kvstore/server/event_journal.hpp"
#include "kvstore/server/recent_maximum.hpp"
#include "kvstore/server/request_service.hpp"
#include "kvstore/server/view_history.hpp"

namespace kvstore::server {

/// What a server measures of itself.
struct LoopStatistics {
  /// The latest and the longest time for which the group's thread did not come round.
  std::chrono::microseconds stall_last{};
  RecentMaximum stall_max;
  /// Batches applied, and how long that took.
  std::uint64_t applies = 0;
  std::chrono::microseconds apply_total{};
  RecentMaximum apply_max;
  /// When the last batch was applied.
  gms::model::Instant applied_at{};
  std::uint64_t view_changes = 0;
};

/// Why a member refuses writes, in a code and for people.
struct RefusedWrites {
  api::WriteRefusal code = api::WriteRefusal::none;
  std::string why;

  friend bool operator==(const RefusedWrites&, const RefusedWrites&) = default;
};

/// What the disk and the trouble of the store, if there is any, say of writes.
[[nodiscard]] RefusedWrites refused_writes(const gms::core::Status& status,
                                           const std::optional<gms::model::Error>& trouble);
/// How clients are told of a role.
[[nodiscard]] api::MemberRole role_of(gms::core::RoleName role);
/// What the link to the member of that name does.
[[nodiscard]] std::vector<api::Counter> link_counters(const gms::net::LinkStatus& link,
                                                      const std::string& name);

/// Tells operators and clients about this member. Thread rule: the group's thread. Ownership:
/// borrows what it tells about.
class MemberReport final : public Inspection {
 public:
  struct Sources {
    const gms::Group& group;
    const replica::Replica& replica;
    const storage::Store& store;
    const ClientPort& port;
    const WriteDesk& writes;
    const EventJournal& journal;
    const ViewHistory& history;
    const gms::core::Config& config;
    const LoopStatistics& loop;
  };

  explicit MemberReport(const Sources& sources) : sources_(sources) {}

  [[nodiscard]] api::StatusReply status() const override;
  [[nodiscard]] api::MembersReply members() const override;
  [[nodiscard]] api::EventsReply events(const api::EventsQuery& query) const override;
  [[nodiscard]] api::ViewsReply views() const override;
  [[nodiscard]] MemberContact contact(gms::model::MemberId member) const override;

  /// Who leads and whether writes are taken.
  [[nodiscard]] Standing standing() const;

 private:
  [[nodiscard]] std::string name_of(gms::model::MemberId member) const;
  [[nodiscard]] std::vector<api::Counter> counters(const gms::core::Status& status) const;
  [[nodiscard]] std::string missing() const;
  [[nodiscard]] gms::model::GroupClock clock() const;

  Sources sources_;
};

}  // namespace kvstore::server
