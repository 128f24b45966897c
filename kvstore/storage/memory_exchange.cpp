#include "kvstore/storage/memory_exchange.hpp"

#include <algorithm>
#include <utility>

#include "gms/model/assert.hpp"

namespace kvstore::storage {

using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
using gms::model::StatePart;
using gms::model::StateSink;
using gms::model::StateSource;

namespace {

constexpr const char* kPartName = "rows";

class MemorySource final : public StateSource {
 public:
  explicit MemorySource(Bytes bytes)
      : bytes_(std::move(bytes)), parts_{{kPartName, bytes_.size()}} {}

  const std::vector<StatePart>& parts() const override { return parts_; }
  Result<std::size_t> read(std::size_t part, std::uint64_t offset,
                           std::span<std::byte> into) override {
    GMS_ASSERT(part == 0, "StateSource::read: a part that is there");
    const ByteSpan rest = ByteSpan(bytes_).subspan(std::min<std::uint64_t>(offset, bytes_.size()));
    const std::size_t count = std::min(rest.size(), into.size());
    std::ranges::copy(rest.first(count), into.begin());
    return count;
  }

 private:
  Bytes bytes_;
  std::vector<StatePart> parts_;
};

class MemorySink final : public StateSink {
 public:
  explicit MemorySink(std::uint64_t size) : size_(size) {}

  Result<void> write(std::size_t part, std::uint64_t offset, ByteSpan bytes) override {
    if (part != 0 || offset != bytes_.size() || bytes.size() > size_ - bytes_.size())
      return Error{ErrorCode::corrupt, "a state arrived out of order"};
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override {
    if (bytes_.size() != size_) return Error{ErrorCode::corrupt, "a state arrived incomplete"};
    return {};
  }

  [[nodiscard]] ByteSpan bytes() const { return bytes_; }

 private:
  std::uint64_t size_;
  Bytes bytes_;
};

}  // namespace

void MemoryExchange::take(OnSourceTaken taken) {
  taken(std::unique_ptr<StateSource>(std::make_unique<MemorySource>(encode(store_.take()))));
}

Result<std::unique_ptr<StateSink>> MemoryExchange::receive(std::vector<StatePart> parts) {
  if (parts.size() != 1 || parts[0].name != kPartName)
    return Error{ErrorCode::corrupt, "not the parts of a store in memory"};
  return std::unique_ptr<StateSink>(std::make_unique<MemorySink>(parts[0].bytes));
}

Result<void> MemoryExchange::restore(std::unique_ptr<StateSink> staged,
                                     gms::model::StateGeneration) {
  const auto* const arrived = dynamic_cast<const MemorySink*>(staged.get());
  GMS_ASSERT(arrived != nullptr, "a state is restored from where it was received");
  auto image = decode_memory_image(arrived->bytes());
  if (!image) return image.error();
  store_.restore(*std::move(image));
  return {};
}

}  // namespace kvstore::storage
