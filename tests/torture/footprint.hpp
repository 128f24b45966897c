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

/// What a member's figures say that should be flat; empty if they are. The median of the last third
/// of the samples is held against that of the middle third: the first is the way there.
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
  /// After stop(): the first and last figures of each member, a line each.
  [[nodiscard]] std::string report() const;

 private:
  void watch();

  const Observer& observer_;
  const cluster::LocalGroup& group_;
  std::map<std::string, std::vector<Footprint>> samples_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace tests::torture
