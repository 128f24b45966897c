#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests::torture {

enum class StopKind : std::uint8_t { kill, stop, delay };

/// A way to a point of a member's work, and what happens there. As text it is
///
///   POINT:N>POINT:N…:KIND
///
/// such as `entries_appended:3>peer_send:2:kill`: with the second message to a member after the
/// third append. Without `:N` it is the first. KIND is `kill`, which is meant if there is none,
/// `stop`, or a number of milliseconds for which the member's thread stands still.
struct StopOrder {
  struct Step {
    std::string point;
    std::uint64_t count = 1;
  };

  std::vector<Step> steps;
  StopKind kind = StopKind::kill;
  std::chrono::milliseconds delay{0};
};

/// Nothing for a text that is no order.
[[nodiscard]] std::optional<StopOrder> parse_stop_order(std::string_view text);

/// In a member's directory: the order that holds, and the last one that was carried out.
inline constexpr const char* kStopOrderFile = "stop-order";
inline constexpr const char* kStopReachedFile = "stop-reached";

}  // namespace tests::torture
