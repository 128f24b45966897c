#include "tests/simulation/checks.hpp"

#include <algorithm>
#include <utility>

namespace tests::simulation {

using namespace gms::model;
namespace core = gms::core;

void Checks::starts(ShadowMember& member, const Recovered& found,
                    const std::optional<Mark>& applied) {
  const std::size_t kept = StableIsRecoverable::check(world_, member, end_of(found));
  for (std::size_t i = 0; i < kept; ++i) member.disk.apply(member.pending[i], world_);
  if (kept < member.pending.size()) world_.statistics().count(Sometimes::unsynced_orders_lost);
  member.memory = member.disk;
  member.memory_hard_state = member.disk_hard_state = found.hard_state;
  member.boot = found.boot;
  member.running = true;
  votes_.recovered(world_, member, found.hard_state);
  acks_.recovered(world_, member);
  StateWithinLog::recovered(world_, member, found, applied);
  boots_.starts(world_, member);
  member.pending.clear();
  member.durable = PersistSeq();
  member.commit = applied ? applied->head.position.index : Index();
  member.role = core::RoleName::joiner;
  member.led = Epoch();
  member.quarantined = false;
  stream_.restarts(member, member.commit, applied ? applied->view.view.seq : ViewSeq());
  ++world_.statistics().boots;
}

void Checks::persists(ShadowMember& member, const PersistRequest& request) {
  if (request.hard_state) {
    VotesAreKept::persists(world_, member, *request.hard_state);
    member.memory_hard_state = *request.hard_state;
  }
  if (request.install) installs(member, *request.install);
  if (request.trim_to) {
    BaseIsCommitted::check(world_, member, *request.trim_to);
    world_.statistics().count(Sometimes::log_trimmed);
  }
  if (world_.violation()) return;
  for (const EntryRun& run : request.entries) {
    oracle_.appends(world_, member, run);
    log_matching_.appends(world_, member, run);
    NothingIsTakenBack::appends(world_, member, run);
    acks_.appends(world_, member, run);
    if (world_.violation()) return;
    const PlacedView* const view = member.memory.view();
    if (view != nullptr && view->position.index >= run.first_index())
      world_.statistics().count(Sometimes::view_truncated);
    const std::size_t views = member.memory.views().size();
    member.memory.apply(run);
    if (member.memory.views().size() != views) ViewsChangeByOne::changed(world_, member);
    count_siblings(member, run);
    removals_.appends(run);
  }
  member.pending.push_back(request);
}

void Checks::count_siblings(const ShadowMember& member, const EntryRun& run) {
  const PlacedView* const view = member.memory.view();
  if (view == nullptr || view->position.index < run.first_index()) return;
  const bool has_sibling =
      std::any_of(world_.members().begin(), world_.members().end(), [&](const ShadowMember& other) {
        const PlacedView* const latest = other.memory.view();
        return latest != nullptr && latest->view.seq == view->view.seq &&
               latest->position != view->position;
      });
  if (has_sibling) world_.statistics().count(Sometimes::sibling_views);
}

void Checks::receives(const ShadowMember& member, const core::Message& message, Instant now) {
  removals_.hears(member, message, now);
  const ShadowMember* const sender = world_.find(message.from);
  const bool leads =
      sender != nullptr && sender->role == core::RoleName::leader && sender->led == message.epoch;
  if (std::holds_alternative<core::TimeoutNow>(message.body) && !leads)
    world_.statistics().count(Sometimes::late_timeout_now);
}

void Checks::multicast_dropped(const ShadowMember& member, const core::MulticastDropped& event) {
  world_.statistics().count(Sometimes::multicast_dropped);
  const std::vector<PlacedView>& views = member.memory.views();
  const auto in_force = std::find_if(views.rbegin(), views.rend(), [&](const PlacedView& view) {
    return view.position.index < event.index;
  });
  if (in_force != views.rend() && !in_force->view.is_up(event.sender))
    world_.violate("V10", name_of(member) + " drops a multicast at index " +
                              std::to_string(event.index.value()) +
                              " that was ordered though its sender was down");
}

void Checks::installs(ShadowMember& member, const InstallRequest& install) {
  oracle_.installs(world_, member, install);
  BaseIsCommitted::check(world_, member, install.base);
  acks_.installs(world_, member, install);
  const Index base = install.base.head.position.index;
  if (install.keeps_tail && !member.memory.holds(base, install.base.head.hash))
    world_.violate("I2", name_of(member) + " keeps a tail that does not follow its snapshot");
  if (world_.violation()) return;
  const PlacedView* const view = member.memory.view();
  Statistics& statistics = world_.statistics();
  if (view != nullptr && view->position.index > member.commit)
    statistics.count(Sometimes::installed_while_a_view_is_uncommitted);
  statistics.count(install.keeps_tail ? Sometimes::snapshot_installed_with_a_tail
                                      : Sometimes::snapshot_installed);
  PersistRequest order;
  order.install = install;
  member.memory.apply(order, world_);
}

void Checks::restores(ShadowMember& member, const SnapshotMeta& meta) {
  // The state that takes the place of one that has diverged may be older than what is committed.
  if (meta.index() > member.commit) {
    OneSequence::commits(world_, member, member.commit, meta.index(),
                         meta.mark.head.position.epoch);
    member.commit = meta.index();
  }
  member.quarantined = false;
  stream_.restores(member, meta.mark);
}

void Checks::observes(ShadowMember& member, const core::Effects& effects, Instant now) {
  // An order to the log may stand behind what speaks of it, and is made in the last role.
  for (const core::Effect& effect : effects)
    if (const auto* const trace = std::get_if<core::Trace>(&effect))
      if (const auto* const role = std::get_if<core::RoleChanged>(&trace->event))
        member.role = role->to;
  for (const core::Effect& effect : effects)
    if (const auto* const persist = std::get_if<core::Persist>(&effect))
      persists(member, persist->request);
  for (const core::Effect& effect : effects) {
    is_in_use(member, effect);
    if (world_.violation()) return;
    if (const auto* const trace = std::get_if<core::Trace>(&effect)) {
      traces(member, trace->event, now);
    } else if (const auto* const send = std::get_if<core::Send>(&effect)) {
      oracle_.sends(world_, member, send->message);
      acks_.acknowledges(world_, member, send->message, send->after);
    } else if (std::holds_alternative<core::Quarantine>(effect)) {
      member.quarantined = true;
    } else if (const auto* const deliver = std::get_if<core::Deliver>(&effect)) {
      OrderOfProgress::delivers(world_, member, deliver->batch.last);
      stream_.delivers(world_, member, deliver->batch);
      multicasts_.delivers(world_, member, deliver->batch);
      world_.statistics().delivered += deliver->batch.deliveries.size();
    } else if (const auto* const snapshot = std::get_if<core::InstallSnapshot>(&effect)) {
      restores(member, snapshot->meta);
    } else if (const auto* const install = std::get_if<core::InstallView>(&effect)) {
      OrderOfProgress::delivers(world_, member, install->view.position.index);
      stream_.installs(world_, member, install->view);
    }
  }
  oracle_.step_ends(world_, member);
}

void Checks::is_in_use(const ShadowMember& member, const core::Effect& effect) {
  const bool uses = std::holds_alternative<core::Deliver>(effect) ||
                    std::holds_alternative<core::InstallView>(effect) ||
                    std::holds_alternative<core::ReadReady>(effect) ||
                    std::holds_alternative<core::TakeSnapshot>(effect);
  if (member.quarantined && uses)
    world_.violate("Q2", name_of(member) + " uses a state that is out of use");
}

void Checks::quarantined(const ShadowMember& member, bool flipped) {
  if (!flipped) world_.violate("Q1", name_of(member) + " puts a sound state out of use");
  world_.statistics().count(member.role == core::RoleName::leader ? Sometimes::leader_diverged
                                                                  : Sometimes::follower_diverged);
}

void Checks::traces(ShadowMember& member, const core::TraceEvent& event, Instant now) {
  Statistics& statistics = world_.statistics();
  if (const auto* const role = std::get_if<core::RoleChanged>(&event)) {
    role_changes(member, *role);
  } else if (const auto* const commit = std::get_if<core::CommitAdvanced>(&event)) {
    commits(member, *commit);
  } else if (const auto* const proposed = std::get_if<core::ViewProposed>(&event)) {
    OneViewAtATime::proposes(world_, member, proposed->view);
    removals_.proposes(world_, member, proposed->view, now);
  } else if (const auto* const evicted = std::get_if<core::MemberEvicted>(&event)) {
    removals_.decides(*evicted);
    if (evicted->reason == core::EvictionReason::replaced)
      statistics.count(Sometimes::dead_member_replaced);
  } else if (const auto* const committed = std::get_if<core::ViewCommitted>(&event)) {
    view_commits(committed->view);
  } else if (std::holds_alternative<core::StateMended>(event)) {
    statistics.count(Sometimes::state_mended);
  } else if (std::holds_alternative<core::StateDamaged>(event)) {
    statistics.count(Sometimes::state_damaged);
  } else if (std::holds_alternative<core::SnapshotDropped>(event)) {
    statistics.count(Sometimes::snapshot_dropped);
  } else if (std::holds_alternative<core::LogTruncated>(event)) {
    statistics.count(Sometimes::entries_truncated);
  } else if (std::holds_alternative<core::TransferAborted>(event)) {
    statistics.count(Sometimes::transfer_aborted);
  } else if (std::holds_alternative<core::MemberExcluded>(event)) {
    statistics.count(Sometimes::excluded);
  } else if (std::holds_alternative<core::StallNoticed>(event)) {
    statistics.count(Sometimes::stall_noticed);
  } else if (const auto* const dropped = std::get_if<core::MulticastDropped>(&event)) {
    multicast_dropped(member, *dropped);
  } else if (const auto* const suspected = std::get_if<core::MemberSuspected>(&event)) {
    if (suspected->process_dead) statistics.count(Sometimes::process_found_dead);
  } else if (const auto* const regressed = std::get_if<core::MemberRegressed>(&event)) {
    world_.violate("I9", "a member is found to have lost what it acknowledged: " +
                             to_string(regressed->member));
  }
}

void Checks::role_changes(ShadowMember& member, const core::RoleChanged& event) {
  member.role = event.to;
  if (event.to == core::RoleName::candidate)
    member.takes_over = event.reason == core::RoleReason::asked_to_take_over;
  if (event.to == core::RoleName::candidate && event.reason == core::RoleReason::joiner_ahead)
    world_.statistics().count(Sometimes::joiner_ahead);
  if (event.to != core::RoleName::leader) return;
  images_due_ = true;
  Statistics& statistics = world_.statistics();
  ++statistics.elections;
  if (member.takes_over) statistics.count(Sometimes::transfer_done);
  const PlacedView* const view = member.memory.view();
  if (view != nullptr && view->position.index > member.commit)
    statistics.count(Sometimes::view_inherited);
  if (CommitEvidence::is_on_a_majority(world_, member))
    statistics.count(Sometimes::old_epoch_entry_on_a_majority);
  member.led = event.epoch;
  member.led_from = member.memory.last();
  for (const Slot* slot = member.memory.find(member.led_from.previous());
       slot != nullptr && slot->epoch == event.epoch;
       slot = member.memory.find(member.led_from.previous()))
    member.led_from = member.led_from.previous();
  oracle_.leads(world_, member, event.epoch);
  election_safety_.leads(world_, member, event.epoch);
  LeaderCompleteness::leads(world_, member, event.epoch);
  ElectedByTheView::leads(world_, member, event.epoch, votes_);
}

void Checks::commits(ShadowMember& member, const core::CommitAdvanced& event) {
  oracle_.commits(world_, member, event);
  OrderOfProgress::commits(world_, member, event.commit);
  if (member.role == core::RoleName::leader) {
    CommitEvidence::leader_commits(world_, member, event.commit, event.epoch);
    if (member.commit < member.led_from && event.commit >= member.led_from) images_due_ = true;
  }
  OneSequence::commits(world_, member, member.commit, event.commit, event.epoch);
  member.commit = event.commit;
}

void Checks::view_commits(const PlacedView& view) {
  quorum_chain_.committed(world_, view);
  const PlacedView* const newest = world_.committed_view();
  if (newest != nullptr && newest->view.seq >= view.view.seq) return;
  world_.commit(view);
  ++world_.statistics().view_changes;
  count_view(view.view);
}

void Checks::count_view(const View& view) {
  Statistics& statistics = world_.statistics();
  switch (view.cause) {
    case ViewCause::join: count_join(view); break;
    case ViewCause::leave: statistics.count(Sometimes::left); break;
    case ViewCause::evict: count_removal(view); break;
    case ViewCause::down: statistics.count(Sometimes::marked_down); break;
    case ViewCause::up: statistics.count(Sometimes::marked_up); break;
    case ViewCause::maintenance:
      if (!view.maintenance.empty()) statistics.count(Sometimes::maintenance_began);
      break;
    case ViewCause::bootstrap: break;
  }
  if (view.members.size() == 3 || view.members.size() == 5) last_size_ = view.members.size();
}

void Checks::count_removal(const View& view) {
  Statistics& statistics = world_.statistics();
  statistics.count(Sometimes::evicted);
  if (view.members.size() == view.floor) statistics.count(Sometimes::evicted_to_the_floor);
  if (view.members.size() == 3 && last_size_ == 5)
    statistics.count(Sometimes::shrunk_from_five_to_three);
  const ShadowMember* const subject = world_.find(view.subject);
  if (subject->running) evicted_alive_[view.subject] = subject->boot;
}

void Checks::count_join(const View& view) {
  Statistics& statistics = world_.statistics();
  statistics.count(Sometimes::joined);
  if (view.members.size() == 5 && last_size_ == 3)
    statistics.count(Sometimes::regrown_from_three_to_five);
  const auto evicted = evicted_alive_.find(view.subject);
  if (evicted != evicted_alive_.end() && evicted->second == world_.find(view.subject)->boot)
    statistics.count(Sometimes::back_without_a_wipe);
  if (std::any_of(world_.members().begin(), world_.members().end(), [&](const ShadowMember& other) {
        return other.id.node == view.subject.node && other.id != view.subject;
      }))
    statistics.count(Sometimes::joined_anew);
}

void Checks::durable(ShadowMember& member, PersistSeq seq) {
  while (!member.pending.empty() && member.pending.front().seq <= seq) {
    const PersistRequest& order = member.pending.front();
    if (order.hard_state) member.disk_hard_state = *order.hard_state;
    member.disk.apply(order, world_);
    member.pending.pop_front();
  }
  member.durable = seq;
  acks_.durable(world_, member);
}

void Checks::released(const ShadowMember& member, const core::Message& message, PersistSeq after) {
  oracle_.released(world_, member, message);
  votes_.released(world_, member, message);
  silence_.released(world_, member);
  MessagesAreGated::released(world_, member, after);
  RemovalsAreSound::sends(world_, member, message);
}

void Checks::status(const ShadowMember& member, const core::Status& status,
                    const core::Config& config) {
  OrderOfProgress::status(world_, member, status);
  StableIsRecoverable::status(world_, member, status);
  ViewInForce::status(world_, member, status);
  removals_.goes_by(member, config);
  memory_.status(world_, member, status, config);
  if (status.role == core::RoleName::leader) match_.status(world_, member, status);
}

void Checks::prevote_answered(const ShadowMember& member, const core::Status& before,
                              const core::Status& after) {
  PreVoteIsPure::answered(world_, member, before, after);
}

void Checks::executes(const ShadowMember& member, const std::vector<Execution>& executions) {
  executions_.executes(world_, member, executions);
}

void Checks::state(const ShadowMember& member, Index index, std::uint64_t digest) {
  executions_.state(world_, member, index, digest);
}

void Checks::image(const ShadowMember& member, const RecoveredEnd& found) {
  ++world_.statistics().image_checks;
  (void)StableIsRecoverable::check(world_, member, found);
}

}  // namespace tests::simulation
