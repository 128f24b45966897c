#include "tests/cluster/call_book.hpp"

#include <chrono>

namespace tests::cluster {

using gms::model::ErrorCode;
using linearizability::ListOperation;
using linearizability::Operation;

linearizability::Moment moment_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

linearizability::Outcome outcome_of(const client::Error& error) {
  return error.code == ErrorCode::outcome_unknown ? linearizability::Outcome::unknown
                                                  : linearizability::Outcome::failed;
}

CallBook::CallBook(const std::filesystem::path& journal) {
  if (!journal.empty()) journal_.open(journal, std::ios::app);
}

template <class Call>
void CallBook::write(const Call& call) {
  if (!journal_.is_open()) return;
  save(call, journal_);
  journal_.flush();
}

void CallBook::begin(const Operation& call) {
  const std::lock_guard held(lock_);
  write(call);
}

void CallBook::begin(const ListOperation& call) {
  const std::lock_guard held(lock_);
  write(call);
}

void CallBook::end(const Operation& call) {
  const std::lock_guard held(lock_);
  write(call);
  recording_.registers.push_back(call);
}

void CallBook::end(const ListOperation& call) {
  const std::lock_guard held(lock_);
  write(call);
  recording_.lists.push_back(call);
}

void CallBook::acknowledged(const std::string& key, const std::string& value) {
  const std::lock_guard held(lock_);
  own_keys_.emplace(key, value);
}

void CallBook::doubled(const std::string& key) {
  const std::lock_guard held(lock_);
  doubled_keys_.push_back(key);
}

void CallBook::note(const client::Error& error) {
  if (error.code != ErrorCode::outcome_unknown) return;
  const std::lock_guard held(lock_);
  unknown_.push_back(error.detail);
}

}  // namespace tests::cluster
