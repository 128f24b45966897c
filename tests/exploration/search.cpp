#include "tests/exploration/search.hpp"

#include <algorithm>

#include "tests/exploration/packing.hpp"
#include "tests/exploration/symmetry.hpp"

namespace tests::exploration {
namespace {

class Search {
 public:
  explicit Search(const Model& model)
      : model_(model),
        packing_(model.bounds()),
        symmetry_(model.bounds(), packing_),
        found_(packing_.words()) {}

  SearchResult run(std::size_t states_max) {
    SearchResult result;
    add(model_.start(), 0);
    StateNumber level_end = 1;
    for (StateNumber number = 0; number < found_.size(); ++number) {
      if (number == level_end) {
        ++result.depth;
        level_end = found_.size();
      }
      result.gave_up = found_.size() > states_max;
      if (result.gave_up || expand(number, result)) break;
    }
    result.states = found_.size();
    result.bytes = found_.bytes() + parents_.capacity() * sizeof(StateNumber);
    return result;
  }

 private:
  /// The same for all states that go on alike.
  PackedState key_of(State state) const {
    model_.forget(state);
    return symmetry_.canonical(state);
  }

  void add(const State& state, StateNumber parent) {
    if (found_.insert(key_of(state)).is_new) parents_.push_back(parent);
  }

  /// True if one of the actions breaks an invariant.
  bool expand(StateNumber number, SearchResult& result) {
    const State state = packing_.unpack(found_.at(number));
    model_.actions(state, actions_);
    for (const Action& action : actions_) {
      const State after = model_.after(state, action);
      if (broken_by(state, action, after)) {
        result.counterexample = counterexample_from(number);
        return true;
      }
      add(after, number);
    }
    return false;
  }

  /// States are kept under other names than they were found under. So the way to this one is walked
  /// once more from the start, each time by the action that leads to the right state up to names,
  /// and then on to the violation.
  Counterexample counterexample_from(StateNumber number) {
    std::vector<StateNumber> path;
    for (; number != 0; number = parents_[number]) path.push_back(number);
    Counterexample out;
    State state = model_.start();
    for (; !path.empty(); path.pop_back()) {
      const PackedState next = found_.at(path.back());
      walk(state, out, [&](const Action&, const State& after) { return key_of(after) == next; });
    }
    walk(state, out, [&](const Action& action, const State& after) {
      const auto broken = broken_by(state, action, after);
      out.broken = broken.value_or(out.broken);
      return broken.has_value();
    });
    return out;
  }

  /// Takes the first action that `is_wanted`. Precondition: there is one.
  template <class Wanted>
  void walk(State& state, Counterexample& path, const Wanted& is_wanted) {
    model_.actions(state, actions_);
    for (const Action& action : actions_) {
      const State after = model_.after(state, action);
      if (!is_wanted(action, after)) continue;
      path.actions.push_back(action);
      state = after;
      model_.forget(state);
      return;
    }
  }

  const Model& model_;
  const Packing packing_;
  const Symmetry symmetry_;
  StateSet found_;
  std::vector<StateNumber> parents_;
  std::vector<Action> actions_;
};

}  // namespace

SearchResult search(const Model& model, std::size_t states_max) {
  return Search(model).run(states_max);
}

}  // namespace tests::exploration
