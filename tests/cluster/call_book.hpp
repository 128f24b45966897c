#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "client/types.hpp"
#include "tests/linearizability/history_file.hpp"

namespace tests::cluster {

/// The time of all histories: microseconds of the machine's steady clock, which all its processes
/// share.
[[nodiscard]] linearizability::Moment moment_now();
[[nodiscard]] linearizability::Outcome outcome_of(const client::Error& error);

/// Keys that a client wrote once, only if absent.
struct OwnKeys {
  /// Those whose write was acknowledged, with their values.
  std::map<std::string, std::string> acknowledged;
  /// Those whose only write was told that the key was there already.
  std::vector<std::string> doubled;
};

/// What clients asked and were told. Thread rule: any thread.
class CallBook {
 public:
  /// With a journal each call is written there when it begins, and again when it has ended: it says
  /// what a client did that was killed. What came of own keys is in a file beside it.
  explicit CallBook(const std::filesystem::path& journal);

  void begin(const linearizability::Operation& call);
  void begin(const linearizability::ListOperation& call);
  void end(const linearizability::Operation& call);
  void end(const linearizability::ListOperation& call);
  /// A write of a key of the client's own, only if absent, was acknowledged.
  void acknowledged(const std::string& key, const std::string& value);
  /// The only such write was told that the key was there already.
  void doubled(const std::string& key);
  /// Why a call has no result.
  void note(const client::Error& error);

  // When nobody writes any more.
  [[nodiscard]] const linearizability::Recording& recording() const { return recording_; }
  [[nodiscard]] const OwnKeys& own_keys() const { return own_keys_; }
  [[nodiscard]] const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  template <class Call>
  void write(const Call& call);

  std::mutex lock_;
  std::ofstream journal_;
  std::ofstream own_journal_;
  linearizability::Recording recording_;
  OwnKeys own_keys_;
  std::vector<std::string> unknown_;
};

/// Adds those of a client that had this journal.
void add_own_keys(const std::filesystem::path& journal, OwnKeys& own_keys);

}  // namespace tests::cluster
