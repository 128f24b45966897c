#include "tests/cluster/call_book.hpp"

#include <chrono>
#include <sstream>

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

namespace {

std::filesystem::path own_journal_of(const std::filesystem::path& journal) {
  return journal.string() + ".own";
}

}  // namespace

CallBook::CallBook(const std::filesystem::path& journal) {
  if (journal.empty()) return;
  own_journal_.open(own_journal_of(journal), std::ios::app);
  journal_.open(journal, std::ios::app);
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
  own_keys_.acknowledged.emplace(key, value);
  if (own_journal_.is_open()) own_journal_ << "acknowledged " << key << ' ' << value << std::endl;
}

void CallBook::doubled(const std::string& key) {
  const std::lock_guard held(lock_);
  own_keys_.doubled.push_back(key);
  if (own_journal_.is_open()) own_journal_ << "doubled " << key << std::endl;
}

void CallBook::note(const client::Error& error) {
  if (error.code != ErrorCode::outcome_unknown) return;
  const std::lock_guard held(lock_);
  unknown_.push_back(error.detail);
}

void add_own_keys(const std::filesystem::path& journal, OwnKeys& own_keys) {
  std::ifstream in(own_journal_of(journal));
  // A line without an end is of a client that was killed: nobody was told what it says.
  for (std::string line; std::getline(in, line) && !in.eof();) {
    std::istringstream words(line);
    std::string kind;
    std::string key;
    std::string value;
    words >> kind >> key;
    std::getline(words.ignore(1), value);
    if (kind == "doubled")
      own_keys.doubled.push_back(key);
    else
      own_keys.acknowledged.emplace(key, value);
  }
}

}  // namespace tests::cluster
