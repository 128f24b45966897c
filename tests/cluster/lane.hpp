#pragma once

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "tests/cluster/call_book.hpp"
#include "tests/cluster/member_reader.hpp"

namespace tests::cluster {

/// The names that keys of histories have in the store, and the texts of their values.
[[nodiscard]] std::string name_of(linearizability::Key key);
[[nodiscard]] bool is_list(linearizability::Key key);
/// Whether a key of the store has a name of that kind, and which it is.
[[nodiscard]] bool is_of_history(std::string_view name);
[[nodiscard]] linearizability::Key key_of(std::string_view name);
[[nodiscard]] linearizability::Value register_of(const std::optional<client::Value>& value);
[[nodiscard]] std::vector<linearizability::Value> list_of(
    const std::optional<client::Value>& value);

/// One call after another of a client, at random, written down in a book. One thread; several lanes
/// may share a client.
class Lane {
 public:
  struct Settings {
    std::uint32_t number = 0;
    std::uint64_t seed = 1;
    std::vector<std::string> endpoints;
    std::uint32_t keys = 5;
    std::uint32_t lists = 0;
    std::chrono::milliseconds key_life{0};
    std::uint32_t member_reads = 0;
    std::chrono::milliseconds deadline{3000};
  };

  Lane(Settings settings, client::Client& client, CallBook& book);

  /// Makes one call, or two.
  void act();
  /// A pause between zero and `most`.
  [[nodiscard]] std::chrono::milliseconds pause(std::chrono::milliseconds most);

 private:
  [[nodiscard]] linearizability::Key pick(std::uint64_t first, std::uint32_t count);
  /// Reads from the leader, or from any member.
  [[nodiscard]] client::Result<MemberRead> read(linearizability::Key key);
  [[nodiscard]] linearizability::Value fresh_value();
  void act_on_register();
  void read_register(linearizability::Operation operation);
  void write_register(linearizability::Operation operation);
  void act_on_list();
  /// What is there to append to; nothing when the read had no result.
  [[nodiscard]] std::optional<client::Value> read_list(linearizability::Key key);
  void append(linearizability::Key key, const client::Value& list);
  void write_own_key();

  Settings settings_;
  client::Client& client_;
  CallBook& book_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<MemberReader>> readers_;
  std::uint64_t values_ = 0;
  std::uint64_t own_keys_ = 0;
  /// The value of each key as this lane last saw it.
  std::map<std::uint64_t, std::uint64_t> seen_;
};

}  // namespace tests::cluster
