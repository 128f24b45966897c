#include "kvstore/server/process.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
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
  return after - std::min(before, after);
}

/// How many heaps there are when so many threads have allocated at the same time.
std::size_t heaps_of(int threads) {
  std::barrier all(threads);
  {
    std::vector<std::jthread> running;
    for (int number = 0; number < threads; ++number)
      running.emplace_back([&all] {
        const std::string held(1000, 'v');
        all.arrive_and_wait();
      });
  }
  char* text = nullptr;
  std::size_t bytes = 0;
  std::FILE* const out = ::open_memstream(&text, &bytes);
  ::malloc_info(0, out);
  std::fclose(out);
  std::size_t heaps = 0;
  const std::string_view told(text, bytes);
  for (std::size_t at = told.find("<heap "); at != told.npos; at = told.find("<heap ", at + 1))
    ++heaps;
  std::free(text);
  return heaps;
}

/// Each in a process that is begun anew: what a copy of this one has depends on the tests before.
/// The flag is what it was once the test is over, as all are.
class Process : public ::testing::Test {
 protected:
  Process() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(Process, GivesBackTheMemoryOfLargeValues) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps what was freed";
#endif
  EXPECT_EXIT(
      {
        prepare_process();
        const std::size_t left = left_by_large_values();
        std::_Exit(static_cast<int>(std::min<std::size_t>(left / kMiB, 255)));
      },
      [](int status) { return WIFEXITED(status) && WEXITSTATUS(status) < 8; }, "");
}

TEST_F(Process, HasFewHeapsHoweverManyThreads) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer allocates";
#endif
  EXPECT_EXIT(
      {
        prepare_process();
        std::_Exit(static_cast<int>(heaps_of(32)));
      },
      [](int status) {
        return WIFEXITED(status) && WEXITSTATUS(status) >= 1 && WEXITSTATUS(status) <= 4;
      },
      "");
}

}  // namespace
}  // namespace kvstore::server
