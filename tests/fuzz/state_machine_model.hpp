#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "kvstore/api/command.hpp"
#include "kvstore/api/command_reply.hpp"

namespace fuzz {

/// What a command of the key-value store has to do and to answer, written down once more and as
/// plainly as can be: maps, and no thought of stores, batches or speed.
class StateMachineModel {
 public:
  struct Limits {
    std::size_t sessions_max = 0;
    std::size_t unacknowledged_calls_max = 0;
    std::size_t unacknowledged_bytes_max = 0;
    std::size_t held_bytes_max = 0;
  };
  struct Value {
    std::uint64_t revision = 0;
    std::string text;

    friend bool operator==(const Value&, const Value&) = default;
  };
  struct Reply {
    kvstore::api::Outcome outcome = kvstore::api::Outcome::invalid;
    std::uint64_t revision = 0;
    std::optional<Value> previous;

    friend bool operator==(const Reply&, const Reply&) = default;
  };

  explicit StateMachineModel(const Limits& limits) : limits_(limits) {}

  /// The command at `index`; nothing stands for bytes that are no command.
  Reply apply(const std::optional<kvstore::api::Command>& command, std::uint64_t index,
              std::uint64_t clock);

  [[nodiscard]] const std::map<std::string, Value>& values() const { return values_; }
  [[nodiscard]] std::size_t session_count() const { return sessions_.size(); }

 private:
  struct Session {
    std::uint64_t nonce = 0;
    std::uint64_t touched = 0;
    std::uint64_t active = 0;
    std::uint64_t watermark = 0;
    std::map<std::uint64_t, Reply> replies;
  };

  Reply call(const kvstore::api::Call& call, std::uint64_t index, std::uint64_t clock);
  Reply write(const kvstore::api::Operation& operation, std::uint64_t index);
  std::uint64_t open(std::uint64_t nonce, std::uint64_t index, std::uint64_t clock);
  [[nodiscard]] std::map<std::uint64_t, Session>::iterator longest_idle();
  static std::size_t held_by(const Session& session);
  void limit_held(std::uint64_t caller);

  Limits limits_;
  std::map<std::string, Value> values_;
  std::map<std::uint64_t, Session> sessions_;
};

}  // namespace fuzz
