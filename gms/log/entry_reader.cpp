#include "gms/log/entry_reader.hpp"

#include <utility>

#include "gms/log/batch_header.hpp"
#include "gms/log/segment_files.hpp"

namespace gms::log {
namespace {

using model::Bytes;
using model::ChainHead;
using model::EntryRun;
using model::EntryView;
using model::Error;
using model::ErrorCode;
using model::Index;
using model::Result;

}  // namespace

EntryReader::EntryReader(FileSystem& files, std::string directory, Generation generation)
    : files_(files), directory_(std::move(directory)), generation_(generation) {}

Result<ChainHead> EntryReader::head_at(const EntryIndex& index, Index wanted) {
  const auto run = read(index, wanted, wanted, 0);
  if (!run) return run.error();
  return run->head();
}

Result<EntryRun> EntryReader::read(const EntryIndex& index, Index first, Index last,
                                   std::size_t bytes_max) {
  const EntryPlace* const place = index.find(first);
  GMS_ASSERT(place != nullptr && index.find(last) != nullptr, "EntryReader::read");
  Cursor cursor;
  cursor.next = place->first;
  Bytes out;
  while (cursor.next <= last) {
    const auto entry = take(index, cursor);
    if (!entry) return entry.error();
    if (entry->index() < first) continue;
    const auto encoded = entry->encoded();
    if (!out.empty() && out.size() + encoded.size() > bytes_max) break;
    out.insert(out.end(), encoded.begin(), encoded.end());
  }
  return EntryRun::parse(model::Payload::copy_of(out));
}

Result<EntryView> EntryReader::take(const EntryIndex& index, Cursor& cursor) {
  if (cursor.next_batch == 0 || cursor.next > cursor.place.last) {
    if (auto entered = enter_place(index, cursor); !entered) return entered.error();
  } else if (cursor.offset == cursor.entries_end) {
    cursor.offset = cursor.next_batch;
    if (auto entered = enter_batch(cursor); !entered) return entered.error();
  }
  const std::uint64_t rest = cursor.entries_end - cursor.offset;
  if (rest < model::kEntryHeaderBytes) return damaged(cursor.offset, "an entry is cut off");
  auto bytes = window_->view(cursor.offset, model::kEntryHeaderBytes);
  if (!bytes) return bytes.error();
  if (bytes->size() < model::kEntryHeaderBytes)
    return damaged(cursor.offset, "the file ends in an entry");
  const std::size_t size = EntryView(bytes->data()).bytes();
  if (size > rest) return damaged(cursor.offset, "an entry is larger than its batch");
  bytes = window_->view(cursor.offset, size);
  if (!bytes) return bytes.error();
  if (bytes->size() < size) return damaged(cursor.offset, "the file ends in an entry");
  const EntryView entry(bytes->data());
  if (entry.index() != cursor.next) return damaged(cursor.offset, "another entry stands here");
  cursor.offset += size;
  ++cursor.next;
  return entry;
}

Result<void> EntryReader::enter_place(const EntryIndex& index, Cursor& cursor) {
  cursor.place = *index.find(cursor.next);
  cursor.offset = cursor.place.offset;
  if (auto opened = open(cursor.place.segment); !opened) return opened;
  return enter_batch(cursor);
}

Result<void> EntryReader::enter_batch(Cursor& cursor) {
  const auto bytes = window_->view(cursor.offset, kBatchHeaderBytes);
  if (!bytes) return bytes.error();
  const auto stored = decode_batch_header(*bytes);
  if (!stored || stored->header.first_index != cursor.next)
    return damaged(cursor.offset, "a batch is not what was written");
  cursor.next_batch = cursor.offset + batch_extent(stored->header.entry_bytes);
  cursor.offset += kBatchHeaderBytes;
  cursor.entries_end = cursor.offset + stored->header.entry_bytes;
  return {};
}

Result<void> EntryReader::open(FileSeq segment) {
  if (window_ && segment == segment_) return {};
  auto file =
      files_.open(joined(directory_, to_string(SegmentName{generation_, segment})), Access::read);
  if (!file) return file.error();
  segment_ = segment;
  window_.emplace(*std::move(file));
  return {};
}

void EntryReader::forget() {
  if (window_) window_->forget();
}

Error EntryReader::damaged(std::uint64_t offset, const char* what) const {
  return {ErrorCode::corrupt, joined(directory_, to_string(SegmentName{generation_, segment_})) +
                                  " at byte " + std::to_string(offset) + ": " + what};
}

}  // namespace gms::log
