#include "tests/simulation/run.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <set>

#include "tests/linearizability/checker.hpp"
#include "tests/linearizability/witness.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/workload.hpp"

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

/// No healthy run has as many: an endless exchange of messages without time going on.
constexpr std::uint64_t kEventsMax = 20'000'000;
constexpr VirtualTime kDisksSettle = 4s;
/// A replay reads, delivers and applies piece by piece: what one of them takes at most, and how
/// many bytes of limit an entry takes of it, about.
constexpr VirtualTime kReplayOfAPiece = 5ms;
constexpr std::size_t kEntryBytes = 500;

/// One run and its phases.
class Run {
 public:
  Run(const Options& options, const RunSettings& settings)
      : settings_(settings),
        cluster_(options, statistics_),
        workload_(cluster_),
        faults_(cluster_),
        random_(options.seed, Concern::process) {
    cluster_.listen(workload_);
    if (settings.print_events) cluster_.print_events();
  }

  RunResult play() {
    safety();
    if (!violation()) liveness();
    if (!violation()) power_cycle();
    if (!violation()) judge_history();
    statistics_.simulated = cluster_.now();
    statistics_.seeds = 1;
    return {violation(), cluster_.now(), cluster_.trace_hash(), statistics_};
  }

 private:
  [[nodiscard]] const std::optional<Violation>& violation() { return cluster_.world().violation(); }
  void violate(const char* invariant, std::string detail) {
    cluster_.world().violate(invariant, std::move(detail));
  }

  /// Lets events happen until `until`, or until `done` says so. Whether `done` did.
  template <class Done>
  bool go_on(VirtualTime until, Done done) {
    while (!violation() && !cluster_.events().empty() && cluster_.events().next_at() <= until) {
      const auto event = cluster_.next();
      if (event && !workload_.carry_out(*event)) faults_.carry_out(*event);
      faults_.watch();
      if (statistics_.events > kEventsMax) violate("LV1", "events without end");
      if (done()) return true;
    }
    return false;
  }
  void go_on(VirtualTime until) {
    (void)go_on(until, [] { return false; });
  }

  void safety() {
    go_on(settings_.length / 20);
    cluster_.behave(Behaviour::faulty);
    faults_.start();
    go_on(settings_.length * 6 / 10);
    faults_.stop();
  }

  static void add_voter(View& view, const MemberId& id) {
    const auto later = std::find_if(view.members.begin(), view.members.end(),
                                    [&](const Member& member) { return id < member.id; });
    view.members.insert(later, {id, {}, {}, {}});
  }

  static View without(View view, const MemberId& id) {
    std::erase_if(view.members, [&](const Member& member) { return member.id == id; });
    return view;
  }

  /// The views after `view` in which some of those that are marked down are evicted.
  void foresee_evictions(const View& view) {
    std::vector<MemberId> down;
    for (const Member& member : view.members)
      if (!view.is_up(member.id)) down.push_back(member.id);
    for (std::size_t some = 1; some < std::size_t{1} << down.size(); ++some) {
      View smaller = view;
      for (std::size_t i = 0; i < down.size(); ++i)
        if ((some >> i & 1) != 0) smaller = without(std::move(smaller), down[i]);
      if (smaller.members.size() >= view.floor) foreseen_.push_back(std::move(smaller));
    }
  }

  /// The views that leaders may append in a moment: with members that they are admitting, without
  /// those that are down, and without those that were asked to leave or to be evicted. A leader
  /// believes for an election timeout in whoever was just cut off, and may need it for the very
  /// view that it appends.
  void foresee_views() {
    foreseen_.clear();
    for (Machine machine = 0; machine < cluster_.size(); ++machine) {
      const Process* const process = cluster_.process(machine);
      if (process == nullptr) continue;
      const core::Status status = process->engine().status();
      View all = status.view_in_log.view;
      foresee_evictions(all);
      for (const core::PeerStatus& peer : status.peers) {
        if (peer.voter) continue;
        View more = status.view_in_log.view;
        add_voter(more, peer.id);
        foresee_evictions(foreseen_.emplace_back(std::move(more)));
        add_voter(all, peer.id);
        foresee_evictions(foreseen_.emplace_back(all));
      }
      for (const auto* const asked : {&faults_.asked_to_leave(), &faults_.asked_to_evict()})
        for (const MemberId& id : *asked)
          if (all.has_voter(id)) foreseen_.push_back(without(status.view_in_log.view, id));
    }
  }

  /// The views that an election may have to be won in: the latest that is committed, those after it
  /// in any log, which may yet be, and those that come next.
  std::vector<const View*> live_views() {
    std::vector<const View*> out;
    foresee_views();
    for (const View& view : foreseen_) out.push_back(&view);
    const PlacedView* const committed = cluster_.world().committed_view();
    if (committed != nullptr) out.push_back(&committed->view);
    for (const ShadowMember& member : cluster_.world().members())
      for (const ShadowLog* const log : {&member.memory, &member.disk})
        for (const PlacedView& view : log->views())
          if (committed == nullptr || view.position.index > committed->position.index)
            out.push_back(&view.view);
    return out;
  }

  static bool has_quorum(const View& view, const std::vector<MemberId>& members) {
    const auto present = std::count_if(members.begin(), members.end(),
                                       [&](const MemberId& id) { return view.has_voter(id); });
    return static_cast<std::size_t>(present) >= view.members.size() / 2 + 1;
  }

  /// Whether the member has a machine still: that of one whose directory was lost is another's.
  bool is_there(const ShadowMember& member) {
    return cluster_.machine(member.machine).settings.self.id == member.id;
  }

  /// A quorum of every live view, and perhaps more, also of those that were evicted and come back.
  std::vector<Machine> draw_core() {
    const std::vector<const View*> views = live_views();
    std::vector<const ShadowMember*> order;
    for (const ShadowMember& member : cluster_.world().members()) order.push_back(&member);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random_.below(i)]);
    const bool exact = random_.chance(400'000);
    std::vector<MemberId> members;
    std::vector<Machine> out;
    for (const ShadowMember* const member : order) {
      const bool enough = std::all_of(views.begin(), views.end(),
                                      [&](const View* view) { return has_quorum(*view, members); });
      const bool voter = std::any_of(views.begin(), views.end(),
                                     [&](const View* view) { return view->has_voter(member->id); });
      // One that has diverged may need all others to be found, and mended.
      if (cluster_.machine(member->machine).application->flipped()) {
        if (is_there(*member)) out.push_back(member->machine);
        continue;
      }
      const bool spare = enough || !voter;
      if (!is_there(*member) || (!voter && !cluster_.world().is_evicted(member->id))) continue;
      if (spare && (exact || random_.chance(500'000))) continue;
      members.push_back(member->id);
      out.push_back(member->machine);
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  /// Whether the rest of the core has a quorum of every live view.
  bool can_do_without(const std::vector<Machine>& core, Machine machine) {
    std::vector<MemberId> rest;
    for (const Machine other : core)
      if (other != machine) rest.push_back(cluster_.machine(other).settings.self.id);
    const std::vector<const View*> views = live_views();
    return std::all_of(views.begin(), views.end(),
                       [&](const View* view) { return has_quorum(*view, rest); });
  }

  /// To be found and mended it may need the word of all others.
  bool has_diverged(const std::vector<Machine>& core) {
    return std::any_of(core.begin(), core.end(), [&](Machine machine) {
      return cluster_.machine(machine).application->flipped();
    });
  }

  /// Sometimes the disk of one that the rest of the core can do without has no room any more, most
  /// often the leader's. It hears and is heard, and nothing is asked of it: it is not of the core
  /// that is returned.
  std::vector<Machine> fill_one_of(std::vector<Machine> core) {
    if (!random_.chance(300'000)) return core;
    Machine victim = core[random_.below(core.size())];
    if (const auto leader = cluster_.leader(); leader && random_.chance(700'000)) victim = *leader;
    const auto place = std::find(core.begin(), core.end(), victim);
    if (place == core.end() || cluster_.process(victim) == nullptr || has_diverged(core) ||
        !can_do_without(core, victim))
      return core;
    faults_.fill_for_good(victim);
    full_ = victim;
    core.erase(place);
    return core;
  }

  [[nodiscard]] VirtualTime patience() const {
    return 20 * VirtualTime(cluster_.options().config.election_min) + kDisksSettle;
  }

  struct Reign {
    Machine leader = 0;
    Epoch epoch;

    friend bool operator==(const Reign&, const Reign&) = default;
  };
  std::optional<Reign> reign() {
    const auto leader = cluster_.leader();
    if (!leader) return std::nullopt;
    return Reign{*leader, cluster_.machine(*leader).shadow->led};
  }

  /// A leader inside the core that has committed an entry of its own epoch.
  bool has_leader_in(const std::vector<Machine>& core) {
    const auto leader = cluster_.leader();
    if (!leader || std::find(core.begin(), core.end(), *leader) == core.end()) return false;
    const ShadowMember& member = *cluster_.machine(*leader).shadow;
    return member.commit >= member.led_from;
  }

  void liveness() {
    const std::vector<Machine> healed = draw_core();
    cluster_.behave(Behaviour::healthy);
    faults_.make_permanent(healed);
    for (const Machine machine : healed) cluster_.heal(machine);
    const std::vector<Machine> core = fill_one_of(healed);
    workload_.restrict_to(core);
    go_on(cluster_.now() + patience());
    if (violation()) return;
    if (!has_leader_in(core)) return violate("LV1", "a healthy quorum has no leader");
    wait_for_those_behind(core);
    if (violation()) return;
    const auto before = reign();
    const std::uint64_t ahead = statistics_.of(Sometimes::joiner_ahead);
    const std::uint64_t wrong = statistics_.of(Sometimes::leader_diverged);
    const std::size_t views = cluster_.world().committed_views().size();
    const std::uint64_t succeeded = workload_.succeeded();
    go_on(std::max(settings_.length * 19 / 20, cluster_.now() + 2s));
    if (violation()) return;
    const bool hands_over = statistics_.of(Sometimes::leader_diverged) != wrong;
    // It may have been found just now.
    if (hands_over) go_on(cluster_.now() + patience());
    if (violation()) return;
    if (!is_kept(before, statistics_.of(Sometimes::joiner_ahead) - ahead, hands_over))
      return violate("LV1", "a healthy quorum does not keep its leader");
    check_settled(views, core);
    check_marks(core);
    if (workload_.succeeded() == succeeded)
      return violate("LV3", "no call succeeds although a quorum is healthy");
    quiet(core);
  }

  /// Goes on while somebody of the core is marked down and gets some of what it lacks: of thousands
  /// of entries one at a time, where a leader was told to send no more at once.
  void wait_for_those_behind(const std::vector<Machine>& core) {
    Index known;
    while (!violation() && cluster_.now() < settings_.length * 17 / 20) {
      const View& view = cluster_.world().committed_view()->view;
      Index now_known;
      for (const Machine machine : core) {
        const MachineState& state = cluster_.machine(machine);
        const MemberId id = state.settings.self.id;
        if (view.has_voter(id) && !view.is_up(id) && is_there(*state.shadow))
          now_known = std::max(now_known, state.shadow->commit);
      }
      if (now_known <= known) return;
      known = now_known;
      go_on(cluster_.now() + patience());
    }
  }

  /// The leader leads still, in its old epoch unless it left that for a joiner that was ahead. One
  /// whose state was found to be wrong has handed over, by one election, also if the others took
  /// long to reach where that went wrong.
  bool is_kept(const std::optional<Reign>& before, std::uint64_t left_for_joiners,
               bool hands_over) {
    const std::optional<Reign> after = reign();
    if (!before || !after) return after == before;
    if (left_for_joiners == 0 && !hands_over) return after == before;
    if ((after->leader == before->leader) == hands_over) return false;
    if (left_for_joiners == 0) return after->epoch == before->epoch.next();
    return after->epoch > before->epoch;
  }

  /// Whether the member may be evicted though the core is healthy: it is outside of it, and was
  /// marked down before.
  bool may_be_evicted(const MemberId& id, const View& before, const std::vector<Machine>& core) {
    const ShadowMember& member = *cluster_.world().find(id);
    const bool in_core =
        is_there(member) && std::find(core.begin(), core.end(), member.machine) != core.end();
    return !in_core && !before.is_up(id);
  }

  /// Whether it is the member whose disk has no room any more.
  bool is_full(const MemberId& id) {
    return full_ && cluster_.machine(*full_).settings.self.id == id;
  }

  /// LV6: of the views from the first'th on, each is one that was called for before: somebody is
  /// admitted, and perhaps marked once for being out of reach, seen off, or evicted because the
  /// time for it runs out now. Marks have settled, but for one whose log is full: a state may bring
  /// it up to the others for once.
  void check_settled(std::size_t first, const std::vector<Machine>& core) {
    const std::vector<PlacedView>& views = cluster_.world().committed_views();
    std::set<MemberId> joined;
    std::set<MemberId> left;
    std::set<MemberId> raised;
    for (std::size_t i = first; i < views.size(); ++i) {
      const View& view = views[i].view;
      bool asked_for = false;
      if (view.cause == ViewCause::join) asked_for = joined.insert(view.subject).second;
      if (view.cause == ViewCause::down) asked_for = joined.erase(view.subject) == 1;
      if (view.cause == ViewCause::up)
        asked_for = is_full(view.subject) && !views[i - 1].view.is_up(view.subject) &&
                    raised.insert(view.subject).second;
      if (view.cause == ViewCause::leave)
        asked_for =
            faults_.asked_to_leave().contains(view.subject) && left.insert(view.subject).second;
      if (view.cause == ViewCause::evict)
        asked_for = may_be_evicted(view.subject, views[i - 1].view, core) &&
                    left.insert(view.subject).second;
      if (asked_for) continue;
      return violate("LV6", "view " + std::to_string(view.seq.value()) + ", " +
                                std::string(to_string(view.cause)) + " of " +
                                to_string(view.subject) + ", although nothing changes");
    }
  }

  /// LV4: voters of the core are up, and whoever does not run is not.
  void check_marks(const std::vector<Machine>& core) {
    const View& view = cluster_.world().committed_view()->view;
    for (Machine machine = 0; machine < cluster_.size(); ++machine) {
      const MachineState& state = cluster_.machine(machine);
      const MemberId id = state.settings.self.id;
      if (!view.has_voter(id) || full_ == machine) continue;
      const bool in_core = std::find(core.begin(), core.end(), machine) != core.end();
      if (in_core && !view.is_up(id)) violate("LV4", name_of(*state.shadow) + " stays down");
      if (!in_core && view.is_up(id)) violate("LV4", name_of(*state.shadow) + " stays up");
    }
  }

  /// The most multicasts that a member of the core has not delivered yet.
  std::size_t undelivered(const std::vector<Machine>& core) {
    std::size_t most = 0;
    for (const Machine machine : core)
      if (const Process* const process = cluster_.process(machine))
        most = std::max(most, process->engine().status().multicasts_pending);
    return most;
  }

  /// Where limits let a leader take only a few multicasts at a time, the rest come with the next
  /// resend: each of these delivers one at least.
  void drain(const std::vector<Machine>& core) {
    const VirtualTime resend = cluster_.options().config.multicast_resend;
    const VirtualTime until = cluster_.now() + 2 * resend * undelivered(core);
    while (!violation() && cluster_.now() < until && undelivered(core) != 0)
      go_on(cluster_.now() + 50ms);
  }

  /// Once nobody asks for anything, everything asked for has ended and everybody has everything.
  void quiet(const std::vector<Machine>& core) {
    workload_.stop();
    go_on(cluster_.now() + patience());
    if (violation()) return;
    drain(core);
    if (violation()) return;
    if (!workload_.is_idle()) violate("LV3", "a client's call does not end");
    if (const auto unanswered = workload_.unanswered(core)) violate("LV3", *unanswered);
    check_caught_up(core);
    check_back(core);
  }

  /// LV4: of the core, whoever has not left is a voter, and up.
  void check_back(const std::vector<Machine>& core) {
    const View& view = cluster_.world().committed_view()->view;
    for (const Machine machine : core) {
      const MachineState& state = cluster_.machine(machine);
      const MemberId id = state.settings.self.id;
      if (view.is_up(id) || cluster_.world().has_left(id)) continue;
      violate("LV4", name_of(*state.shadow) + " does not come back");
    }
  }

  void check_caught_up(const std::vector<Machine>& core) {
    const auto leader = cluster_.leader();
    if (!leader) return violate("LV1", "a healthy quorum lost its leader");
    const ShadowMember& first = *cluster_.machine(*leader).shadow;
    const PlacedView& view = *first.memory.view();
    for (const Machine machine : core) {
      MachineState& state = cluster_.machine(machine);
      if (!state.process || !view.view.has_voter(state.settings.self.id)) continue;
      const core::Status status = state.process->engine().status();
      if (status.diverged || state.application->flipped())
        violate("Q3", name_of(*state.shadow) +
                          (status.diverged ? " was found to have diverged"
                                           : " has diverged, is not found") +
                          " and has no other state");
      if (status.applied != first.commit)
        violate("LV5", name_of(*state.shadow) + " has applied " +
                           std::to_string(status.applied.value()) + " of " +
                           std::to_string(first.commit.value()));
      if (status.multicasts_pending != 0 && view.view.is_up(status.self))
        violate("A2", name_of(*state.shadow) + " still waits for " +
                          std::to_string(status.multicasts_pending) + " of its own multicasts");
      if (status.uncommitted_bytes != 0 || status.reads_pending != 0)
        violate("LV3", name_of(*state.shadow) + " keeps what nobody waits for");
      cluster_.checks().state(*state.shadow, state.process->applied(), state.application->digest());
    }
  }

  bool have_replayed(const std::vector<Machine>& machines) {
    const ShadowMember& leader = *cluster_.machine(*cluster_.leader()).shadow;
    const View& view = leader.memory.view()->view;
    return std::all_of(machines.begin(), machines.end(), [&](Machine machine) {
      const Process* const process = cluster_.process(machine);
      if (process == nullptr || !view.has_voter(cluster_.machine(machine).settings.self.id))
        return true;
      return process->engine().status().applied >= leader.commit;
    });
  }

  /// What a replay of the whole log may take, entry by entry where limits are that small.
  VirtualTime replay_time(const std::vector<Machine>& machines) {
    std::size_t piece = std::numeric_limits<std::size_t>::max();
    for (const Machine machine : machines) {
      const core::Config& config = cluster_.machine(machine).settings.config;
      piece = std::min({piece, config.deliver_bytes_max, config.apply_bytes_max});
    }
    const std::size_t entries = std::max<std::size_t>(1, piece / kEntryBytes);
    return kReplayOfAPiece * (cluster_.world().committed().size() / entries);
  }

  void replay(const std::vector<Machine>& machines) {
    const VirtualTime until = cluster_.now() + replay_time(machines);
    while (!violation() && cluster_.leader() && cluster_.now() < until && !have_replayed(machines))
      go_on(cluster_.now() + 50ms);
  }

  void power_cycle() {
    faults_.forgive();
    std::vector<Machine> all;
    for (Machine machine = 0; machine < cluster_.size(); ++machine) {
      cluster_.heal(machine);
      cluster_.crash(machine, CrashKind::power);
      all.push_back(machine);
    }
    go_on(cluster_.now() + patience() + cluster_.options().faults.down_max);
    if (violation()) return;
    if (!has_leader_in(all)) return violate("LV1", "no leader after a loss of all power");
    replay(all);
    if (violation()) return;
    check_caught_up(all);
    check_acknowledged();
  }

  /// D1: whatever was acknowledged is in the log of every voter's latest log up to its commit.
  void check_acknowledged() {
    Index newest;
    for (const auto& operation : workload_.history())
      if (operation.outcome == linearizability::Outcome::ok)
        newest = std::max(newest, operation.index);
    const ShadowMember& leader = *cluster_.machine(*cluster_.leader()).shadow;
    if (newest == Index()) return;
    if (!leader.memory.holds(newest, cluster_.world().committed()[newest.value() - 1].hash))
      violate("D1",
              "the group lost what it acknowledged at index " + std::to_string(newest.value()));
  }

  void judge_history() {
    const linearizability::History& history = workload_.history();
    std::vector<linearizability::CommittedWrite> committed;
    for (const ExecutedCall& executed : cluster_.checks().executions().calls()) {
      const auto operation = workload_.operation_of(executed.call);
      if (!operation) return violate("A6", "a call was executed that no client made");
      committed.push_back({executed.index, *operation});
    }
    if (const auto wrong = linearizability::check_real_time_order(history))
      return violate("R2", *wrong);
    if (const auto wrong = linearizability::check_replay(history, committed))
      return violate("R2", *wrong);
    const auto result = linearizability::check_linearizability(history, kSearchSteps);
    if (result.verdict == linearizability::Verdict::violated) return violate("R1", result.detail);
    if (result.verdict == linearizability::Verdict::inconclusive) ++statistics_.inconclusive;
  }

  static constexpr std::size_t kSearchSteps = 500'000;

  const RunSettings settings_;
  Statistics statistics_;
  Cluster cluster_;
  Workload workload_;
  Faults faults_;
  /// Whose disk has no room while liveness is judged.
  std::optional<Machine> full_;
  Random random_;
  std::deque<View> foreseen_;
};

}  // namespace

RunResult run(const Options& options, const RunSettings& settings) {
  return Run(options, settings).play();
}

}  // namespace tests::simulation
