#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "gms/model/ids.hpp"

namespace tests::simulation {

/// Durable states of an application by their generation, as directories on a disk are: a new one is
/// put in place beside the old one, and which of them counts is the log's to say.
template <class State>
class Generations {
 public:
  Generations() { states_[gms::model::StateGeneration(1)]; }

  [[nodiscard]] State& current() { return states_.at(current_); }
  [[nodiscard]] const State& current() const { return states_.at(current_); }

  /// That generation counts, empty if it is not there; the others go.
  void open(gms::model::StateGeneration generation) {
    current_ = generation;
    states_[generation];
    std::erase_if(states_, [&](const auto& entry) { return entry.first != generation; });
  }
  /// That generation is `state` and counts; the one before stays.
  void go_over_to(gms::model::StateGeneration generation, State state) {
    states_[generation] = std::move(state);
    current_ = generation;
  }
  /// Whether one of those that are there fulfils it: a crash may make any of them count.
  template <class Predicate>
  [[nodiscard]] bool any_of(Predicate holds) const {
    return std::ranges::any_of(states_, [&](const auto& entry) { return holds(entry.second); });
  }
  void settle(gms::model::StateGeneration generation) {
    std::erase_if(states_, [&](const auto& entry) { return entry.first < generation; });
  }

 private:
  std::map<gms::model::StateGeneration, State> states_;
  gms::model::StateGeneration current_{1};
};

}  // namespace tests::simulation
