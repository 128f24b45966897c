#include "tests/faults/link_faults.hpp"

#include <numeric>

namespace tests::faults {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kNames{
    "blocked", "delayed", "trickled", "lost", "duplicated", "reordered", "flipped", "cut"};

}  // namespace

std::string_view to_string(Fault fault) {
  return kNames[static_cast<std::size_t>(fault)];
}

void FaultCounts::add(const FaultCounts& other) {
  for (std::size_t i = 0; i < kFaultKinds; ++i) counts_[i] += other.counts_[i];
}

std::uint64_t FaultCounts::sum() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::string FaultCounts::text() const {
  std::string text;
  for (std::size_t i = 0; i < kFaultKinds; ++i) {
    if (counts_[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::string(kNames[i]) + " " + std::to_string(counts_[i]);
  }
  return text.empty() ? "none" : text;
}

}  // namespace tests::faults
