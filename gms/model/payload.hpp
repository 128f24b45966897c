#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "gms/model/assert.hpp"
#include "gms/model/buffer.hpp"
#include "gms/model/bytes.hpp"

namespace gms::model {

/// An owning slice of an immutable, shared buffer. Copies share the buffer: the entries of a batch,
/// the messages that carry them and the log writes that store them are slices of one allocation.
/// Any thread may read a Payload; the count of owners is the only thing that is synchronised.
class Payload {
 public:
  Payload() = default;
  /// Shares `owner`, of which `bytes` is a part.
  Payload(std::shared_ptr<const std::byte[]> owner, ByteSpan bytes)
      : owner_(std::move(owner)), data_(bytes.data()), size_(bytes.size()) {}

  [[nodiscard]] static Payload copy_of(ByteSpan bytes) {
    auto owner = make_buffer(bytes.size());
    std::copy(bytes.begin(), bytes.end(), owner.get());
    const ByteSpan slice(owner.get(), bytes.size());
    return {std::move(owner), slice};
  }

  [[nodiscard]] ByteSpan bytes() const { return {data_, size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// Precondition: offset + count ≤ size().
  [[nodiscard]] Payload slice(std::size_t offset, std::size_t count) const {
    GMS_ASSERT(offset <= size_, "Payload::slice: offset");
    GMS_ASSERT(count <= size_ - offset, "Payload::slice: count");
    return {owner_, ByteSpan(data_ + offset, count)};
  }

 private:
  std::shared_ptr<const std::byte[]> owner_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace gms::model
