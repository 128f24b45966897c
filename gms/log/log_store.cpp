#include "gms/log/log_store.hpp"

#include <algorithm>
#include <utility>

#include "gms/log/inspection.hpp"
#include "gms/log/log_repair.hpp"

namespace gms::log {
namespace {

using model::ChainHead;
using model::EntryRun;
using model::Error;
using model::ErrorCode;
using model::HardState;
using model::Index;
using model::PersistRequest;
using model::Result;

Result<Segment> open_segment(FileSystem& files, const std::string& directory, Generation generation,
                             const ScannedSegment& segment) {
  auto file = files.open(joined(directory, to_string(SegmentName{generation, segment.seq})),
                         Access::read_and_write);
  if (!file) return file.error();
  return Segment{segment.seq, *std::move(file), segment.bytes};
}

}  // namespace

LogStore::LogStore(FileSystem& files, std::unique_ptr<DirectoryLock> lock, StateFiles state_files,
                   const StoredState& state, const std::string& log_directory)
    : lock_(std::move(lock)),
      state_files_(std::move(state_files)),
      identity_(state.identity),
      base_(state.meta.base),
      reader_(files, log_directory, state.meta.generation) {}

Result<LogStore::Recovered> LogStore::recover(FileSystem& files, const std::string& directory,
                                              const LogOptions& options) {
  auto lock = files.lock(directory);
  if (!lock) return lock.error();
  StateFiles state_files(files, directory);
  auto found = inspect(files, directory, state_files, options.tail_bytes_max);
  if (!found) return found.error();
  const StoredState& stored = found->stored;
  const Generation generation = stored.meta.generation;
  const std::string log_directory = joined(directory, kLogDirectory);

  if (auto done = state_files.rewrite(stored); !done) return done.error();
  if (auto done = repair_log(files, log_directory, generation, options.segment_bytes, found->log);
      !done)
    return done.error();

  model::RestoredState state{stored.identity, stored.next_boot, stored.hard_state,
                             std::move(found->log.log), std::nullopt};
  std::unique_ptr<LogStore> store(
      new LogStore(files, *std::move(lock), std::move(state_files), stored, log_directory));
  const SegmentWriter::Stamp stamp{generation, stored.meta.salt, stored.next_boot};
  if (auto done = store->open_segments(files, log_directory, options, std::move(found->log), stamp);
      !done)
    return done.error();
  return Recovered{std::move(store), std::move(state)};
}

Result<void> LogStore::open_segments(FileSystem& files, const std::string& directory,
                                     const LogOptions& options, ScannedLog scanned,
                                     SegmentWriter::Stamp stamp) {
  FileSeq next(1);
  if (!scanned.segments.empty()) next = scanned.segments.back().seq.next();
  std::deque<Segment> open;
  const std::size_t current = scanned.last_segment().value_or(0);
  const std::uint64_t offset = scanned.segments.empty() ? 0 : scanned.segments[current].used;
  for (std::size_t i = current; i < scanned.segments.size(); ++i) {
    auto segment = open_segment(files, directory, stamp.generation, scanned.segments[i]);
    if (!segment) return segment.error();
    open.push_back(*std::move(segment));
  }
  if (open.empty()) {
    auto made = make_segment(files, directory, {stamp.generation, next},
                             options.first_segment_bytes, std::stop_token());
    if (!made) return made.error();
    ++next;
    open.push_back(*std::move(made));
  }
  SegmentWriter::Start start{std::move(open.front()), offset, scanned.end, std::move(scanned.index),
                             scanned.seal.has_value()};
  open.pop_front();
  spares_ = std::make_unique<SpareSegments>(
      files, directory, SegmentName{stamp.generation, next},
      SpareSegments::Limits{options.segment_bytes, options.spares, options.reserve_bytes},
      std::move(open));
  writer_.emplace(stamp, std::move(start), *spares_);
  return {};
}

Result<void> LogStore::write(std::span<const PersistRequest> requests) {
  if (failed_) return Error{ErrorCode::closed, "the log failed before"};
  return watched(write_all(requests));
}

Result<void> LogStore::write_all(std::span<const PersistRequest> requests) {
  const PersistRequest* refused = nullptr;
  const HardState* hard_state = nullptr;
  for (const PersistRequest& request : requests) {
    if (request.group) {
      identity_.group = *request.group;
      if (auto done = state_files_.write_identity(identity_); !done) return done;
    }
    if (request.hard_state) hard_state = &*request.hard_state;
    if (request.refusal) refused = &request;
  }
  // Of several promises the last one includes the others, and may be durable before entries that
  // were ordered earlier: a member that has promised more than it was asked to is still safe.
  if (hard_state != nullptr)
    if (auto done = state_files_.write_hard_state(*hard_state); !done) return done;
  for (const PersistRequest& request : requests)
    for (const EntryRun& run : request.entries)
      if (auto done = writer_->append(run); !done) return done;
  if (auto done = writer_->sync(); !done) return done;
  if (refused == nullptr) return {};
  return state_files_.refuse(*refused->refusal);
}

Result<void> LogStore::seal() {
  if (failed_) return Error{ErrorCode::closed, "the log failed before"};
  return watched(writer_->seal());
}

Result<void> LogStore::watched(Result<void> result) {
  failed_ = !result.has_value();
  return result;
}

Result<model::ReadAnswer> LogStore::read(const model::ReadRequest& request) {
  model::ReadAnswer answer;
  answer.reader = request.reader;
  answer.first = request.first;
  const bool trimmed = request.first <= base_.head.position.index;
  const std::optional<Index> last = writer_->index().last();
  if (trimmed || !last || request.first > *last) {
    answer.gone = true;
    return answer;
  }
  reader_.forget();
  const auto previous = head_at(request.first.previous());
  if (!previous) return previous.error();
  auto entries = reader_.read(writer_->index(), request.first, *last, request.bytes_max);
  if (!entries) return entries.error();
  if (!entries->chain_is_intact(previous->hash))
    return Error{ErrorCode::corrupt, "the log's entries from index " +
                                         std::to_string(request.first.value()) +
                                         " on are not what was written"};
  answer.previous = *previous;
  answer.entries = *std::move(entries);
  return answer;
}

Result<ChainHead> LogStore::head_at(Index index) {
  if (index == base_.head.position.index) return base_.head;
  return reader_.head_at(writer_->index(), index);
}

Result<void> LogStore::check_applied(const model::Mark& mark) {
  const Index applied = mark.head.position.index;
  const Index base = base_.head.position.index;
  const Index last = writer_->index().last().value_or(base);
  if (applied < base || applied > last)
    return Error{ErrorCode::corrupt,
                 "the state machine has applied " + model::to_string(mark.head.position) +
                     ", but the log goes from index " + std::to_string(base.value()) + " to " +
                     std::to_string(last.value()) + "; " + std::string(kRejoinAdvice)};
  reader_.forget();
  const auto stored = head_at(applied);
  if (!stored) return stored.error();
  if (*stored == mark.head) return {};
  return Error{ErrorCode::corrupt, "the state machine has applied an entry " +
                                       model::to_string(mark.head.position) +
                                       " that is not the log's; " + std::string(kRejoinAdvice)};
}

}  // namespace gms::log
