#include "gms/core/trace.hpp"

#include <array>

#include "gms/core/status.hpp"

namespace gms::core {
namespace {

using model::to_string;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

std::string view_line(const model::PlacedView& placed) {
  const model::View& view = placed.view;
  std::string line = "view=" + number(view.seq.value()) + " at=" + to_string(placed.position) +
                     " cause=" + std::string(to_string(view.cause)) + " voters=";
  for (const model::Member& member : view.members) {
    if (&member != &view.members.front()) line += ',';
    line += member.name;
    if (!view.is_up(member.id)) line += "(down)";
    if (view.maintenance_until(member.id) != model::GroupClock()) line += "(maintenance)";
  }
  return line;
}

struct Describe {
  std::string operator()(const RoleChanged& e) const {
    return "epoch=" + number(e.epoch.value()) + " from=" + std::string(core::to_string(e.from)) +
           " to=" + std::string(core::to_string(e.to)) +
           " reason=" + std::string(core::to_string(e.reason));
  }
  std::string operator()(const LeaderChanged& e) const {
    return "epoch=" + number(e.epoch.value()) +
           " leader=" + (e.leader.is_none() ? "none" : to_string(e.leader));
  }
  std::string operator()(const VoteGranted& e) const {
    return "epoch=" + number(e.epoch.value()) + " candidate=" + to_string(e.candidate);
  }
  std::string operator()(const EntriesAppended& e) const {
    return "epoch=" + number(e.epoch.value()) + " first=" + number(e.first.value()) +
           " last=" + number(e.last.value());
  }
  std::string operator()(const LogTruncated& e) const {
    return "from=" + number(e.from.value()) + " last=" + number(e.last.value());
  }
  std::string operator()(const CommitAdvanced& e) const {
    return "epoch=" + number(e.epoch.value()) + " commit=" + number(e.commit.value());
  }
  std::string operator()(const ViewProposed& e) const { return view_line(e.view); }
  std::string operator()(const ViewCommitted& e) const { return view_line(e.view); }
  std::string operator()(const MemberSuspected& e) const {
    return "member=" + to_string(e.member) + " silence_ms=" + std::to_string(e.silence.count()) +
           (e.process_dead ? " reason=connection_refused" : " reason=silence");
  }
  std::string operator()(const MemberEvicted& e) const {
    return "member=" + to_string(e.member) + " reason=" + std::string(core::to_string(e.reason)) +
           " silence_ms=" + std::to_string(e.silence.count());
  }
  std::string operator()(const JoinerProgress& e) const {
    return "member=" + to_string(e.member) + " step=" + e.step;
  }
  std::string operator()(const TransferStarted& e) const { return "target=" + to_string(e.target); }
  std::string operator()(const TransferAborted& e) const { return "target=" + to_string(e.target); }
  std::string operator()(const MemberExcluded& e) const { return view_line(e.view); }
  std::string operator()(const MemberRegressed& e) const {
    return "member=" + to_string(e.member) + " acknowledged=" + number(e.acknowledged.value()) +
           " found=" + number(e.found.value());
  }
  std::string operator()(const StallNoticed& e) const {
    return "gap_ms=" + std::to_string(e.gap.count());
  }
  std::string operator()(const MulticastDropped& e) const {
    return "index=" + number(e.index.value()) + " sender=" + to_string(e.sender);
  }
  std::string operator()(const LogTrimmed& e) const {
    return "first=" + number(e.first.value()) + " last=" + number(e.last.value());
  }
  std::string operator()(const SnapshotMade& e) const {
    return snapshot(e.id) + " index=" + number(e.index.value()) + " bytes=" + number(e.bytes);
  }
  std::string operator()(const SnapshotOffered& e) const {
    return "member=" + to_string(e.member) + " " + snapshot(e.id) +
           " index=" + number(e.index.value());
  }
  std::string operator()(const SnapshotFetched& e) const {
    return snapshot(e.id) + " source=" + to_string(e.source) + " index=" + number(e.index.value());
  }
  std::string operator()(const SnapshotDropped& e) const {
    return snapshot(e.id) + " reason=" + e.why;
  }
  std::string operator()(const SnapshotInstalled& e) const {
    return snapshot(e.id) + " position=" + to_string(e.position) +
           (e.keeps_tail ? " tail=kept" : " tail=none");
  }
  std::string operator()(const MemberDiverged& e) const {
    return "member=" + to_string(e.member) + " index=" + number(e.index.value());
  }
  std::string operator()(const StateDisputed& e) const {
    return "member=" + to_string(e.member) + " index=" + number(e.index.value());
  }
  std::string operator()(const StateMended& e) const { return "position=" + to_string(e.position); }
  std::string operator()(const StateDamaged& e) const { return "index=" + number(e.index.value()); }

 private:
  static std::string snapshot(model::SnapshotId id) { return "snapshot=" + number(id.value()); }
};

}  // namespace

std::string_view to_string(RoleName role) {
  static constexpr std::array<std::string_view, 6> kNames{"joiner",       "learner",   "follower",
                                                          "precandidate", "candidate", "leader"};
  return kNames[static_cast<std::size_t>(role)];
}

std::string_view to_string(RoleReason reason) {
  static constexpr std::array<std::string_view, 16> kNames{
      "started",         "timed_out",    "leader_crashed",     "prevote_won",
      "prevote_refused", "vote_refused", "asked_to_take_over", "election_won",
      "higher_epoch",    "leader_heard", "quorum_lost",        "disk_stalled",
      "view_changed",    "excluded",     "joiner_ahead",       "snapshot_installed"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view to_string(EvictionReason reason) {
  static constexpr std::array<std::string_view, 4> kNames{"silent", "regressed", "replaced",
                                                          "asked"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view to_string(ProgressState state) {
  static constexpr std::array<std::string_view, 4> kNames{"probe", "reading", "replicate",
                                                          "snapshot"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(const TraceEvent& event) {
  static constexpr std::array<std::string_view, std::variant_size_v<TraceEvent>> kNames{
      "role_changed",     "leader_changed",   "vote_granted",       "entries_appended",
      "log_truncated",    "commit_advanced",  "view_proposed",      "view_committed",
      "member_suspected", "joiner_progress",  "transfer_started",   "transfer_aborted",
      "member_excluded",  "member_regressed", "stall_noticed",      "multicast_dropped",
      "member_evicted",   "log_trimmed",      "snapshot_made",      "snapshot_offered",
      "snapshot_fetched", "snapshot_dropped", "snapshot_installed", "member_diverged",
      "state_disputed",   "state_mended",     "state_damaged"};
  return kNames[event.index()];
}

std::string describe(const TraceEvent& event) {
  return std::visit(Describe{}, event);
}

}  // namespace gms::core
