#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gms/model/payload.hpp"
#include "gms/model/result.hpp"

namespace gms::wire {

// A frame is what travels on every connection, between members and between clients and members:
//
//   body bytes u32 | format u8 | type u8 | 2 zero bytes | crc32c u32 | body
//
// little-endian. The checksum covers the body, then the header before it. What types mean, and how
// bodies are encoded, is the business of those who use the connection.

inline constexpr std::uint8_t kFrameFormat = 1;
inline constexpr std::size_t kFrameHeaderBytes = 12;
/// No frame's body is larger, whatever a connection allows.
inline constexpr std::size_t kFrameBodyBytesMax = 18 * 1024 * 1024;

/// A frame as received. The body is a slice of the receive buffer, which it keeps alive.
struct Frame {
  std::uint8_t type = 0;
  model::Payload body;
};

/// Cuts the bytes of one connection into frames.
///
/// Guarantee: bodies are not copied out of the receive buffer; memory beyond one chunk is taken
/// only in proportion to bytes that did arrive, never because a length was claimed. After an error
/// nothing more comes: the connection has to be dropped. Thread rule: one thread. Bodies may
/// outlive the reader.
class FrameReader {
 public:
  /// `body_bytes_max`: the largest body this connection may send, at most kFrameBodyBytesMax.
  explicit FrameReader(std::size_t body_bytes_max = kFrameBodyBytesMax);

  /// From now on the connection may send bodies of up to `body_bytes_max`.
  void allow(std::size_t body_bytes_max);

  /// Where the next received bytes go; never empty. Valid until the next call of any method.
  [[nodiscard]] std::span<std::byte> space();
  /// Tells that the first `count` bytes of space() were filled in. Precondition: no more than it
  /// had.
  void received(std::size_t count);
  /// The next whole frame, or nothing before more bytes are there. Error: corrupt, for a header
  /// that no frame has, a body over the limit or a wrong checksum.
  [[nodiscard]] model::Result<std::optional<Frame>> next();

  /// Bytes received that are not part of a frame yet.
  [[nodiscard]] std::size_t pending_bytes() const { return end_ - begin_; }
  /// Bytes that space() has moved to larger chunks so far. It moves all of a frame that began, up
  /// to its size, which may be more work than to receive what goes there.
  [[nodiscard]] std::uint64_t moved_bytes() const { return moved_bytes_; }

 private:
  void rewind_unshared_chunk();
  void move_to_chunk(std::size_t bytes);
  [[nodiscard]] std::size_t frame_bytes_wanted() const;

  std::size_t body_bytes_max_ = 0;
  std::shared_ptr<std::byte[]> chunk_;
  std::size_t chunk_bytes_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  // The largest frame that this chunk held: a hint for the size of the next.
  std::size_t largest_frame_ = 0;
  std::uint64_t moved_bytes_ = 0;
  std::optional<model::Error> failure_;
};

/// Gathers frames for one connection, small parts copied into one buffer, large ones by reference,
/// so that all that is queued leaves in one gather write.
///
/// Usage: add() frames, or begin(), put() any number of times, end(); then write parts() and
/// consume() what was written.
/// Thread rule: one thread. Keeps references to large payloads until they are consumed.
class FrameWriter {
 public:
  /// Payloads from this size on are kept by reference.
  static constexpr std::size_t kReferenceBytesMin = 1024;
  /// How many parts one gather write takes.
  static constexpr std::size_t kPartsMax = 64;

  /// The parts of one gather write, in order.
  struct Parts {
    std::array<model::ByteSpan, kPartsMax> spans;
    std::size_t count = 0;
  };

  /// Starts a frame. Precondition: none is started.
  void begin(std::uint8_t type);
  /// Appends to the body of the frame that was started; the bytes are copied.
  void put(model::ByteSpan bytes);
  /// The same, keeping a large payload by reference.
  void put(const model::Payload& payload);
  /// Completes the frame. Precondition: its body is at most kFrameBodyBytesMax.
  void end();
  /// A whole frame in one call.
  void add(std::uint8_t type, model::ByteSpan body) {
    begin(type);
    put(body);
    end();
  }

  [[nodiscard]] bool empty() const { return queued_bytes_ == 0; }
  /// Bytes of complete frames that are not consumed.
  [[nodiscard]] std::size_t bytes() const { return queued_bytes_; }
  /// The next bytes to write. Borrowed until the next call of another method. Precondition: no
  /// frame is started and not complete.
  [[nodiscard]] Parts parts() const;
  /// Drops the first `count` bytes. Precondition: count ≤ bytes().
  void consume(std::size_t count);
  /// Drops everything.
  void clear();

 private:
  // A part is a stretch of buffer_ when `reference` is empty. Offsets count from the first byte
  // ever put into buffer_ since it was last empty.
  struct Part {
    std::size_t offset = 0;
    std::size_t size = 0;
    model::Payload reference;
  };

  void copy(model::ByteSpan bytes);
  void drop_consumed_copies();

  std::deque<Part> parts_;
  model::Bytes buffer_;
  // Where buffer_[0] stands among all bytes copied since the writer was last empty.
  std::size_t buffer_start_ = 0;
  std::size_t queued_bytes_ = 0;

  // The frame that is being made.
  bool open_ = false;
  std::uint8_t type_ = 0;
  std::size_t header_offset_ = 0;
  std::size_t body_bytes_ = 0;
  std::uint32_t checksum_ = 0;
};

}  // namespace gms::wire
