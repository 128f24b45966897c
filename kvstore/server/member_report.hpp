#pragma once

#include "gms/group.hpp"
#include "kvstore/server/client_port.hpp"
#include "kvstore/server/event_journal.hpp"
#include "kvstore/server/request_service.hpp"
#include "kvstore/server/view_history.hpp"

namespace kvstore::server {

/// What a server measures of itself.
struct LoopStatistics {
  /// The latest and the longest time for which the group's thread did not come round.
  std::chrono::microseconds stall_last{};
  std::chrono::microseconds stall_max{};
  /// Batches applied, and how long that took.
  std::uint64_t applies = 0;
  std::chrono::microseconds apply_total{};
  std::chrono::microseconds apply_max{};
  /// When the last batch was applied.
  gms::model::Instant applied_at{};
  std::uint64_t view_changes = 0;
};

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
  [[nodiscard]] std::string refusing_writes(const gms::core::Status& status) const;
  [[nodiscard]] static std::string refusing_growth(const gms::core::Status& status);
  [[nodiscard]] std::string missing() const;
  [[nodiscard]] gms::model::GroupClock clock() const;

  Sources sources_;
};

}  // namespace kvstore::server
