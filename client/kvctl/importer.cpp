#include "client/kvctl/importer.hpp"

#include "client/kvctl/text.hpp"

namespace kvctl {

using client::Error;
using client::ErrorCode;
using client::Result;
using client::WriteReply;

Importer::~Importer() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return keys_in_flight_.empty(); });
}

Result<void> Importer::take(const std::string& line, std::uint64_t number) {
  if (line.empty()) return {};
  const auto pair = parse_pair(line, format_);
  if (!pair)
    return Error{pair.error().code, "line " + std::to_string(number) + ": " + pair.error().detail};
  if (!wait_for_room(*pair)) return *failure_;
  has_begun_ = true;
  client::WriteOptions options;
  options.deadline = deadline_;
  const std::size_t bytes = pair->key.size() + pair->value.size();
  client_.put(pair->key, pair->value, options,
              [this, key = pair->key, bytes](const Result<WriteReply>& reply) {
                ended(key, bytes, reply);
              });
  return {};
}

bool Importer::wait_for_room(const KeyAndValue& pair) {
  const std::size_t bytes = pair.key.size() + pair.value.size();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    const bool room = keys_in_flight_.size() < kCallsMax &&
                      (bytes_in_flight_ == 0 || bytes_in_flight_ + bytes <= kBytesMax);
    return failure_.has_value() || (room && !keys_in_flight_.contains(pair.key));
  });
  if (failure_) return false;
  keys_in_flight_.insert(pair.key);
  bytes_in_flight_ += bytes;
  return true;
}

void Importer::ended(const std::string& key, std::size_t bytes, const Result<WriteReply>& reply) {
  const std::lock_guard lock(mutex_);
  keys_in_flight_.erase(key);
  bytes_in_flight_ -= bytes;
  if (reply)
    ++written_;
  else if (!failure_ || reply.error().code == ErrorCode::outcome_unknown)
    failure_ = Error{reply.error().code, "key " + escape(key) + ": " + reply.error().detail};
  // Under the lock: once it is free the importer may be gone.
  changed_.notify_all();
}

std::uint64_t Importer::written() {
  const std::lock_guard lock(mutex_);
  return written_;
}

std::unique_lock<std::mutex> Importer::settled() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return keys_in_flight_.empty(); });
  return lock;
}

std::uint64_t Importer::settle() {
  const auto lock = settled();
  return written_;
}

Error Importer::outcome_after(Error why) {
  const auto lock = settled();
  const bool unknown = failure_ && failure_->code == ErrorCode::outcome_unknown;
  return unknown ? *failure_ : why;
}

Result<std::uint64_t> Importer::finish(const std::istream& in) {
  const auto lock = settled();
  if (failure_) return *failure_;
  if (in.bad()) return Error{ErrorCode::io, "the input cannot be read"};
  return written_;
}

}  // namespace kvctl
