#include "kvstore/server/member_report.hpp"

#include <algorithm>

#include "kvstore/server/clock.hpp"

namespace kvstore::server {

using gms::core::PeerStatus;
using gms::core::RoleName;
using gms::core::Status;
using gms::model::Member;
using gms::model::MemberId;

namespace {

std::uint64_t count_of(std::chrono::microseconds time) {
  return static_cast<std::uint64_t>(time.count());
}

std::uint64_t microseconds(std::chrono::nanoseconds time) {
  return count_of(std::chrono::duration_cast<std::chrono::microseconds>(time));
}

void add_group_counters(const gms::Group& group, const Status& status,
                        std::vector<api::Counter>& out) {
  const gms::StorageStatistics log = group.storage_statistics();
  const gms::net::DriverStatistics driver = group.driver_statistics();
  const gms::net::LinkStatistics links = group.link_statistics();
  const std::uint64_t sync_total = microseconds(log.sync_time_total);
  const std::initializer_list<api::Counter> counters = {
      {"log.syncs", log.syncs},
      {"log.sync_mean_us", log.syncs == 0 ? 0 : sync_total / log.syncs},
      {"log.sync_max_us", microseconds(log.sync_time_max)},
      {"log.queue_depth", log.queue_depth},
      {"log.bytes_written", log.bytes_written},
      {"log.base", status.base.value()},
      {"log.segments", log.segments},
      {"log.segment_bytes", log.segment_bytes},
      {"log.durable_mean_us", count_of(driver.sync_mean)},
      {"log.durable_max_us", count_of(driver.sync_max)},
      {"gms.boot", group.boot().value()},
      {"gms.campaigns", status.campaigns},
      {"gms.stable", status.stable.value()},
      {"gms.uncommitted_bytes", status.uncommitted_bytes},
      {"gms.reads_pending", status.reads_pending},
      {"gms.persists_pending", status.persists_pending},
      {"gms.drafts_waiting", driver.drafts_waiting},
      {"gms.draft_bytes_waiting", driver.draft_bytes_waiting},
      {"gms.messages_gated", driver.messages_gated},
      {"gms.steps", driver.steps},
      {"gms.turns", driver.turns},
      {"gms.deliveries", driver.deliveries},
      {"gms.delivered_entries", driver.delivered_entries},
      {"links.messages_sent", links.messages_sent},
      {"links.messages_received", links.messages_received},
      {"links.bytes_sent", links.bytes_sent},
      {"links.bytes_received", links.bytes_received},
      {"links.writes", links.writes},
      {"links.reads", links.reads},
      {"links.messages_dropped", links.messages_dropped},
      {"links.connections_refused", links.connections_refused},
  };
  out.insert(out.end(), counters.begin(), counters.end());
}

void add_snapshot_counters(const gms::net::TransferStatistics& transfer,
                           std::vector<api::Counter>& out) {
  const std::initializer_list<api::Counter> counters = {
      {"snapshots.taken", transfer.snapshots_taken},
      {"snapshots.restored", transfer.snapshots_restored},
      {"snapshots.failed", transfer.fetches_failed},
      {"snapshots.bytes_sent", transfer.bytes_sent},
      {"snapshots.bytes_received", transfer.bytes_received},
      {"snapshots.serving", transfer.serving},
      {"snapshots.fetching", transfer.fetching ? 1U : 0U},
  };
  out.insert(out.end(), counters.begin(), counters.end());
}

void add_port_counters(const ClientPort& port, std::vector<api::Counter>& out) {
  const PortStatistics& statistics = port.statistics();
  const std::initializer_list<api::Counter> counters = {
      {"clients.connected", port.connections()},
      {"clients.under_way", port.requests()},
      {"clients.request_bytes", port.request_bytes()},
      {"clients.reply_bytes", port.reply_bytes()},
      {"clients.accepted", statistics.accepted},
      {"clients.refused", statistics.refused},
      {"clients.dropped", statistics.dropped},
      {"clients.requests", statistics.requests},
      {"clients.replies", statistics.replies},
      {"clients.shed", statistics.shed},
      {"clients.busy", statistics.busy},
  };
  out.insert(out.end(), counters.begin(), counters.end());
}

void add_loop_counters(const LoopStatistics& loop, std::vector<api::Counter>& out) {
  const gms::model::Instant now = monotonic_now();
  const std::uint64_t total = count_of(loop.apply_total);
  const std::initializer_list<api::Counter> counters = {
      {"loop.stall_last_us", count_of(loop.stall_last)},
      {"loop.stall_max_us", count_of(loop.stall_max.at(now))},
      {"loop.view_changes", loop.view_changes},
      {"store.applies", loop.applies},
      {"store.apply_mean_us", loop.applies == 0 ? 0 : total / loop.applies},
      {"store.apply_max_us", count_of(loop.apply_max.at(now))},
  };
  out.insert(out.end(), counters.begin(), counters.end());
}

}  // namespace

RefusedWrites refused_writes(const Status& status,
                             const std::optional<gms::model::Error>& trouble) {
  if (status.disk_full)
    return {api::WriteRefusal::disk_full, "disk full: the log has no room to grow"};
  if (trouble)
    return {api::WriteRefusal::store_trouble, "the store cannot write: " + trouble->detail};
  if (status.disk_low)
    return {api::WriteRefusal::disk_low,
            "disk full for all but deletes: there is little room left"};
  return {};
}

api::MemberRole role_of(RoleName role) {
  switch (role) {
    case RoleName::joiner: break;
    case RoleName::learner: return api::MemberRole::learner;
    case RoleName::follower: return api::MemberRole::follower;
    case RoleName::precandidate: return api::MemberRole::precandidate;
    case RoleName::candidate: return api::MemberRole::candidate;
    case RoleName::leader: return api::MemberRole::leader;
  }
  return api::MemberRole::joiner;
}

std::vector<api::Counter> link_counters(const gms::net::LinkStatus& link, const std::string& name) {
  const std::string prefix = "link." + name;
  const std::uint64_t reconnects = link.connects == 0 ? 0 : link.connects - 1;
  return {{prefix + ".queued_bytes", link.queued_bytes}, {prefix + ".reconnects", reconnects}};
}

api::StatusReply MemberReport::status() const {
  const Status status = sources_.group.status();
  api::StatusReply out;
  out.group = sources_.group.identity().group;
  out.member = status.self;
  out.name = sources_.group.self().name;
  out.role_code = role_of(status.role);
  out.role = to_string(out.role_code);
  out.epoch = status.epoch;
  out.leader = name_of(status.leader);
  out.last = status.last;
  out.commit = status.commit;
  out.applied = sources_.replica.applied();
  out.digest = sources_.replica.digest();
  out.view = sources_.group.view();
  out.clock = clock();
  out.heard_within = sources_.config.election_min;
  out.maintenance_max = sources_.config.maintenance_max;
  out.diverged = status.diverged;
  RefusedWrites refused = refused_writes(status, sources_.store.trouble());
  out.write_refusal = refused.code;
  out.refusing_writes = std::move(refused.why);
  for (const PeerStatus& peer : status.peers)
    out.peers.push_back({peer.id, name_of(peer.id), peer.match, peer.applied, peer.silence,
                         peer.diverged, peer.disputed, peer.takes_entries, peer.keeps_state,
                         peer.snapshot_bytes});
  out.counters = counters(status);
  return out;
}

std::vector<api::Counter> MemberReport::counters(const Status& status) const {
  std::vector<api::Counter> out;
  add_group_counters(sources_.group, status, out);
  add_snapshot_counters(sources_.group.driver_statistics().transfer, out);
  add_port_counters(sources_.port, out);
  add_loop_counters(sources_.loop, out);
  out.push_back({"clients.writes_waiting", sources_.writes.waiting()});
  out.push_back({"clients.writes_answered", sources_.writes.answered()});
  out.push_back({"store.durable", sources_.store.durable().value()});
  out.push_back({"store.behind", sources_.store.is_behind() ? 1U : 0U});
  out.push_back({"store.sessions", sources_.replica.session_count()});
  for (const gms::net::LinkStatus& link : sources_.group.link_statistics().links)
    for (api::Counter& counter : link_counters(link, name_of(link.member)))
      out.push_back(std::move(counter));
  return out;
}

api::MembersReply MemberReport::members() const {
  return {sources_.group.view(), name_of(sources_.group.status().leader)};
}

api::EventsReply MemberReport::events(const api::EventsQuery& query) const {
  return sources_.journal.after(query.after);
}

api::ViewsReply MemberReport::views() const {
  return sources_.history.views();
}

/// The clock of the newest command, and the time since it was applied.
gms::model::GroupClock MemberReport::clock() const {
  if (sources_.loop.applied_at == gms::model::Instant()) return sources_.replica.clock();
  const auto elapsed = monotonic_now() - sources_.loop.applied_at;
  return sources_.replica.clock() + static_cast<std::uint64_t>(elapsed.count());
}

MemberContact MemberReport::contact(MemberId member) const {
  const Member* found = sources_.group.view().view.find(member);
  if (found == nullptr) return {};
  return {found->name, found->info};
}

std::string MemberReport::name_of(MemberId member) const {
  if (member == sources_.group.self().id) return sources_.group.self().name;
  const MemberContact found = contact(member);
  return found.name.empty() && !member.is_none() ? to_string(member) : found.name;
}

Standing MemberReport::standing() const {
  const Status status = sources_.group.status();
  Standing out;
  RefusedWrites refused = refused_writes(status, sources_.store.trouble());
  const bool takes_deletes = refused.code == api::WriteRefusal::disk_low;
  (takes_deletes ? out.refusing_growth : out.refusing_writes) = std::move(refused.why);
  if (status.role == RoleName::leader) {
    out.place = LeaderPlace::here;
    return out;
  }
  // A leader that is in no view known here yet cannot be named to anybody.
  out.leader = contact(status.leader);
  if (out.leader.name.empty()) {
    out.missing = missing();
  } else {
    out.place = LeaderPlace::elsewhere;
  }
  return out;
}

std::string MemberReport::missing() const {
  const gms::model::View& view = sources_.group.view().view;
  if (view.members.empty()) return ": this member has not joined its group yet";
  if (!view.has_voter(sources_.group.self().id))
    return ": this member is not in its group any more";
  const gms::net::LinkStatistics links = sources_.group.link_statistics();
  std::string unreachable;
  std::size_t reachable = 0;
  for (const Member& member : view.members) {
    const auto link = std::ranges::find(links.links, member.id, &gms::net::LinkStatus::member);
    const bool is_reachable =
        member.id == sources_.group.self().id || (link != links.links.end() && link->outbound_open);
    if (is_reachable) ++reachable;
    if (!is_reachable) unreachable += (unreachable.empty() ? "" : ", ") + member.name;
  }
  const std::string counts =
      std::to_string(reachable) + " of " + std::to_string(view.members.size());
  if (unreachable.empty())
    return ": all " + counts + " members reachable, an election is under way";
  return ": " + counts + " members reachable (not reached: " + unreachable + ")";
}

}  // namespace kvstore::server
