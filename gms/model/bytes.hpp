#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gms::model {

using Bytes = std::vector<std::byte>;
/// Borrowed bytes. Passed down calls, never stored.
using ByteSpan = std::span<const std::byte>;

[[nodiscard]] inline ByteSpan as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
[[nodiscard]] inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Stores an unsigned integer at `to` in little-endian order.
template <class T>
void store_little_endian(std::byte* to, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xFF);
}

/// Loads an unsigned integer from `from` in little-endian order.
template <class T>
[[nodiscard]] T load_little_endian(const std::byte* from) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | (static_cast<T>(from[i]) << (8 * i)));
  return value;
}

/// Appends fixed-size little-endian fields to a buffer that it owns.
class ByteWriter {
 public:
  void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void u32(std::uint32_t value) { integer(value); }
  void u64(std::uint64_t value) { integer(value); }
  void raw(ByteSpan bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  /// A 32-bit length, then the bytes. Precondition: fewer than 2^32 of them.
  void blob(ByteSpan bytes) {
    u32(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }

  [[nodiscard]] const Bytes& bytes() const { return out_; }
  [[nodiscard]] Bytes take() { return std::move(out_); }
  /// Forgets the bytes, but keeps their memory for the next.
  void clear() { out_.clear(); }
  /// Makes room for `bytes` in all, so that no append up to there allocates.
  void reserve(std::size_t bytes) { out_.reserve(bytes); }

 private:
  template <class T>
  void integer(T value) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof(T));
    store_little_endian(out_.data() + at, value);
  }

  Bytes out_;
};

/// Reads what ByteWriter wrote. A read past the end yields zero and makes ok() false for good;
/// nothing is allocated for a length that the bytes left do not cover.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : rest_(bytes) {}

  [[nodiscard]] std::uint8_t u8() { return integer<std::uint8_t>(); }
  [[nodiscard]] std::uint32_t u32() { return integer<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() { return integer<std::uint64_t>(); }
  [[nodiscard]] ByteSpan raw(std::size_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const ByteSpan out = rest_.first(count);
    rest_ = rest_.subspan(count);
    return out;
  }
  [[nodiscard]] ByteSpan blob() {
    const std::uint32_t count = u32();
    return raw(count);
  }

  /// True while every read so far was covered by the bytes.
  [[nodiscard]] bool ok() const { return ok_; }
  /// True when all bytes were read, and none too many.
  [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }
  [[nodiscard]] std::size_t remaining() const { return rest_.size(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  template <class T>
  T integer() {
    if (rest_.size() < sizeof(T)) {
      fail();
      return 0;
    }
    const T value = load_little_endian<T>(rest_.data());
    rest_ = rest_.subspan(sizeof(T));
    return value;
  }

  ByteSpan rest_;
  bool ok_ = true;
};

}  // namespace gms::model
