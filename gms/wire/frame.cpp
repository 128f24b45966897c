#include "gms/wire/frame.hpp"

#include <algorithm>
#include <string>

#include "gms/model/buffer.hpp"
#include "gms/model/crc32c.hpp"

namespace gms::wire {
namespace {

using model::ByteSpan;
using model::Error;
using model::ErrorCode;

/// The part of the header that the checksum covers.
constexpr std::size_t kCheckedHeaderBytes = 8;
/// Receive buffers start at this size and grow by this factor, but only behind bytes that came.
constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr std::size_t kChunkGrowth = 4;
/// A frame that is larger than the grown buffer by at most this part of it is not moved once more.
constexpr std::size_t kChunkSlack = 4;
/// A connection that sent large frames starts with a buffer for so many more of them, of this size
/// at most. The frame that a buffer ends in is moved to the next: one in so many.
constexpr std::size_t kChunkFrames = 8;
constexpr std::size_t kChunkHintBytesMax = 4 * 1024 * 1024;
/// Less room than this is not worth a system call.
constexpr std::size_t kSpaceBytesMin = 4096;
/// An idle connection keeps no larger buffer, in either direction.
constexpr std::size_t kIdleBytesMax = 256 * 1024;

struct Header {
  std::uint32_t body_bytes = 0;
  std::uint8_t format = 0;
  std::uint8_t type = 0;
  std::uint16_t zero = 0;
  std::uint32_t checksum = 0;
};

Header load_header(const std::byte* from) {
  Header header;
  header.body_bytes = model::load_little_endian<std::uint32_t>(from);
  header.format = static_cast<std::uint8_t>(from[4]);
  header.type = static_cast<std::uint8_t>(from[5]);
  header.zero = model::load_little_endian<std::uint16_t>(from + 6);
  header.checksum = model::load_little_endian<std::uint32_t>(from + kCheckedHeaderBytes);
  return header;
}

/// Stores the checked part of the header.
void store_header(std::byte* to, std::size_t body_bytes, std::uint8_t type) {
  model::store_little_endian(to, static_cast<std::uint32_t>(body_bytes));
  to[4] = std::byte{kFrameFormat};
  to[5] = std::byte{type};
  model::store_little_endian(to + 6, std::uint16_t{0});
}

/// The size of the buffer after one of that size, for a frame of so many bytes.
std::size_t grown(std::size_t bytes, std::size_t wanted) {
  const std::size_t most = bytes * kChunkGrowth;
  return wanted <= most + most / kChunkSlack ? wanted : most;
}

std::optional<Error> check(const Header& header, std::size_t body_bytes_max) {
  if (header.format != kFrameFormat || header.zero != 0)
    return Error{ErrorCode::corrupt, "not a frame of this format"};
  if (header.body_bytes > body_bytes_max)
    return Error{ErrorCode::corrupt, "a frame of " + std::to_string(header.body_bytes) +
                                         " bytes, over the limit of " +
                                         std::to_string(body_bytes_max)};
  return std::nullopt;
}

}  // namespace

FrameReader::FrameReader(std::size_t body_bytes_max) {
  allow(body_bytes_max);
}

void FrameReader::allow(std::size_t body_bytes_max) {
  body_bytes_max_ = std::min(body_bytes_max, kFrameBodyBytesMax);
}

std::size_t FrameReader::frame_bytes_wanted() const {
  if (pending_bytes() < kFrameHeaderBytes) return kFrameHeaderBytes;
  const Header header = load_header(chunk_.get() + begin_);
  // next() refuses what is over the limit; nothing may be taken for it meanwhile.
  return kFrameHeaderBytes + std::min<std::size_t>(header.body_bytes, body_bytes_max_);
}

void FrameReader::move_to_chunk(std::size_t bytes) {
  auto chunk = model::make_buffer(bytes);
  if (pending_bytes() > 0) std::copy(chunk_.get() + begin_, chunk_.get() + end_, chunk.get());
  chunk_ = std::move(chunk);
  chunk_bytes_ = bytes;
  largest_frame_ = 0;
  moved_bytes_ += pending_bytes();
  end_ -= begin_;
  begin_ = 0;
}

void FrameReader::rewind_unshared_chunk() {
  if (begin_ != end_ || begin_ == 0 || chunk_.use_count() != 1) return;
  // use_count() alone orders nothing. Taking one more reference does, since libstdc++ counts with
  // acquire and release: what another thread read through the reference that it gave up last
  // happened before the chunk is filled again.
  const auto ordered = chunk_;
  begin_ = end_ = 0;
  if (chunk_bytes_ <= kIdleBytesMax) return;
  // The memory of a connection that says nothing more is given back, not kept for another large
  // frame.
  chunk_.reset();
  chunk_bytes_ = 0;
  largest_frame_ = 0;
}

std::span<std::byte> FrameReader::space() {
  rewind_unshared_chunk();
  const std::size_t wanted = frame_bytes_wanted();
  const bool frame_fits = begin_ + wanted <= chunk_bytes_;
  if (end_ == chunk_bytes_ || (!frame_fits && chunk_bytes_ - end_ < kSpaceBytesMin)) {
    // A frame that began at the front fills the chunk: its bytes did come, so more may be taken.
    const std::size_t size =
        begin_ == 0 && chunk_bytes_ > 0
            ? grown(chunk_bytes_, wanted)
            : std::clamp(kChunkFrames * largest_frame_, kChunkBytes, kChunkHintBytesMax);
    move_to_chunk(std::max(size, pending_bytes() + kSpaceBytesMin));
  }
  return {chunk_.get() + end_, chunk_bytes_ - end_};
}

void FrameReader::received(std::size_t count) {
  GMS_ASSERT(count <= chunk_bytes_ - end_, "FrameReader::received");
  end_ += count;
}

model::Result<std::optional<Frame>> FrameReader::next() {
  if (failure_) return *failure_;
  if (pending_bytes() < kFrameHeaderBytes) return std::optional<Frame>();
  const std::byte* at = chunk_.get() + begin_;
  const Header header = load_header(at);
  failure_ = check(header, body_bytes_max_);
  if (failure_) return *failure_;
  if (pending_bytes() < kFrameHeaderBytes + header.body_bytes) return std::optional<Frame>();
  const ByteSpan body(at + kFrameHeaderBytes, header.body_bytes);
  if (model::crc32c(model::crc32c(0, body), ByteSpan(at, kCheckedHeaderBytes)) != header.checksum) {
    failure_ = Error{ErrorCode::corrupt, "a frame's checksum is wrong"};
    return *failure_;
  }
  begin_ += kFrameHeaderBytes + header.body_bytes;
  largest_frame_ = std::max(largest_frame_, kFrameHeaderBytes + header.body_bytes);
  return std::optional(Frame{header.type, model::Payload(chunk_, body)});
}

void FrameWriter::copy(ByteSpan bytes) {
  const std::size_t offset = buffer_start_ + buffer_.size();
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  // Neighbouring copies, of different frames too, are one part of the gather write.
  if (!parts_.empty() && parts_.back().reference.empty())
    parts_.back().size += bytes.size();
  else
    parts_.push_back({offset, bytes.size(), {}});
}

void FrameWriter::begin(std::uint8_t type) {
  GMS_ASSERT(!open_, "FrameWriter::begin");
  open_ = true;
  type_ = type;
  body_bytes_ = 0;
  checksum_ = 0;
  header_offset_ = buffer_start_ + buffer_.size();
  copy(std::array<std::byte, kFrameHeaderBytes>{});
}

void FrameWriter::put(ByteSpan bytes) {
  GMS_ASSERT(open_, "FrameWriter::put");
  if (bytes.empty()) return;
  body_bytes_ += bytes.size();
  checksum_ = model::crc32c(checksum_, bytes);
  copy(bytes);
}

void FrameWriter::put(const model::Payload& payload) {
  if (payload.size() < kReferenceBytesMin) return put(payload.bytes());
  GMS_ASSERT(open_, "FrameWriter::put");
  body_bytes_ += payload.size();
  checksum_ = model::crc32c(checksum_, payload.bytes());
  parts_.push_back({0, payload.size(), payload});
}

void FrameWriter::end() {
  GMS_ASSERT(open_, "FrameWriter::end");
  GMS_ASSERT(body_bytes_ <= kFrameBodyBytesMax, "FrameWriter::end: size");
  std::byte* header = buffer_.data() + (header_offset_ - buffer_start_);
  store_header(header, body_bytes_, type_);
  checksum_ = model::crc32c(checksum_, ByteSpan(header, kCheckedHeaderBytes));
  model::store_little_endian(header + kCheckedHeaderBytes, checksum_);
  queued_bytes_ += kFrameHeaderBytes + body_bytes_;
  open_ = false;
}

FrameWriter::Parts FrameWriter::parts() const {
  GMS_ASSERT(!open_, "FrameWriter::parts");
  Parts out;
  for (const Part& part : parts_) {
    if (out.count == kPartsMax) break;
    out.spans[out.count++] =
        part.reference.empty() ? ByteSpan(buffer_.data() + (part.offset - buffer_start_), part.size)
                               : part.reference.bytes();
  }
  return out;
}

void FrameWriter::consume(std::size_t count) {
  GMS_ASSERT(!open_, "FrameWriter::consume");
  GMS_ASSERT(count <= queued_bytes_, "FrameWriter::consume: count");
  queued_bytes_ -= count;
  if (queued_bytes_ == 0) return clear();
  while (count > 0) {
    Part& part = parts_.front();
    if (count < part.size) {
      part.offset += count;
      part.size -= count;
      if (!part.reference.empty()) part.reference = part.reference.slice(count, part.size);
      break;
    }
    count -= part.size;
    parts_.pop_front();
  }
  drop_consumed_copies();
}

void FrameWriter::drop_consumed_copies() {
  std::size_t kept_from = buffer_start_ + buffer_.size();
  for (const Part& part : parts_)
    if (part.reference.empty()) {
      kept_from = part.offset;
      break;
    }
  const std::size_t consumed = kept_from - buffer_start_;
  // Moved only when it halves the buffer at least, so that the cost is in proportion to the bytes.
  if (consumed < buffer_.size() - consumed) return;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed));
  buffer_start_ += consumed;
}

void FrameWriter::clear() {
  GMS_ASSERT(!open_, "FrameWriter::clear");
  parts_.clear();
  buffer_.clear();
  if (buffer_.capacity() > kIdleBytesMax) buffer_.shrink_to_fit();
  buffer_start_ = 0;
  queued_bytes_ = 0;
}

}  // namespace gms::wire
