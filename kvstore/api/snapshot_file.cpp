#include "kvstore/api/snapshot_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "gms/model/crc32c.hpp"

namespace kvstore::api {

using gms::log::FileSystem;
using gms::model::ByteReader;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::crc32c;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

namespace {

constexpr std::string_view kMagic = "groupkv snapshot";
constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kFileHeadBytes = 24;
constexpr std::size_t kChunkHeadBytes = 20;
/// The largest row and what comes in one page with it.
constexpr std::size_t kChunkBytesMax = 2 * gms::model::kEntryPayloadBytesMax;

constexpr std::uint32_t kHeadChunk = 1;
constexpr std::uint32_t kRowsChunk = 2;
constexpr std::uint32_t kEndChunk = 3;

Error corrupt(const std::string& what) {
  return {ErrorCode::corrupt, "not an intact snapshot: " + what};
}

std::string unfinished(const std::string& path) {
  return path + ".unfinished";
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Bytes file_head() {
  ByteWriter out;
  out.raw(gms::model::as_bytes(kMagic));
  out.u32(kFormat);
  out.u32(crc32c(0, out.bytes()));
  return out.take();
}

Bytes chunk_head(std::uint32_t kind, std::uint64_t number, ByteSpan body) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.u32(kind);
  out.u64(number);
  out.u32(crc32c(crc32c(0, body), out.bytes()));
  return out.take();
}

}  // namespace

// ---- writing

Result<SnapshotWriter> SnapshotWriter::create(FileSystem& files, const std::string& path,
                                              const SnapshotHead& head) {
  const auto removed = files.remove(unfinished(path));
  if (!removed && removed.error().code != ErrorCode::not_found) return removed.error();
  auto file = files.create(unfinished(path));
  if (!file) return file.error();
  SnapshotWriter writer(files, path, *std::move(file));
  if (auto done = writer.write(file_head()); !done) return done.error();
  ByteWriter body;
  body.u64(head.group.high);
  body.u64(head.group.low);
  body.u64(head.taken_at_ms);
  body.u64(head.state.value());
  body.raw(head.record);
  if (auto done = writer.write_chunk(kHeadChunk, body.bytes()); !done) return done.error();
  return writer;
}

SnapshotWriter::~SnapshotWriter() {
  if (file_ != nullptr) static_cast<void>(files_.remove(unfinished(path_)));
}

void SnapshotWriter::add(const SnapshotRow& row) {
  encode_pair({row.key, row.row}, RangeContent::rows, pending_);
  ++rows_;
}

Result<void> SnapshotWriter::flush() {
  if (pending_.bytes().empty()) return {};
  auto done = write_chunk(kRowsChunk, pending_.bytes());
  pending_.clear();
  return done;
}

Result<void> SnapshotWriter::finish() {
  if (auto done = flush(); !done) return done;
  ByteWriter body;
  body.u64(rows_);
  body.u64(body_bytes_);
  body.u32(checksum_);
  if (auto done = write_chunk(kEndChunk, body.bytes()); !done) return done;
  if (auto synced = file_->sync(); !synced) return synced;
  if (auto renamed = files_.rename(unfinished(path_), path_); !renamed) return renamed;
  file_.reset();
  return files_.sync_directory(directory_of(path_));
}

Result<void> SnapshotWriter::write(ByteSpan bytes) {
  const auto offset = std::exchange(offset_, offset_ + bytes.size());
  return file_->write_at(offset, {&bytes, 1});
}

Result<void> SnapshotWriter::write_chunk(std::uint32_t kind, ByteSpan body) {
  if (auto done = write(chunk_head(kind, chunks_++, body)); !done) return done;
  checksum_ = crc32c(checksum_, body);
  body_bytes_ += body.size();
  return write(body);
}

// ---- reading

Result<SnapshotReader> SnapshotReader::open(FileSystem& files, const std::string& path) {
  SnapshotReader reader;
  auto file = files.open(path, gms::log::Access::read);
  if (!file) return file.error();
  reader.file_ = *std::move(file);
  const auto size = reader.file_->size();
  if (!size) return size.error();
  reader.size_ = *size;
  if (auto done = reader.read(kFileHeadBytes); !done) return done.error();
  if (!std::ranges::equal(reader.buffer_, file_head())) return corrupt("another kind of file");
  if (auto done = reader.read_head(); !done) return done.error();
  return reader;
}

Result<void> SnapshotReader::read(std::uint64_t bytes) {
  // Looked at before anything is allocated.
  if (bytes > size_ - offset_) return corrupt("it is cut off");
  buffer_.resize(bytes);
  const auto got = file_->read_at(offset_, buffer_);
  if (!got) return got.error();
  if (*got != bytes) return corrupt("it is cut off");
  offset_ += bytes;
  return {};
}

Result<std::uint32_t> SnapshotReader::read_chunk() {
  const std::string place = "the chunk at byte " + std::to_string(offset_) + " is damaged";
  if (auto done = read(kChunkHeadBytes); !done) return done.error();
  const Bytes head = buffer_;
  ByteReader in(head);
  const std::uint32_t bytes = in.u32();
  const std::uint32_t kind = in.u32();
  if (bytes > kChunkBytesMax) return corrupt(place);
  if (auto done = read(bytes); !done) return done.error();
  if (head != chunk_head(kind, chunks_++, buffer_)) return corrupt(place);
  return kind;
}

Result<void> SnapshotReader::read_head() {
  const auto kind = read_chunk();
  if (!kind) return kind.error();
  ByteReader in(buffer_);
  head_.group.high = in.u64();
  head_.group.low = in.u64();
  head_.taken_at_ms = in.u64();
  head_.state = gms::model::Index(in.u64());
  const ByteSpan record = in.raw(in.remaining());
  head_.record.assign(record.begin(), record.end());
  if (!in.finished() || *kind != kHeadChunk) return corrupt("it has no head");
  checksum_ = crc32c(0, buffer_);
  body_bytes_ = buffer_.size();
  return {};
}

Result<std::vector<SnapshotRow>> SnapshotReader::next() {
  if (ended_) return std::vector<SnapshotRow>();
  const auto kind = read_chunk();
  if (!kind) return kind.error();
  if (*kind == kRowsChunk) return rows_of_chunk();
  if (*kind != kEndChunk) return corrupt("a chunk of an unknown kind");
  if (auto checked = check_end(); !checked) return checked.error();
  ended_ = true;
  return std::vector<SnapshotRow>();
}

Result<std::vector<SnapshotRow>> SnapshotReader::rows_of_chunk() {
  checksum_ = crc32c(checksum_, buffer_);
  body_bytes_ += buffer_.size();
  RangePage page;
  page.content = RangeContent::rows;
  page.pairs = buffer_;
  PairReader pairs(page);
  std::vector<SnapshotRow> rows;
  while (const auto pair = pairs.next()) rows.push_back({pair->key, pair->row});
  if (!pairs.ok() || rows.empty()) return corrupt("malformed rows");
  rows_ += rows.size();
  return rows;
}

Result<void> SnapshotReader::check_end() const {
  ByteReader in(buffer_);
  const bool right = in.u64() == rows_ && in.u64() == body_bytes_ && in.u32() == checksum_;
  if (!in.finished() || !right || offset_ != size_) return corrupt("its end does not fit it");
  return {};
}

}  // namespace kvstore::api
