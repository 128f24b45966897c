#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>

#include "tests/torture/stopping/stop_order.hpp"

namespace tests::torture {

/// Follows the orders that a test puts into a member's directory while it runs: when the process
/// has gone the way that an order names, it is killed, stopped or delayed there. An order counts
/// from when it is first seen, is carried out once, and is then at kStopReachedFile. Thread rule:
/// any thread; a delay holds the one that reached the point.
class StopPlan {
 public:
  explicit StopPlan(const std::filesystem::path& member);

  /// The process is at this point.
  void reached(std::string_view point);

 private:
  [[nodiscard]] bool look_for_order();
  [[nodiscard]] bool is_way_complete(std::string_view point);

  const std::string order_file_;
  const std::string reached_file_;
  std::mutex lock_;
  std::optional<StopOrder> order_;
  /// When the order's file was written; another one is another order.
  std::filesystem::file_time_type written_;
  std::size_t step_ = 0;
  std::uint64_t passed_ = 0;
};

}  // namespace tests::torture
