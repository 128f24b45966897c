#include "tests/linearizability/witness.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "tests/linearizability/register_model.hpp"

namespace tests::linearizability {
namespace {

using gms::model::Index;

bool has_witness(const Operation& operation) {
  return operation.outcome == Outcome::ok && operation.index != Index();
}

std::vector<std::size_t> ordinals_of(std::span<const Operation> history) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (has_witness(history[i])) out.push_back(i);
  return out;
}

/// The value of each key as the stream goes on.
class Replay {
 public:
  [[nodiscard]] Value state_of(Key key) const {
    const auto at = values_.find(key.value());
    return at == values_.end() ? Value() : at->second;
  }
  void set(Key key, Value value) { values_[key.value()] = value; }

 private:
  std::unordered_map<std::uint64_t, Value> values_;
};

/// Finds what makes a write's place in the stream impossible.
std::optional<std::string> contradiction(const Operation& operation, Index index) {
  if (operation.outcome == Outcome::failed)
    return "was answered as failed, but is at index " + std::to_string(index.value());
  if (has_witness(operation) && operation.index != index)
    return "was executed at index " + std::to_string(index.value());
  return std::nullopt;
}

}  // namespace

std::optional<std::string> check_real_time_order(std::span<const Operation> history) {
  std::vector<std::size_t> by_call = ordinals_of(history);
  std::vector<std::size_t> by_return = by_call;
  std::stable_sort(by_call.begin(), by_call.end(), [&](std::size_t a, std::size_t b) {
    return history[a].invoked < history[b].invoked;
  });
  std::stable_sort(by_return.begin(), by_return.end(), [&](std::size_t a, std::size_t b) {
    return history[a].returned < history[b].returned;
  });
  std::optional<std::size_t> newest;
  auto returned = by_return.begin();
  for (const std::size_t call : by_call) {
    const Operation& operation = history[call];
    for (; returned != by_return.end() && history[*returned].returned < operation.invoked;
         ++returned) {
      if (!newest || history[*returned].index > history[*newest].index) newest = *returned;
    }
    if (!newest) continue;
    const Index before = history[*newest].index;
    if (operation.index < before || (is_write(operation.action) && operation.index == before))
      return describe(operation) + "\n  began after the end of " + describe(history[*newest]);
  }
  return std::nullopt;
}

std::optional<std::string> check_replay(std::span<const Operation> history,
                                        std::span<const CommittedWrite> committed) {
  std::vector<std::size_t> observers = ordinals_of(history);
  std::stable_sort(observers.begin(), observers.end(), [&](std::size_t a, std::size_t b) {
    if (history[a].index != history[b].index) return history[a].index < history[b].index;
    return is_write(history[a].action) > is_write(history[b].action);
  });
  Replay replay;
  std::vector<bool> executed(history.size());
  auto next = committed.begin();
  for (const std::size_t ordinal : observers) {
    const Operation& observer = history[ordinal];
    for (; next != committed.end() && next->index <= observer.index; ++next) {
      const Operation& write = history[next->operation];
      if (executed[next->operation]) return describe(write) + "\n  was executed twice";
      executed[next->operation] = true;
      if (const auto wrong = contradiction(write, next->index))
        return describe(write) + "\n  " + *wrong;
      const auto after = step(replay.state_of(write.key), write);
      if (!after) return describe(write) + "\n  has a result that the stream does not give";
      replay.set(write.key, *after);
    }
    if (is_write(observer.action) && !executed[ordinal])
      return describe(observer) + "\n  is not in the stream";
    if (!is_write(observer.action) && !step(replay.state_of(observer.key), observer))
      return describe(observer) + "\n  did not see the state at its index";
  }
  for (; next != committed.end(); ++next) {
    const Operation& write = history[next->operation];
    if (executed[next->operation]) return describe(write) + "\n  was executed twice";
    executed[next->operation] = true;
    if (const auto wrong = contradiction(write, next->index))
      return describe(write) + "\n  " + *wrong;
    const auto after = step(replay.state_of(write.key), write);
    if (!after) return describe(write) + "\n  has a result that the stream does not give";
    replay.set(write.key, *after);
  }
  return std::nullopt;
}

}  // namespace tests::linearizability
