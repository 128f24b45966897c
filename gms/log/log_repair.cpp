#include "gms/log/log_repair.hpp"

#include <algorithm>
#include <array>

#include "gms/log/segment_files.hpp"

namespace gms::log {
namespace {

using model::ByteSpan;
using model::Result;

constexpr std::uint64_t kCopyStepBytes = 1024 * 1024;

class Repair {
 public:
  Repair(FileSystem& files, const std::string& directory, Generation generation)
      : files_(files), directory_(directory), generation_(generation) {}

  Result<void> remove_leftovers(const ScannedLog& scanned) {
    for (const std::string& name : scanned.leftovers)
      if (auto removed = files_.remove(joined(directory_, name)); !removed) return removed;
    return {};
  }

  Result<void> copy_suspects(ScannedLog& scanned) {
    for (ScannedSegment& segment : scanned.segments) {
      if (!scanned.is_suspect(segment)) continue;
      if (auto copied = copy(segment); !copied) return copied;
      segment.bytes = segment.used;
    }
    return {};
  }

  /// The same bytes again: a seal needs no copy, since a part of it is no worse than none.
  Result<void> rewrite_seal(const ScannedLog& scanned) {
    if (!scanned.seal) return {};
    const auto file =
        files_.open(path(scanned.segments[scanned.seal->segment].seq), Access::read_and_write);
    if (!file) return file.error();
    std::array<std::byte, kSectorBytes> sector{};
    const EncodedBatchHeader encoded = encode(scanned.seal->header);
    std::copy(encoded.begin(), encoded.end(), sector.begin());
    const ByteSpan piece(sector);
    if (auto written = (*file)->write_at(scanned.seal->offset, {&piece, 1}); !written)
      return written;
    return (*file)->sync();
  }

  /// Keeps those spares that save the making of one. What a torn tail left in them cannot chain.
  Result<void> sort_spares(ScannedLog& scanned, std::uint64_t bytes_min) {
    const auto last = scanned.last_segment();
    const std::size_t first_spare = last ? *last + 1 : 0;
    std::vector<ScannedSegment> kept;
    for (std::size_t i = 0; i < scanned.segments.size(); ++i) {
      const ScannedSegment& segment = scanned.segments[i];
      const bool keeps = i < first_spare || segment.bytes >= bytes_min;
      if (keeps) kept.push_back(segment);
      const auto done = i < first_spare ? Result<void>()
                        : keeps         ? sync_spare(segment)
                                        : files_.remove(path(segment.seq));
      if (!done) return done;
    }
    scanned.segments = std::move(kept);
    return {};
  }

 private:
  [[nodiscard]] std::string path(FileSeq seq) const {
    return joined(directory_, to_string(SegmentName{generation_, seq}));
  }

  Result<void> sync_spare(const ScannedSegment& segment) {
    const auto file = files_.open(path(segment.seq), Access::read_and_write);
    if (!file) return file.error();
    return (*file)->sync();
  }

  Result<void> copy(const ScannedSegment& segment) {
    const std::string from = path(segment.seq);
    const std::string to = from + std::string(kUnfinishedSuffix);
    const auto source = files_.open(from, Access::read);
    if (!source) return source.error();
    const auto target = files_.create(to);
    if (!target) return target.error();
    model::Bytes buffer(std::min(kCopyStepBytes, segment.used));
    for (std::uint64_t at = 0; at < segment.used; at += buffer.size()) {
      const auto step =
          std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), segment.used - at));
      const auto got = (*source)->read_at(at, step);
      if (!got) return got.error();
      const ByteSpan piece = ByteSpan(step).first(*got);
      if (auto written = (*target)->write_at(at, {&piece, 1}); !written) return written;
    }
    if (auto synced = (*target)->sync(); !synced) return synced;
    return files_.rename(to, from);
  }

  FileSystem& files_;
  const std::string& directory_;
  Generation generation_;
};

}  // namespace

Result<void> repair_log(FileSystem& files, const std::string& directory, Generation generation,
                        std::uint64_t spare_bytes_min, ScannedLog& scanned) {
  Repair repair(files, directory, generation);
  if (auto done = repair.remove_leftovers(scanned); !done) return done;
  if (auto done = repair.copy_suspects(scanned); !done) return done;
  if (auto done = repair.rewrite_seal(scanned); !done) return done;
  if (auto done = repair.sort_spares(scanned, spare_bytes_min); !done) return done;
  return files.sync_directory(directory);
}

}  // namespace gms::log
