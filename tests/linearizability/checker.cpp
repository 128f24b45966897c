#include "tests/linearizability/checker.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <vector>

#include "tests/linearizability/register_model.hpp"

namespace tests::linearizability {
namespace {

using Operations = std::vector<Operation>;

/// A 128-bit name of a set of operations: the exclusive or of a random word pair for each.
struct SetName {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const SetName&, const SetName&) = default;
};

std::uint64_t scramble(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

SetName with(SetName name, std::size_t operation) {
  return {name.high ^ scramble(2 * operation), name.low ^ scramble(2 * operation + 1)};
}

/// A point of the search: what was put in order so far, and the state that it led to.
struct Configuration {
  SetName ordered;
  Value state;

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

struct ConfigurationHash {
  std::size_t operator()(const Configuration& at) const noexcept {
    return static_cast<std::size_t>(at.ordered.low ^ scramble(at.state.value()));
  }
};

/// The calls and returns of one key in order of time, as a list from which the pair of an operation
/// can be lifted and put back in constant time.
class CallList {
 public:
  static constexpr std::size_t kHead = 0;

  explicit CallList(const Operations& operations) {
    struct Edge {
      Moment at;
      bool is_return;
      std::size_t operation;
    };
    std::vector<Edge> edges;
    for (std::size_t i = 0; i < operations.size(); ++i) {
      edges.push_back({operations[i].invoked, false, i});
      edges.push_back({operations[i].returned, true, i});
    }
    // At one moment calls come first: operations that touch count as overlapping.
    std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
      if (a.at != b.at) return a.at < b.at;
      if (a.is_return != b.is_return) return b.is_return;
      return a.operation < b.operation;
    });
    links_.resize(edges.size() + 1);
    edge_of_call_.resize(operations.size());
    edge_of_return_.resize(operations.size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
      Link& link = links_[i + 1];
      link = {i, i + 2 > edges.size() ? kHead : i + 2, edges[i].operation, edges[i].is_return};
      (edges[i].is_return ? edge_of_return_ : edge_of_call_)[edges[i].operation] = i + 1;
    }
    links_[kHead] = {edges.size(), edges.empty() ? kHead : 1, 0, true};
  }

  [[nodiscard]] std::size_t first() const { return links_[kHead].next; }
  [[nodiscard]] std::size_t next(std::size_t at) const { return links_[at].next; }
  [[nodiscard]] bool is_return(std::size_t at) const { return links_[at].is_return; }
  [[nodiscard]] std::size_t operation(std::size_t at) const { return links_[at].operation; }
  [[nodiscard]] std::size_t call_of(std::size_t operation) const {
    return edge_of_call_[operation];
  }

  void lift(std::size_t operation) {
    unlink(edge_of_call_[operation]);
    unlink(edge_of_return_[operation]);
  }
  /// Precondition: the operations lifted after it were put back.
  void put_back(std::size_t operation) {
    relink(edge_of_return_[operation]);
    relink(edge_of_call_[operation]);
  }

 private:
  struct Link {
    std::size_t previous = 0;
    std::size_t next = 0;
    std::size_t operation = 0;
    bool is_return = false;
  };

  void unlink(std::size_t at) {
    links_[links_[at].previous].next = links_[at].next;
    links_[links_[at].next].previous = links_[at].previous;
  }
  void relink(std::size_t at) {
    links_[links_[at].previous].next = at;
    links_[links_[at].next].previous = at;
  }

  std::vector<Link> links_;
  std::vector<std::size_t> edge_of_call_;
  std::vector<std::size_t> edge_of_return_;
};

/// The search over one key.
class Search {
 public:
  explicit Search(const Operations& operations) : operations_(operations), list_(operations) {}

  Verdict run(std::size_t steps_max) {
    std::size_t at = list_.first();
    for (std::size_t steps = 0; list_.first() != CallList::kHead; ++steps) {
      if (steps == steps_max) return Verdict::inconclusive;
      if (!list_.is_return(at)) {
        at = take(at) ? list_.first() : list_.next(at);
        continue;
      }
      if (ordered_.size() == deepest_) stuck_ = at;
      if (ordered_.empty()) return Verdict::violated;
      at = list_.next(undo());
    }
    return Verdict::linearizable;
  }

  /// The operations around the deepest point that the search reached.
  [[nodiscard]] std::string explain() const {
    const std::size_t failed = list_.operation(stuck_);
    const Moment at = operations_[failed].returned;
    std::string out = "no order explains: " + describe(operations_[failed]) + "; beside it:";
    std::size_t shown = 0;
    for (std::size_t i = operations_.size(); i-- > 0 && shown < 12;) {
      if (i == failed || operations_[i].invoked > at) continue;
      out += "\n    " + describe(operations_[i]);
      ++shown;
    }
    return out;
  }

 private:
  struct Step {
    std::size_t operation;
    Value state_before;
  };

  /// Orders the operation whose call is at `at` next, if its result fits and it leads anywhere new.
  bool take(std::size_t at) {
    const std::size_t operation = list_.operation(at);
    const auto after = step(state_, operations_[operation]);
    if (!after) return false;
    const SetName set = with(set_, operation);
    if (!seen_.insert({set, *after}).second) return false;
    ordered_.push_back({operation, state_});
    deepest_ = std::max(deepest_, ordered_.size());
    state_ = *after;
    set_ = set;
    list_.lift(operation);
    return true;
  }

  /// Takes the last ordered operation back. Returns its call.
  std::size_t undo() {
    const Step last = ordered_.back();
    ordered_.pop_back();
    list_.put_back(last.operation);
    state_ = last.state_before;
    set_ = with(set_, last.operation);
    return list_.call_of(last.operation);
  }

  const Operations& operations_;
  CallList list_;
  Value state_;
  SetName set_;
  std::vector<Step> ordered_;
  std::unordered_set<Configuration, ConfigurationHash> seen_;
  std::size_t deepest_ = 0;
  /// The return that stopped the search at its deepest point.
  std::size_t stuck_ = 0;
};

bool explains(const Operation& write, const Operation& observer) {
  switch (observer.action) {
    case Action::get: return observer.seen == write.value;
    case Action::put:
    case Action::erase: return false;
    case Action::put_if:
    case Action::erase_if: return !observer.applied || observer.expected == write.value;
  }
  return true;
}

/// Drops what the search need not place: an unknown put whose value no known result depends on can
/// always come last.
Operations relevant(const Operations& all) {
  Operations out;
  for (const Operation& operation : all) {
    const bool unknown = operation.outcome == Outcome::unknown;
    if (unknown && operation.action == Action::put) {
      const bool observed = std::any_of(all.begin(), all.end(), [&](const Operation& other) {
        return (other.outcome == Outcome::ok || is_write(other.action)) && &other != &operation &&
               explains(operation, other);
      });
      if (!observed) continue;
    }
    out.push_back(operation);
    if (unknown) out.back().returned = kNever;
  }
  return out;
}

}  // namespace

CheckResult check_linearizability(std::span<const Operation> history, std::size_t steps_max) {
  std::map<Key, Operations> keys;
  for (const Operation& operation : history) {
    if (operation.outcome == Outcome::failed) continue;
    if (operation.outcome == Outcome::unknown && !is_write(operation.action)) continue;
    keys[operation.key].push_back(operation);
  }
  CheckResult inconclusive;
  for (const auto& [key, all] : keys) {
    const Operations operations = relevant(all);
    Search search(operations);
    switch (search.run(steps_max)) {
      case Verdict::linearizable: break;
      case Verdict::violated: return {Verdict::violated, key, search.explain()};
      case Verdict::inconclusive:
        inconclusive = {Verdict::inconclusive, key, "the search gave up"};
        break;
    }
  }
  return inconclusive;
}

}  // namespace tests::linearizability
