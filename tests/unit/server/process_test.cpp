#include "kvstore/server/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace kvstore::server {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

std::size_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// What large values leave behind once they are gone, if what came after them is not.
std::size_t left_by_large_values() {
  // The first of a size teaches an allocator that learns.
  std::string(5 * kMiB, 'v').clear();
  const std::size_t before = resident_bytes();
  std::vector<std::string> values;
  for (int number = 0; number < 16; ++number) values.emplace_back(5 * kMiB, 'v');
  const std::string later(kMiB / 10, 'v');
  values.clear();
  const std::size_t after = resident_bytes();
  return after - std::min(before, after) - later.size();
}

TEST(Process, GivesBackTheMemoryOfLargeValues) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps what was freed";
#endif
  EXPECT_EXIT(
      {
        prepare_process();
        const std::size_t left = left_by_large_values();
        std::_Exit(static_cast<int>(left / kMiB));
      },
      [](int status) { return WIFEXITED(status) && WEXITSTATUS(status) < 8; }, "");
}

}  // namespace
}  // namespace kvstore::server
