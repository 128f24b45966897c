#include "gms/core/engine_parts.hpp"
#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

namespace {

std::uint64_t entry_count(const Append& append) {
  std::uint64_t count = 0;
  for (const EntryRun& run : append.entries) count += run.count();
  return count;
}

bool is_contiguous(const Append& append) {
  Index next = append.previous.index.next();
  for (const EntryRun& run : append.entries) {
    if (run.empty() || run.first_index() != next) return false;
    next = run.last_index().next();
  }
  return true;
}

}  // namespace

void Engine::Parts::on_second_leader(const Message&) {
  fatal("two leaders in epoch " + std::to_string(hard_state.epoch.value()) + " [I1]");
}

void Engine::Parts::on_append(const Message& message) {
  hear_leader(message);
  const auto& append = std::get<Append>(message.body);
  if (!is_contiguous(append)) return fatal("an Append with a gap [A4]");
  const Index end = append.previous.index + entry_count(append);
  AppendReply reply;
  reply.id = append.id;
  reply.match = end;
  reply.disk_full = health.disk_full;
  if (end <= log.base().head.position.index) {
    // All of it is in the state that the base stands for, and that is committed; durable here when
    // the base is.
    reply.last_index = log.last_index();
    return out.send(message.from, hard_state.epoch, reply, log.persist_seq_at(end));
  }
  if (!append_fits(message, append)) return;
  // A full disk takes what was under way into its reserve, and then no more entries: they are as if
  // lost, until there is room [C23].
  if (health.disk_full && !health.reserve_left && !has_all_of(append)) return;
  if (!store(append)) return;
  advance_commit(std::min(append.commit, end));
  reply.last_index = log.last_index();
  out.send(message.from, hard_state.epoch, reply, log.persist_seq_at(end));
}

bool Engine::Parts::has_all_of(const Append& append) const {
  if (append.entries.empty()) return true;
  const Position end = append.entries.back().head().position;
  return end.index <= log.last_index() && log.epoch_at(end.index) == end.epoch;
}

bool Engine::Parts::append_fits(const Message& message, const Append& append) {
  const Index previous = append.previous.index;
  if (previous < log.base().head.position.index) return true;
  if (previous > log.last_index()) {
    reject(message, append, log.last());
    return false;
  }
  if (log.epoch_at(previous) == append.previous.epoch) {
    const auto hash = log.hash_at(previous);
    if (!hash || *hash == append.previous_hash) return true;
    fatal("equal positions with different histories at " + to_string(append.previous) + " [I2]");
    return false;
  }
  if (previous <= delivery.commit()) {
    fatal("the leader contradicts the committed prefix at " + to_string(append.previous));
    return false;
  }
  const Index low = std::max(delivery.commit(), log.base().head.position.index);
  const Index hint = log.last_at_or_below(append.previous.epoch, low, previous);
  reject(message, append, log.position_at(hint));
  return false;
}

void Engine::Parts::reject(const Message& message, const Append& append, Position hint) {
  AppendReply reply;
  reply.id = append.id;
  reply.verdict = AppendVerdict::rejected;
  reply.rejected = append.previous.index;
  reply.hint = hint;
  reply.last_index = log.last_index();
  reply.disk_full = health.disk_full;
  out.send(message.from, hard_state.epoch, reply);
}

bool Engine::Parts::store(const Append& append) {
  ChainHead before{append.previous, append.previous_hash, GroupClock()};
  for (const EntryRun& run : append.entries)
    if (!store_run(run, before)) return false;
  return true;
}

bool Engine::Parts::store_run(const EntryRun& run, ChainHead& before) {
  const Index base = log.base().head.position.index;
  if (run.last_index() <= base) {
    before = run.head();
    return true;
  }
  if (run.first_index() <= base) before = log.base().head;
  const EntryRun above = run.from(base.next());
  if (!above.chain_is_intact(before.hash)) {
    fatal("entries from " + std::to_string(above.first_index().value()) +
          " do not continue the chain of hashes [I2]");
    return false;
  }
  // What is here already is skipped; only a conflict truncates, and only from there on.
  Index first = above.first_index();
  for (const EntryView entry : above) {
    if (first > log.last_index() || log.epoch_at(first) != entry.epoch()) break;
    before = {entry.position(), entry.hash(), entry.clock()};
    ++first;
  }
  if (log.hash_at(before.position.index).value_or(before.hash) != before.hash) {
    fatal("equal positions with different histories at " + to_string(before.position) + " [I2]");
    return false;
  }
  if (first > run.last_index()) return true;
  if (first <= log.last_index()) {
    if (first <= delivery.commit()) {
      fatal("truncating the committed entry " + std::to_string(first.value()) + " [I3]");
      return false;
    }
    out.trace(LogTruncated{first, log.last_index()});
    log.truncate(first, before);
  }
  const EntryRun rest = run.from(first);
  log.append(rest, out.order_entries(rest));
  before = rest.head();
  out.trace(EntriesAppended{rest.back().epoch(), rest.first_index(), rest.last_index()});
  if (excluded && log.view().position > excluded->view.position && log.view().view.has_voter(self))
    excluded.reset();
  return true;
}

void Engine::Parts::on_heartbeat(const Message& message) {
  hear_leader(message);
  const auto& beat = std::get<Heartbeat>(message.body);
  // The leader names no more than this member acknowledged; if the log is shorter than that, it
  // lost entries, and the leader will find out.
  if (beat.commit <= log.last_index()) advance_commit(beat.commit);
  std::optional<Staging> staging;
  if (fetching) staging = Staging{fetching->meta.id, fetching->meta.index(), fetching->bytes};
  // It waits for no disk, not even for the epoch: whoever answers has given no vote in a later one,
  // which is all that the leader concludes from it.
  out.send_at_once(message.from, hard_state.epoch,
                   HeartbeatReply{beat.seq, log.last_index(), delivery.applied(), health.disk_full,
                                  health.disk_low, staging, state_report()});
}

void Engine::Parts::on_regressed(const Message& message) {
  const auto& said = std::get<Regressed>(message.body);
  const auto& following = std::get<Following>(role);
  if (following.leader != message.from || log.last_index() >= said.match) return;
  stop_after = out.order_refusal("entries up to " + std::to_string(said.match.value()) +
                                 " were acknowledged, the log ends at " +
                                 std::to_string(log.last_index().value()));
}

}  // namespace gms::core
