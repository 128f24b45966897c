#include "gms/log/log_store.hpp"

#include <algorithm>
#include <utility>

#include "gms/log/inspection.hpp"
#include "gms/log/log_repair.hpp"
#include "gms/log/salt_hash.hpp"

namespace gms::log {
namespace {

using model::Base;
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
    : files_(files),
      lock_(std::move(lock)),
      state_files_(std::move(state_files)),
      log_directory_(log_directory),
      identity_(state.identity),
      boot_(state.next_boot),
      meta_(state.meta),
      reader_(files, log_directory, state.meta.generation) {}

Result<LogStore::Recovered> LogStore::recover(FileSystem& files, const std::string& directory,
                                              const LogOptions& options) {
  auto lock = files.lock(directory);
  if (!lock) return lock.error();
  StateFiles state_files(files, directory);
  auto found = inspect(files, directory, state_files, options.tail_bytes_max);
  if (!found) return found.error();
  const StoredState& stored = found->stored;
  const std::string log_directory = joined(directory, kLogDirectory);

  if (auto done = state_files.rewrite(stored); !done) return done.error();
  if (auto done = repair_log(files, log_directory, stored.meta.generation, options.segment_bytes,
                             found->log);
      !done)
    return done.error();

  model::RestoredState state;
  state.identity = stored.identity;
  state.boot = stored.next_boot;
  state.hard_state = stored.hard_state;
  state.log = std::move(found->log.log);
  state.state = stored.meta.state_generation;
  state.state_diverged = stored.meta.state_diverged;
  std::unique_ptr<LogStore> store(
      new LogStore(files, *std::move(lock), std::move(state_files), stored, log_directory));
  if (auto done = store->open_segments(options, std::move(found->log)); !done) return done.error();
  return Recovered{std::move(store), std::move(state)};
}

Result<void> LogStore::open_segments(const LogOptions& options, ScannedLog scanned) {
  first_segment_bytes_ = options.first_segment_bytes;
  FileSeq next(1);
  if (!scanned.segments.empty()) next = scanned.segments.back().seq.next();
  std::deque<FullSegment> full;
  std::deque<Segment> open;
  const std::size_t current = scanned.last_segment().value_or(0);
  const ScannedSegment last =
      scanned.segments.empty() ? ScannedSegment() : scanned.segments[current];
  for (std::size_t i = 0; i < scanned.segments.size(); ++i) {
    const ScannedSegment& segment = scanned.segments[i];
    if (i < current) {
      full.push_back({segment.seq, segment.bytes, segment.largest_index});
      continue;
    }
    auto opened = open_segment(files_, log_directory_, meta_.generation, segment);
    if (!opened) return opened.error();
    open.push_back(*std::move(opened));
  }
  if (open.empty()) {
    auto made = make_segment(files_, log_directory_, {meta_.generation, next}, first_segment_bytes_,
                             std::stop_token());
    if (!made) return made.error();
    ++next;
    open.push_back(*std::move(made));
  }
  SegmentWriter::Start start{
      std::move(open.front()),  last.used,          scanned.end,    std::move(scanned.index),
      scanned.seal.has_value(), last.largest_index, std::move(full)};
  open.pop_front();
  spares_ = std::make_unique<SpareSegments>(
      files_, log_directory_, SegmentName{meta_.generation, next},
      SpareSegments::Limits{options.segment_bytes, options.spares,
                            std::max(options.spares, options.spares_max), options.reserve_bytes,
                            options.low_bytes},
      std::move(open));
  writer_.emplace(stamp(), std::move(start), *spares_);
  // A trim may have come no further than META.
  retire_segments();
  return {};
}

SegmentUsage LogStore::usage() const {
  SegmentUsage usage = writer_->usage();
  const SegmentUsage others = spares_->usage();
  usage.segments += others.segments;
  usage.bytes += others.bytes;
  return usage;
}

SegmentWriter::Stamp LogStore::stamp() const {
  return {meta_.generation, meta_.salt, boot_};
}

Result<void> LogStore::write(std::span<const PersistRequest> requests) {
  if (failed_) return Error{ErrorCode::closed, "the log failed before"};
  return watched(write_all(requests));
}

Result<void> LogStore::write_all(std::span<const PersistRequest> requests) {
  if (auto done = write_promises(requests); !done) return done;
  const PersistRequest* refused = nullptr;
  const Base* trim_to = nullptr;
  for (const PersistRequest& request : requests) {
    if (request.install) {
      if (auto done = install(*request.install); !done) return done;
      trim_to = nullptr;
    }
    for (const EntryRun& run : request.entries)
      if (auto done = writer_->append(run); !done) return done;
    if (request.trim_to) trim_to = &*request.trim_to;
    if (request.state_diverged) {
      if (auto done = note_divergence(*request.state_diverged); !done) return done;
    }
    if (request.refusal) refused = &request;
  }
  if (auto done = writer_->sync(); !done) return done;
  // Of several bases the last one includes the others.
  if (trim_to != nullptr)
    if (auto done = move_base(
            {meta_.generation, meta_.salt, *trim_to, meta_.state_generation, meta_.state_diverged});
        !done)
      return done;
  if (refused == nullptr) return {};
  return state_files_.refuse(*refused->refusal);
}

Result<void> LogStore::write_promises(std::span<const PersistRequest> requests) {
  const HardState* hard_state = nullptr;
  for (const PersistRequest& request : requests) {
    if (request.group) {
      identity_.group = *request.group;
      if (auto done = state_files_.write_identity(identity_); !done) return done;
    }
    if (request.hard_state) hard_state = &*request.hard_state;
  }
  // Of several promises the last one includes the others, and may be durable before entries that
  // were ordered earlier: a member that has promised more than it was asked to is still safe.
  if (hard_state == nullptr) return {};
  return state_files_.write_hard_state(*hard_state);
}

Result<void> LogStore::install(const model::InstallRequest& request) {
  Meta meta{meta_.generation, meta_.salt, request.base, request.state, false};
  if (!request.keeps_tail) return begin_anew(std::move(meta));
  if (auto done = writer_->sync(); !done) return done;
  return move_base(std::move(meta));
}

Result<void> LogStore::begin_anew(Meta meta) {
  const auto listing = list_segments(files_, log_directory_);
  if (!listing) return listing.error();
  // Larger than that of any file: one may be left of a switch that did not get as far as META.
  for (const SegmentName& name : listing->segments)
    meta.generation = std::max(meta.generation, name.generation);
  meta.generation = meta.generation.next();
  meta.salt = next_salt(meta.salt, meta.generation, meta.base.head);
  constexpr FileSeq kFirst(1);
  auto segment = make_segment(files_, log_directory_, {meta.generation, kFirst},
                              first_segment_bytes_, std::stop_token());
  if (!segment) return segment.error();
  if (auto done = state_files_.write_meta(meta); !done) return done;

  meta_ = std::move(meta);
  reader_.go_over_to(meta_.generation);
  // What was added for the old log and not written yet goes with it.
  spares_->retire(writer_->give_up());
  spares_->start_over({meta_.generation, kFirst.next()});
  bytes_written_before_ += writer_->bytes_written();
  writer_.emplace(stamp(), SegmentWriter::Start{*std::move(segment), 0, {}, {}}, *spares_);
  return {};
}

Result<void> LogStore::note_divergence(bool diverged) {
  Meta meta = meta_;
  meta.state_diverged = diverged;
  if (auto done = state_files_.write_meta(meta); !done) return done;
  meta_ = std::move(meta);
  return {};
}

Result<void> LogStore::move_base(Meta meta) {
  const ChainHead& base = meta.base.head;
  GMS_ASSERT(base.position.index >= meta_.base.head.position.index, "LogStore::move_base");
  reader_.forget();
  const auto held = head_at(base.position.index);
  if (!held) return held.error();
  if (*held != base)
    return Error{ErrorCode::corrupt, "entry " + to_string(base.position) +
                                         " of the log is not the one that was written"};
  if (auto done = state_files_.write_meta(meta); !done) return done;
  meta_ = std::move(meta);
  retire_segments();
  return {};
}

void LogStore::retire_segments() {
  reader_.close();
  spares_->retire(writer_->trim_to(meta_.base.head.position.index));
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
  const bool trimmed = request.first <= meta_.base.head.position.index;
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
  if (index == meta_.base.head.position.index) return meta_.base.head;
  return reader_.head_at(writer_->index(), index);
}

Result<void> LogStore::check_applied(const model::Mark& mark) {
  const Index applied = mark.head.position.index;
  const Index base = meta_.base.head.position.index;
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
