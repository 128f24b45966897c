#include "gms/log/window_reader.hpp"

#include <algorithm>
#include <utility>

namespace gms::log {
namespace {

constexpr std::size_t kWindowBytes = 256 * 1024;

}  // namespace

WindowReader::WindowReader(std::unique_ptr<File> file) : file_(std::move(file)) {}

model::Result<model::ByteSpan> WindowReader::view(std::uint64_t offset, std::size_t bytes) {
  const bool covered =
      offset >= start_ && offset - start_ <= filled_ && bytes <= filled_ - (offset - start_);
  if (!covered) {
    const auto size = file_->size();
    if (!size) return size.error();
    const std::uint64_t rest = *size > offset ? *size - offset : 0;
    // A length is believed only as far as there is a file behind it.
    window_.resize(std::min<std::uint64_t>(std::max(bytes, kWindowBytes), rest));
    filled_ = 0;
    const auto got = file_->read_at(offset, window_);
    if (!got) return got.error();
    start_ = offset;
    filled_ = *got;
  }
  const std::size_t at = static_cast<std::size_t>(offset - start_);
  return model::ByteSpan(window_).subspan(at, std::min(bytes, filled_ - at));
}

}  // namespace gms::log
