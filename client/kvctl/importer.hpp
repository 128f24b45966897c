#pragma once

#include <atomic>
#include <cstdint>
#include <istream>
#include <string>

#include "client/client.hpp"
#include "client/kvctl/pair_format.hpp"
#include "client/kvctl/write_window.hpp"

namespace kvctl {

/// Writes the pairs of a stream, many at a time, each exactly once however often the leader
/// changes. Of a key that comes again the last value in the stream stays.
///
/// Thread rule: run() and the getters from one thread; it waits for the client's thread.
class Importer {
 public:
  /// Longer than any failover; what takes longer is not known to be written.
  static constexpr std::chrono::milliseconds kDeadlineDefault{60'000};

  /// Each write may take as long as `deadline`.
  Importer(client::Client& client, PairFormat format,
           std::chrono::milliseconds deadline = kDeadlineDefault)
      : format_(format),
        window_(client, deadline, [this](const std::string&, client::Outcome) { ++written_; }) {}

  /// Calls `progress` with the pairs written so far, now and then. Returns how many were written.
  /// Errors: that of a write that failed, first of all outcome_unknown, invalid_argument for a line
  /// that is not a pair, naming its number, io.
  template <class Progress>
  [[nodiscard]] client::Result<std::uint64_t> run(std::istream& in, Progress progress) {
    std::uint64_t lines = 0;
    for (std::string line; std::getline(in, line);) {
      ++lines;
      if (auto taken = take(line, lines); !taken) return window_.outcome_after(taken.error());
      if (lines % kProgressEvery == 0) progress(written());
    }
    return finish(in);
  }
  /// The pairs that are written for certain, so far.
  [[nodiscard]] std::uint64_t written() const { return written_; }
  /// The same, once no write is in flight any more.
  [[nodiscard]] std::uint64_t settle();
  /// Whether a write was sent at all.
  [[nodiscard]] bool has_begun() const { return window_.has_begun(); }

 private:
  static constexpr std::uint64_t kProgressEvery = 1024;

  [[nodiscard]] client::Result<void> take(const std::string& line, std::uint64_t number);
  [[nodiscard]] client::Result<std::uint64_t> finish(const std::istream& in);

  PairFormat format_;
  /// The client's thread counts.
  std::atomic<std::uint64_t> written_ = 0;
  /// The last to be made and the first to go: it waits for the writes that are counted.
  WriteWindow window_;
};

}  // namespace kvctl
