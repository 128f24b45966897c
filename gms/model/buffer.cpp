#include "gms/model/buffer.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace gms::model {
namespace {

/// As on x86-64 and, where pages have 4 KiB, on ARM.
constexpr std::uintptr_t kHugePageBytes = 2 * 1024 * 1024;
/// Whatever its address, so much memory holds a whole huge page, and not much beside.
constexpr std::size_t kLargeBytes = 2 * kHugePageBytes;

}  // namespace

void prefer_huge_pages(std::span<std::byte> memory) {
  if (memory.size() < kLargeBytes) return;
  const auto at = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::uintptr_t begin = (at + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const std::uintptr_t end = (at + memory.size()) / kHugePageBytes * kHugePageBytes;
  // A kernel that has no huge pages says so, and gives others.
  (void)::madvise(memory.data() + (begin - at), end - begin, MADV_HUGEPAGE);
}

std::shared_ptr<std::byte[]> make_buffer(std::size_t bytes) {
  auto buffer = std::make_shared_for_overwrite<std::byte[]>(bytes);
  prefer_huge_pages({buffer.get(), bytes});
  return buffer;
}

}  // namespace gms::model
