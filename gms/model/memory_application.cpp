#include "gms/model/memory_application.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gms::model {
namespace {

/// The parts of a state, in their order.
enum PartNumber : std::size_t { kMarkPart, kStatePart, kPartCount };
constexpr std::array<const char*, kPartCount> kPartNames{"mark", "state"};

using Contents = std::array<Bytes, kPartCount>;

class MemorySource final : public StateSource {
 public:
  explicit MemorySource(Contents contents) : contents_(std::move(contents)) {
    for (std::size_t i = 0; i < kPartCount; ++i)
      parts_.push_back({kPartNames[i], contents_[i].size()});
  }

  const std::vector<StatePart>& parts() const override { return parts_; }

  Result<std::size_t> read(std::size_t part, std::uint64_t offset,
                           std::span<std::byte> into) override {
    const ByteSpan from = ByteSpan(contents_[part]).subspan(offset);
    const std::size_t count = std::min(into.size(), from.size());
    std::copy_n(from.begin(), count, into.begin());
    return count;
  }

 private:
  Contents contents_;
  std::vector<StatePart> parts_;
};

class MemorySink final : public StateSink {
 public:
  explicit MemorySink(const std::vector<StatePart>& parts) {
    for (std::size_t i = 0; i < kPartCount; ++i) sizes_[i] = parts[i].bytes;
  }

  Result<void> write(std::size_t part, std::uint64_t offset, ByteSpan bytes) override {
    if (part >= kPartCount || offset != contents_[part].size() ||
        bytes.size() > sizes_[part] - contents_[part].size())
      return Error{ErrorCode::corrupt, "a state arrived out of order"};
    contents_[part].insert(contents_[part].end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<void> finish() override {
    for (std::size_t i = 0; i < kPartCount; ++i)
      if (contents_[i].size() != sizes_[i])
        return Error{ErrorCode::corrupt, "a state arrived incomplete"};
    return {};
  }

  [[nodiscard]] const Contents& contents() const { return contents_; }

 private:
  std::array<std::uint64_t, kPartCount> sizes_{};
  Contents contents_;
};

}  // namespace

Result<std::optional<Bytes>> MemoryApplication::open(StateGeneration) {
  return std::optional<Bytes>();
}

Result<void> MemoryApplication::deliver(const DeliveryBatch& batch) {
  for (const Delivery& delivery : batch.deliveries)
    if (auto applied = apply(delivery); !applied) return applied;
  mark_ = batch.mark;
  applied_ = batch.last;
  return {};
}

Result<void> MemoryApplication::install(const PlacedView& view, ByteSpan mark) {
  mark_.assign(mark.begin(), mark.end());
  applied_ = view.position.index;
  view_changed(view);
  return {};
}

void MemoryApplication::take_state(OnStateTaken taken) {
  Contents contents{mark_, encode()};
  if (contents[kStatePart].size() > kStateBytesMax)
    return taken(Error{ErrorCode::too_large, "a state in memory has at most 1 GiB"});
  taken(TakenState{mark_, std::make_unique<MemorySource>(std::move(contents))});
}

Result<std::unique_ptr<StateSink>> MemoryApplication::receive_state(std::vector<StatePart> parts) {
  if (parts.size() != kPartCount) return Error{ErrorCode::corrupt, "not a state of this kind"};
  for (std::size_t i = 0; i < kPartCount; ++i) {
    if (parts[i].name != kPartNames[i])
      return Error{ErrorCode::corrupt, "not a state of this kind"};
    if (parts[i].bytes > kStateBytesMax)
      return Error{ErrorCode::too_large, "a state in memory has at most 1 GiB"};
  }
  return std::unique_ptr<StateSink>(std::make_unique<MemorySink>(parts));
}

Result<void> MemoryApplication::restore(std::unique_ptr<StateSink> staged, StateGeneration,
                                        ByteSpan mark) {
  // receive_state() gives no other.
  const Contents& contents = static_cast<const MemorySink&>(*staged).contents();
  if (!std::ranges::equal(contents[kMarkPart], mark))
    return Error{ErrorCode::corrupt, "a state at another place in the stream"};
  const auto place = decode_mark(mark);
  if (!place) return place.error();
  if (auto decoded = decode(contents[kStatePart]); !decoded) return decoded;
  mark_ = contents[kMarkPart];
  applied_ = place->head.position.index;
  view_changed(place->view);
  return {};
}

}  // namespace gms::model
