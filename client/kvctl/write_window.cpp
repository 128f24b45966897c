#include "client/kvctl/write_window.hpp"

#include "client/kvctl/text.hpp"

namespace kvctl {

using client::Error;
using client::ErrorCode;
using client::Result;
using client::WriteReply;

WriteWindow::~WriteWindow() {
  (void)settled();
}

Result<void> WriteWindow::put(const std::string& key, const std::string& value) {
  const std::size_t bytes = key.size() + value.size();
  if (auto room = wait_for_room(key, bytes); !room) return room;
  client_.put(key, value, options(), on_end(key, bytes));
  return {};
}

Result<void> WriteWindow::erase(const std::string& key) {
  if (auto room = wait_for_room(key, key.size()); !room) return room;
  client_.erase(key, options(), on_end(key, key.size()));
  return {};
}

client::WriteOptions WriteWindow::options() const {
  client::WriteOptions options;
  options.deadline = deadline_;
  return options;
}

Result<void> WriteWindow::wait_for_room(const std::string& key, std::size_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    const bool room = keys_in_flight_.size() < kCallsMax &&
                      (bytes_in_flight_ == 0 || bytes_in_flight_ + bytes <= kBytesMax);
    return failure_.has_value() || (room && !keys_in_flight_.contains(key));
  });
  // A copy, made under the lock: other writes may fail meanwhile.
  if (failure_) return *failure_;
  keys_in_flight_.insert(key);
  bytes_in_flight_ += bytes;
  has_begun_ = true;
  return {};
}

void WriteWindow::ended(const std::string& key, std::size_t bytes,
                        const Result<WriteReply>& reply) {
  const std::lock_guard lock(mutex_);
  keys_in_flight_.erase(key);
  bytes_in_flight_ -= bytes;
  if (reply)
    done_(key, reply->outcome);
  else if (!failure_ || reply.error().code == ErrorCode::outcome_unknown)
    failure_ = Error{reply.error().code, "key " + escape(key) + ": " + reply.error().detail};
  // Under the lock: once it is free the window may be gone.
  changed_.notify_all();
}

std::unique_lock<std::mutex> WriteWindow::settled() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return keys_in_flight_.empty(); });
  return lock;
}

Result<void> WriteWindow::settle() {
  const auto lock = settled();
  if (failure_) return *failure_;
  return {};
}

Error WriteWindow::outcome_after(Error why) {
  const auto lock = settled();
  const bool unknown = failure_ && failure_->code == ErrorCode::outcome_unknown;
  return unknown ? *failure_ : why;
}

}  // namespace kvctl
