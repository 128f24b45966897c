#include "gms/model/buffer.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace gms::model {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

/// Whether huge pages were asked for at the address; the kernel says so of each mapping.
bool wants_huge_pages(const std::byte* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream mappings("/proc/self/smaps");
  bool is_there = false;
  for (std::string line; std::getline(mappings, line);) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    std::istringstream fields(line);
    if (fields >> std::hex >> begin >> dash >> end && dash == '-')
      is_there = begin <= at && at < end;
    else if (is_there && line.starts_with("VmFlags:"))
      return line.find(" hg") != std::string::npos;
  }
  return false;
}

class HugePages : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage"))
      GTEST_SKIP() << "this kernel has no huge pages";
  }
};

/// Memory of its own mapping.
class Mapping {
 public:
  explicit Mapping(std::size_t bytes)
      : bytes_(bytes),
        at_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  ~Mapping() { ::munmap(at_, bytes_); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] std::span<std::byte> memory() const {
    return {static_cast<std::byte*>(at_), bytes_};
  }

 private:
  std::size_t bytes_;
  void* at_;
};

TEST_F(HugePages, AreAskedForWhereABufferIsLarge) {
  constexpr std::size_t kBytes = 16 * kMiB;
  const auto buffer = make_buffer(kBytes);
  EXPECT_TRUE(wants_huge_pages(buffer.get() + kBytes / 2));
}

TEST_F(HugePages, AreOfTheMemoryThatIsGivenAlone) {
  const Mapping mapping(16 * kMiB);
  const auto given = mapping.memory().subspan(5 * kMiB, 5 * kMiB);
  prefer_huge_pages(given);
  EXPECT_TRUE(wants_huge_pages(given.data() + given.size() / 2));
  EXPECT_FALSE(wants_huge_pages(given.data() - 1));
  EXPECT_FALSE(wants_huge_pages(given.data() + given.size()));
}

TEST_F(HugePages, AreNotAskedForWhereMemoryIsSmall) {
  const Mapping mapping(4 * kMiB - 4096);
  prefer_huge_pages(mapping.memory());
  EXPECT_FALSE(wants_huge_pages(mapping.memory().data() + 2 * kMiB));
  prefer_huge_pages({});
}

TEST_F(HugePages, LeaveWhatTheMemoryHolds) {
  const Mapping mapping(8 * kMiB);
  std::ranges::fill(mapping.memory(), std::byte{7});
  prefer_huge_pages(mapping.memory());
  EXPECT_EQ(std::ranges::count(mapping.memory(), std::byte{7}), 8 * kMiB);
}

}  // namespace
}  // namespace gms::model
