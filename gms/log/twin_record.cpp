#include "gms/log/twin_record.hpp"

#include <algorithm>

namespace gms::log {

using model::ByteSpan;
using model::ErrorCode;
using model::Result;

const CheckedRecord* TwinCopies::newest() const {
  if (!both_readable()) return copies[0] ? &*copies[0] : copies[1] ? &*copies[1] : nullptr;
  return copies[1]->version > copies[0]->version ? &*copies[1] : &*copies[0];
}

std::size_t TwinCopies::first_to_rewrite() const {
  if (!copies[0]) return 0;
  if (!copies[1]) return 1;
  return copies[0]->version > copies[1]->version ? 1 : 0;
}

TwinRecord::TwinRecord(FileSystem& files, RecordKind kind, std::array<Place, 2> places)
    : files_(files), kind_(kind), places_(std::move(places)) {}

TwinCopies TwinRecord::read() {
  return {{read_copy(0), read_copy(1)}};
}

std::optional<CheckedRecord> TwinRecord::read_copy(std::size_t which) {
  const Place& place = places_[which];
  const auto file = files_.open(place.path, Access::read);
  if (!file) return std::nullopt;
  const auto size = (*file)->size();
  if (!size || size.value() <= place.offset) return std::nullopt;
  model::Bytes bytes(std::min<std::uint64_t>(size.value() - place.offset, kRecordBytesMax));
  const auto got = (*file)->read_at(place.offset, bytes);
  if (!got) return std::nullopt;
  return decode_record(kind_, ByteSpan(bytes).first(got.value()));
}

Result<File*> TwinRecord::file_of(std::size_t which) {
  if (open_[which] != nullptr) return open_[which].get();
  auto file = files_.open(places_[which].path, Access::read_and_write);
  if (!file && file.error().code == ErrorCode::not_found) file = files_.create(places_[which].path);
  if (!file) return file.error();
  open_[which] = *std::move(file);
  return open_[which].get();
}

Result<void> TwinRecord::write(RecordVersion version, ByteSpan content, std::size_t first) {
  const model::Bytes bytes = encode_record(kind_, version, content);
  const ByteSpan piece(bytes);
  for (const std::size_t which : {first, 1 - first}) {
    const auto file = file_of(which);
    if (!file) return file.error();
    if (auto written = (*file)->write_at(places_[which].offset, {&piece, 1}); !written)
      return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
  }
  return {};
}

}  // namespace gms::log
