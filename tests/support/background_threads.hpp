#pragma once

#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

namespace tests {

/// Threads of this process that have the processor less often than the calling one.
[[nodiscard]] inline int background_threads() {
  const int own = ::getpriority(PRIO_PROCESS, 0);
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
    const auto thread = static_cast<id_t>(std::stoul(entry.path().filename().string()));
    count += ::getpriority(PRIO_PROCESS, thread) > own ? 1 : 0;
  }
  return count;
}

/// Whether there are so many once all have begun to run.
[[nodiscard]] inline bool are_in_background(int count) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (background_threads() < count && std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  return background_threads() == count;
}

}  // namespace tests
