#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/torture/observer.hpp"

namespace tests::torture {

/// What a member takes of its machine.
struct Footprint {
  double seconds = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t disk_bytes = 0;
};

[[nodiscard]] Footprint footprint_of(const ProcessOf& process,
                                     const std::filesystem::path& directory);

/// What a process's figures say that should be flat; empty if they are. The median of the last
/// third of the samples is held against that of the middle third: the first is the way there.
[[nodiscard]] std::string growth_in(const std::string& name, const std::vector<Footprint>& samples);

/// Samples all members of a group every half second while it lives.
class FootprintWatch {
 public:
  FootprintWatch(const Observer& observer, const cluster::LocalGroup& group);
  ~FootprintWatch();
  FootprintWatch(const FootprintWatch&) = delete;
  FootprintWatch& operator=(const FootprintWatch&) = delete;

  /// Ends it. What grew, in words; empty if nothing did.
  [[nodiscard]] std::string stop();
  // After stop().
  /// The first and last figures of each member's process that was watched longest, a line each.
  [[nodiscard]] std::string report() const;
  /// For how many seconds one process of this member was watched, at most.
  [[nodiscard]] double longest_life(const std::string& name) const;

 private:
  using Samples = std::vector<Footprint>;

  void watch();
  /// By the member's name, of the process that was watched longest.
  [[nodiscard]] std::map<std::string, Samples> longest() const;

  const Observer& observer_;
  const cluster::LocalGroup& group_;
  /// By the member's name and its process: what starts anew has grown by nothing.
  std::map<std::pair<std::string, pid_t>, Samples> samples_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace tests::torture
