#include "tests/torture/stopping/stop_plan.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <thread>

namespace tests::torture {

StopPlan::StopPlan(const std::filesystem::path& member)
    : order_file_((member / kStopOrderFile).string()),
      reached_file_((member / kStopReachedFile).string()) {}

void StopPlan::reached(std::string_view point) {
  // Most of the time there is no order, and that is all that is asked.
  if (::access(order_file_.c_str(), F_OK) != 0) return;
  std::chrono::milliseconds delay{0};
  {
    const std::lock_guard held(lock_);
    if (!look_for_order() || !is_way_complete(point)) return;
    delay = order_->delay;
    // First, so that whoever waits knows that what comes is by this order.
    std::rename(order_file_.c_str(), reached_file_.c_str());
    if (order_->kind == StopKind::kill) ::kill(::getpid(), SIGKILL);
    if (order_->kind == StopKind::stop) ::kill(::getpid(), SIGSTOP);
  }
  std::this_thread::sleep_for(delay);
}

bool StopPlan::look_for_order() {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(order_file_, error);
  if (error) return false;
  if (order_ && written == written_) return true;
  std::ifstream in(order_file_);
  std::string text;
  in >> text;
  order_ = parse_stop_order(text);
  written_ = written;
  step_ = 0;
  passed_ = 0;
  return order_.has_value();
}

bool StopPlan::is_way_complete(std::string_view point) {
  if (step_ == order_->steps.size()) return false;
  const StopOrder::Step& next = order_->steps[step_];
  if (point != next.point || ++passed_ < next.count) return false;
  passed_ = 0;
  return ++step_ == order_->steps.size();
}

}  // namespace tests::torture
