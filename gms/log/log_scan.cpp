#include "gms/log/log_scan.hpp"

#include <algorithm>

#include "gms/log/segment_files.hpp"
#include "gms/log/state_files.hpp"

namespace gms::log {
namespace {

using model::EntryRun;
using model::Error;
using model::ErrorCode;
using model::Result;

/// Sorts the directory's files into the generation's segments and the rest.
Result<void> list_files(FileSystem& files, const std::string& directory, Generation generation,
                        ScannedLog& out) {
  const auto listing = list_segments(files, directory);
  if (!listing) return listing.error();
  out.leftovers = listing->unfinished;
  for (const SegmentName& name : listing->segments) {
    if (name.generation != generation) {
      out.leftovers.push_back(to_string(name));
      continue;
    }
    const auto file = files.open(joined(directory, to_string(name)), Access::read);
    if (!file) return file.error();
    const auto bytes = (*file)->size();
    if (!bytes) return bytes.error();
    out.segments.push_back({name.seq, *bytes, 0, {}, {}});
  }
  return {};
}

std::vector<FileSeq> numbers_of(const std::vector<ScannedSegment>& segments) {
  std::vector<FileSeq> numbers;
  for (const ScannedSegment& segment : segments) numbers.push_back(segment.seq);
  return numbers;
}

/// A passed checksum says that these bytes were written; that they are entries is checked still.
Result<EntryRun> entries_of(const ScannedBatch& batch) {
  auto run = EntryRun::parse(model::Payload(nullptr, batch.entries));
  const BatchHeader& header = batch.stored.header;
  if (run && (run->count() != header.entry_count || run->first_index() != header.first_index))
    return Error{ErrorCode::corrupt, "entries that are not those of their batch"};
  return run;
}

/// Takes a batch of a scan into the log.
Result<void> collect(const ScannedBatch& batch, Replay& replay, ScannedLog& out) {
  const BatchHeader& header = batch.stored.header;
  ScannedSegment& segment = out.segments[batch.segment];
  segment.used = batch.end();
  segment.last_batch = header.seq;
  out.proven = std::max(out.proven, header.durable_upto);
  out.end = {header.seq, batch.stored.checksum, header.boot};
  out.seal.reset();
  if (header.is_seal()) {
    out.seal = LastSeal{batch.segment, batch.offset, header};
    return {};
  }
  const auto run = entries_of(batch);
  if (!run) return run.error();
  segment.largest_index = std::max(segment.largest_index, run->last_index());
  return replay.add({segment.seq, batch.offset, batch.end() - batch.offset, run->first_index(),
                     run->last_index()},
                    *run);
}

/// Says where the error is, and what to do if it is a corruption.
Error located(const std::string& where, const Error& error) {
  std::string detail = where + ": " + error.detail;
  if (error.code == ErrorCode::corrupt) detail += "; " + std::string(kRejoinAdvice);
  return {error.code, std::move(detail)};
}

}  // namespace

std::optional<std::size_t> ScannedLog::last_segment() const {
  for (std::size_t i = segments.size(); i > 0; --i)
    if (segments[i - 1].used != 0) return i - 1;
  return std::nullopt;
}

Result<ScannedLog> scan_log(FileSystem& files, const std::string& directory, const Meta& meta,
                            std::size_t tail_bytes_max) {
  ScannedLog out;
  if (auto listed = list_files(files, directory, meta.generation, out); !listed)
    return listed.error();
  Replay replay(EntryReader(files, directory, meta.generation), meta.base, tail_bytes_max);
  ChainScan scan(files, directory, meta.generation, meta.salt, numbers_of(out.segments));
  while (true) {
    const auto batch = scan.next();
    if (!batch) return batch.error();
    if (!*batch) break;
    if (auto taken = collect(**batch, replay, out); !taken)
      return located(scan.path((*batch)->segment) + " at byte " + std::to_string((*batch)->offset),
                     taken.error());
  }
  if (auto torn = scan.check_end_is_torn(); !torn) return torn.error();
  auto log = replay.finish();
  if (!log) return located(directory, log.error());
  out.log = *std::move(log);
  out.index = replay.take_index();
  return out;
}

}  // namespace gms::log
