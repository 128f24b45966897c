#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "tests/cluster/lane.hpp"

namespace tests::cluster {

/// Clients that put, read, erase and compare-and-set a few keys at the same time, each on a
/// connection and session of its own, and write down what they asked and were told. Every write has
/// a value of its own. Besides, each client writes keys that nobody else writes, once each and only
/// if absent, so that a lost or a doubled write shows by itself.
class Recorder {
 public:
  struct Settings {
    std::vector<std::string> endpoints;
    std::uint32_t clients = 8;
    std::uint32_t keys = 5;
    std::uint64_t seed = 1;

    /// Calls of each client that are in flight at a time, over its one connection.
    std::uint32_t lanes = 1;
    /// Besides the registers: keys whose values are lists that grow.
    std::uint32_t lists = 0;
    /// After so long other keys take the place of those in use, so that each has few operations;
    /// zero: never. Recorders of all processes use the same keys at the same time.
    std::chrono::milliseconds key_life{0};
    /// The longest pause of a client after a call.
    std::chrono::milliseconds pause_max{0};
    /// Every so many-th client waits for no more than kImpatience; zero: none.
    std::uint32_t impatient = 0;
    /// This many in ten reads ask a member of the endpoints, whether it leads or not.
    std::uint32_t member_reads = 0;
    /// Clients are numbered from here. No two recorders of a history share a number.
    std::uint32_t first_client = 0;
    /// Where each call is written down before it is made, and again when it has ended; for those
    /// who may be killed.
    std::filesystem::path journal = {};
  };
  /// Shorter than an election takes, and often than a write under load.
  static constexpr std::chrono::milliseconds kImpatience{20};

  explicit Recorder(Settings settings);
  /// Stops, if stop() was not called.
  ~Recorder();

  /// Lets every client end its call in progress. No more operations after it.
  void stop();

  // After stop().
  [[nodiscard]] const CallBook& book() const { return book_; }
  [[nodiscard]] const linearizability::History& history() const {
    return book_.recording().registers;
  }
  /// The keys written only-if-absent that were acknowledged, and their values.
  [[nodiscard]] const std::map<std::string, std::string>& acknowledged() const {
    return book_.own_keys().acknowledged;
  }
  /// Keys whose only write was told that the key was there already: executed twice.
  [[nodiscard]] const std::vector<std::string>& doubled() const { return book_.own_keys().doubled; }
  /// What was said of each write whose outcome is unknown.
  [[nodiscard]] const std::vector<std::string>& unknown() const { return book_.unknown(); }

 private:
  void add_client(std::uint32_t number);

  const Settings settings_;
  std::atomic<bool> stopping_ = false;
  CallBook book_;
  std::vector<std::unique_ptr<client::Client>> clients_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<std::thread> threads_;
};

}  // namespace tests::cluster
