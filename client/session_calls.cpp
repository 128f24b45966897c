#include "client/session_calls.hpp"

#include <algorithm>

#include "gms/model/assert.hpp"

namespace client {

using kvstore::api::CallNumber;

void SessionCalls::open(kvstore::api::SessionId id) {
  id_ = id;
  acknowledged_ = CallNumber();
  finished_.clear();
  window_ = kNoWindow;
  finished_in_window_ = 0;
}

void SessionCalls::narrow() {
  window_ = std::max<std::size_t>(std::min(window_, in_flight() / 2), 1);
  finished_in_window_ = 0;
}

CallNumber SessionCalls::take() {
  GMS_ASSERT(is_open(), "SessionCalls::take");
  finished_.push_back(false);
  return acknowledged_ + finished_.size();
}

void SessionCalls::finish(CallNumber number) {
  GMS_ASSERT(number > acknowledged_, "SessionCalls::finish");
  const std::size_t at = number - acknowledged_.next();
  GMS_ASSERT(at < finished_.size(), "SessionCalls::finish");
  finished_[at] = true;
  if (window_ != kNoWindow && ++finished_in_window_ >= window_) {
    ++window_;
    finished_in_window_ = 0;
  }
  while (!finished_.empty() && finished_.front()) {
    finished_.pop_front();
    ++acknowledged_;
  }
}

}  // namespace client
