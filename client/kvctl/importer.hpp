#pragma once

#include <condition_variable>
#include <cstdint>
#include <istream>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

#include "client/client.hpp"
#include "client/kvctl/pair_format.hpp"

namespace kvctl {

/// Writes the pairs of a stream, many at a time, each exactly once however often the leader
/// changes.
///
/// Writes in flight together may be executed in any order, so a key that comes again waits until
/// the write before it is done: the last one in the stream stays. Thread rule: run() and the
/// getters from one thread; it waits for the client's thread.
class Importer {
 public:
  /// Longer than any failover; what takes longer is not known to be written.
  static constexpr std::chrono::milliseconds kDeadlineDefault{60'000};

  /// Each write may take as long as `deadline`.
  Importer(client::Client& client, PairFormat format,
           std::chrono::milliseconds deadline = kDeadlineDefault)
      : client_(client), format_(format), deadline_(deadline) {}
  /// Waits for the writes in flight.
  ~Importer();
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  /// Calls `progress` with the pairs written so far, now and then. Returns how many were written.
  /// Errors: that of a write that failed, first of all outcome_unknown, invalid_argument for a line
  /// that is not a pair, naming its number, io.
  template <class Progress>
  [[nodiscard]] client::Result<std::uint64_t> run(std::istream& in, Progress progress) {
    std::uint64_t lines = 0;
    for (std::string line; std::getline(in, line);) {
      ++lines;
      if (auto taken = take(line, lines); !taken) return outcome_after(taken.error());
      if (lines % kProgressEvery == 0) progress(written());
    }
    return finish(in);
  }
  /// The pairs that are written for certain, so far.
  [[nodiscard]] std::uint64_t written();
  /// The same, once no write is in flight any more.
  [[nodiscard]] std::uint64_t settle();
  /// Whether a write was sent at all.
  [[nodiscard]] bool has_begun() const { return has_begun_; }

 private:
  static constexpr std::uint64_t kProgressEvery = 1024;
  static constexpr std::size_t kCallsMax = 512;
  static constexpr std::size_t kBytesMax = 16 * 1024 * 1024;

  [[nodiscard]] client::Result<void> take(const std::string& line, std::uint64_t number);
  [[nodiscard]] client::Result<std::uint64_t> finish(const std::istream& in);
  /// The lock, once no write is in flight.
  [[nodiscard]] std::unique_lock<std::mutex> settled();
  /// What to tell once no write is in flight: that one of them may have been done rather than `why`
  /// nothing follows.
  [[nodiscard]] client::Error outcome_after(client::Error why);
  /// Waits for room for a write. False when one has failed.
  [[nodiscard]] bool wait_for_room(const KeyAndValue& pair);
  void ended(const std::string& key, std::size_t bytes,
             const client::Result<client::WriteReply>& reply);

  client::Client& client_;
  PairFormat format_;
  std::chrono::milliseconds deadline_;
  bool has_begun_ = false;
  /// Of what follows, which the client's thread changes too.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<std::string> keys_in_flight_;
  std::size_t bytes_in_flight_ = 0;
  std::uint64_t written_ = 0;
  std::optional<client::Error> failure_;
};

}  // namespace kvctl
