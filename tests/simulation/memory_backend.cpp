#include "tests/simulation/memory_backend.hpp"

#include <algorithm>
#include <utility>

namespace tests::simulation {

using namespace gms::model;

void RunList::apply(const EntryRun& run) {
  if (run.empty()) return;
  while (!runs_.empty() && runs_.back().first_index() >= run.first_index()) runs_.pop_back();
  if (!runs_.empty() && runs_.back().last_index() >= run.first_index())
    runs_.back() = runs_.back().until(run.first_index());
  runs_.push_back(run);
}

void RunList::trim(const Base& base) {
  base_ = base;
  const Index first = base.head.position.index.next();
  std::vector<EntryRun> kept;
  for (const EntryRun& run : runs_)
    if (run.last_index() >= first) kept.push_back(run.from(std::max(first, run.first_index())));
  runs_ = std::move(kept);
}

void RunList::begin_after(const Base& base) {
  base_ = base;
  runs_.clear();
}

ChainHead RunList::head() const {
  return runs_.empty() ? base_.head : runs_.back().head();
}

const EntryRun* RunList::find(Index index) const {
  const auto after = std::upper_bound(
      runs_.begin(), runs_.end(), index,
      [](Index wanted, const EntryRun& run) { return wanted < run.first_index(); });
  if (after == runs_.begin()) return nullptr;
  const EntryRun& run = *std::prev(after);
  return index <= run.last_index() ? &run : nullptr;
}

namespace {

void summarise_run(const EntryRun& run, RecoveredLog& out) {
  for (const EntryView entry : run) {
    if (out.epochs.empty() || out.epochs.back().epoch != entry.epoch())
      out.epochs.push_back({entry.epoch(), entry.index(), entry.index(), entry.hash()});
    out.epochs.back().last = entry.index();
    out.epochs.back().last_hash = entry.hash();
    if (entry.kind() != EntryKind::view) continue;
    auto view = decode_view(entry.payload());
    GMS_ASSERT(view.has_value(), "a view in a log");
    out.views.push_back({*std::move(view), entry.position()});
  }
}

}  // namespace

RecoveredLog summarise(const RunList& entries, std::size_t tail_bytes_max) {
  RecoveredLog out;
  out.base = entries.base();
  for (const EntryRun& run : entries.runs()) summarise_run(run, out);
  out.head = entries.head();
  std::size_t bytes = 0;
  for (auto run = entries.runs().rbegin(); run != entries.runs().rend(); ++run) {
    bytes += run->bytes();
    if (bytes > tail_bytes_max) break;
    out.tail.push_front(*run);
  }
  return out;
}

void MemoryBackend::Contents::apply(const PersistRequest& request) {
  if (request.group) identity.group = *request.group;
  if (request.hard_state) hard_state = *request.hard_state;
  if (request.install) {
    state = request.install->state;
    state_diverged = false;
    if (request.install->keeps_tail)
      entries.trim(request.install->base);
    else
      entries.begin_after(request.install->base);
  }
  for (const EntryRun& run : request.entries) entries.apply(run);
  if (request.trim_to) entries.trim(*request.trim_to);
  state_diverged = request.state_diverged.value_or(state_diverged);
  if (request.refusal) refusal = request.refusal;
}

MemoryBackend::MemoryBackend(const RestoredState& first) {
  durable_.identity = first.identity;
  durable_.hard_state = first.hard_state;
  for (const EntryRun& run : first.log.tail) durable_.entries.apply(run);
  written_ = durable_;
}

Result<void> MemoryBackend::write(PersistRequest request) {
  written_.apply(request);
  unsynced_.push_back(std::move(request));
  return {};
}

Result<void> MemoryBackend::sync() {
  if (std::exchange(fail_next_sync_, false))
    return Error{ErrorCode::io, "the simulated sync failed"};
  for (const PersistRequest& request : unsynced_) durable_.apply(request);
  unsynced_.clear();
  return {};
}

ReadAnswer MemoryBackend::read(const ReadRequest& request) {
  ReadAnswer out{request.reader, request.first, true, {}, {}};
  const EntryRun* const run = written_.entries.find(request.first);
  if (run == nullptr) return out;
  out.gone = false;
  out.entries = run->from(request.first).prefix(request.bytes_max);
  const Index before = request.first.previous();
  out.previous = written_.entries.base().head;
  if (before != out.previous.position.index) {
    const EntryView entry = written_.entries.find(before)->at(before);
    out.previous = {entry.position(), entry.hash(), entry.clock()};
  }
  return out;
}

void MemoryBackend::process_dies(Random&) {
  durable_ = written_;
  unsynced_.clear();
}

void MemoryBackend::power_fails(Random& random) {
  const std::size_t kept = random.below(unsynced_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) durable_.apply(unsynced_[i]);
  unsynced_.clear();
  written_ = durable_;
}

Result<Recovered> MemoryBackend::open(const Contents& contents, BootSeq boot,
                                      std::size_t tail_bytes_max) {
  if (contents.refusal) return Error{ErrorCode::corrupt, "refused: " + *contents.refusal};
  return Recovered{contents.identity,   boot,
                   contents.hard_state, summarise(contents.entries, tail_bytes_max),
                   contents.state,      contents.state_diverged};
}

Result<Recovered> MemoryBackend::recover(std::size_t tail_bytes_max) {
  fail_next_sync_ = false;
  ++boot_;
  return open(written_, boot_, tail_bytes_max);
}

Result<RecoveredEnd> MemoryBackend::imagine_power_loss(Random&) const {
  return RecoveredEnd{durable_.hard_state, durable_.entries.head()};
}

}  // namespace tests::simulation
