#include "tests/linearizability/list_checker.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace tests::linearizability {
namespace {

/// The calls on one key.
class ListKey {
 public:
  void add(const ListOperation& operation) {
    if (operation.action == ListAction::append)
      appends_.push_back(&operation);
    else if (operation.outcome == Outcome::ok)
      reads_.push_back(&operation);
  }

  /// What is wrong, in words.
  [[nodiscard]] std::optional<std::string> contradiction() {
    if (auto wrong = wrong_with_prefixes()) return wrong;
    if (auto wrong = wrong_with_elements()) return wrong;
    for (const ListOperation* append : appends_)
      if (auto wrong = wrong_with(*append)) return wrong;
    return wrong_with_order();
  }

  /// An acknowledged append that nobody read after it.
  [[nodiscard]] const ListOperation* undecided() const {
    for (const ListOperation* append : appends_)
      if (is_acknowledged(*append) && !place_of(append->element)) return append;
    return nullptr;
  }

 private:
  static bool is_acknowledged(const ListOperation& append) {
    return append.outcome == Outcome::ok && append.applied;
  }
  static bool had_no_effect(const ListOperation& append) {
    return append.outcome == Outcome::failed || (append.outcome == Outcome::ok && !append.applied);
  }
  static bool ended_before(const ListOperation& one, const ListOperation& other) {
    return one.outcome == Outcome::ok && one.returned < other.invoked;
  }
  [[nodiscard]] std::optional<std::size_t> place_of(Value element) const {
    const auto found = places_.find(element.value());
    if (found == places_.end()) return std::nullopt;
    return found->second;
  }
  /// Whether a read, which is a prefix of the longest, has the element at that place.
  static bool has(const ListOperation& read, std::optional<std::size_t> place) {
    return place && *place < read.seen.size();
  }

  std::optional<std::string> wrong_with_prefixes() {
    std::ranges::stable_sort(reads_, {}, [](const auto* read) { return read->seen.size(); });
    for (std::size_t i = 1; i < reads_.size(); ++i) {
      const auto& [shorter, longer] = std::tie(reads_[i - 1]->seen, reads_[i]->seen);
      if (!std::equal(shorter.begin(), shorter.end(), longer.begin()))
        return describe(*reads_[i - 1]) + "\n  is no prefix of " + describe(*reads_[i]);
    }
    if (reads_.empty()) return std::nullopt;
    for (const Value element : reads_.back()->seen)
      if (!places_.emplace(element.value(), places_.size()).second)
        return std::to_string(element.value()) + " stands twice in " + describe(*reads_.back());
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> wrong_with_elements() const {
    std::map<std::uint64_t, const ListOperation*> by_element;
    for (const ListOperation* append : appends_)
      by_element.emplace(append->element.value(), append);
    for (const auto& [element, place] : places_) {
      const auto append = by_element.find(element);
      const std::string where = " stands in " + describe(*reads_.back());
      if (append == by_element.end())
        return std::to_string(element) + ", which nobody appended," + where;
      if (had_no_effect(*append->second)) return describe(*append->second) + "\n " + where;
    }
    return std::nullopt;
  }

  /// Looks at an append and every read.
  [[nodiscard]] std::optional<std::string> wrong_with(const ListOperation& append) const {
    const auto place = place_of(append.element);
    for (const ListOperation* read : reads_) {
      if (ended_before(*read, append) && has(*read, place))
        return describe(append) + "\n  was read before its call by " + describe(*read);
      if (is_acknowledged(append) && ended_before(append, *read) && !has(*read, place))
        return describe(append) + "\n  is missing in " + describe(*read);
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> wrong_with_order() const {
    for (const ListOperation* first : appends_)
      for (const ListOperation* second : appends_) {
        const auto place = place_of(first->element);
        const auto later = place_of(second->element);
        if (place && later && ended_before(*first, *second) && *later < *place)
          return describe(*first) + "\n  stands after " + describe(*second);
      }
    for (const ListOperation* first : reads_)
      for (const ListOperation* second : reads_)
        if (ended_before(*first, *second) && second->seen.size() < first->seen.size())
          return describe(*second) + "\n  began after the end of " + describe(*first);
    return std::nullopt;
  }

  std::vector<const ListOperation*> appends_;
  /// Those that are `ok`; the longest last, once they are sorted.
  std::vector<const ListOperation*> reads_;
  /// Where each element of the longest stands.
  std::map<std::uint64_t, std::size_t> places_;
};

}  // namespace

CheckResult check_lists(std::span<const ListOperation> history) {
  std::map<Key, ListKey> keys;
  for (const ListOperation& operation : history) keys[operation.key].add(operation);
  CheckResult result;
  for (auto& [key, list] : keys) {
    if (const auto wrong = list.contradiction()) return {Verdict::violated, key, *wrong};
    if (const ListOperation* append = list.undecided())
      result = {Verdict::inconclusive, key, "nothing was read after " + describe(*append)};
  }
  return result;
}

}  // namespace tests::linearizability
