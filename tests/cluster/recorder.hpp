#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "client/client.hpp"
#include "tests/linearizability/history.hpp"

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
  };

  explicit Recorder(Settings settings);
  /// Stops, if stop() was not called.
  ~Recorder();

  /// Lets every client end its call in progress. No more operations after it.
  void stop();

  // After stop().
  [[nodiscard]] const linearizability::History& history() const { return history_; }
  /// The keys written only-if-absent that were acknowledged, and their values.
  [[nodiscard]] const std::map<std::string, std::string>& acknowledged() const {
    return acknowledged_;
  }
  /// Keys whose only write was told that the key was there already: executed twice.
  [[nodiscard]] const std::vector<std::string>& doubled() const { return doubled_; }
  /// What was said of each write whose outcome is unknown.
  [[nodiscard]] const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  struct Session;

  void run(std::uint32_t number);
  void act(Session& session);
  void write_own_key(Session& session);
  [[nodiscard]] linearizability::Moment now() const;
  void keep(const linearizability::Operation& operation);
  void note(const client::Error& error);

  const Settings settings_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> next_value_ = 1;
  std::mutex lock_;
  linearizability::History history_;
  std::map<std::string, std::string> acknowledged_;
  std::vector<std::string> doubled_;
  std::vector<std::string> unknown_;
  std::vector<std::thread> threads_;
};

}  // namespace tests::cluster
