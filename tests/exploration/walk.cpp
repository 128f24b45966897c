#include "tests/exploration/walk.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "tests/simulation/random.hpp"

namespace tests::exploration {
namespace {

using simulation::Concern;
using simulation::Random;

constexpr std::size_t kKinds = static_cast<std::size_t>(ActionKind::lose_vote) + 1;
/// What a kind may weigh in a walk.
constexpr std::array<std::uint64_t, 4> kWeights = {1, 5, 25, 125};

/// How much each kind of action is liked.
class Tastes {
 public:
  explicit Tastes(Random& random) {
    for (std::uint64_t& weight : weights_) weight = kWeights[random.below(kWeights.size())];
  }

  /// Draws a kind among those that are there, then two of its actions, and takes the one of the
  /// smaller epoch: epochs are what walks run out of.
  Action draw(const std::vector<Action>& actions, Random& random) const {
    std::array<std::uint64_t, kKinds> counts{};
    for (const Action& action : actions) ++counts[static_cast<std::size_t>(action.kind)];
    const auto kind = static_cast<ActionKind>(draw_kind(counts, random));
    std::vector<Action> alike;
    std::ranges::copy_if(actions, std::back_inserter(alike),
                         [&](const Action& action) { return action.kind == kind; });
    const Action& one = alike[random.below(alike.size())];
    const Action& other = alike[random.below(alike.size())];
    return one.epoch <= other.epoch ? one : other;
  }

 private:
  std::size_t draw_kind(const std::array<std::uint64_t, kKinds>& counts, Random& random) const {
    std::uint64_t sum = 0;
    for (std::size_t kind = 0; kind < kKinds; ++kind)
      if (counts[kind] > 0) sum += weights_[kind];
    std::uint64_t left = random.below(sum);
    for (std::size_t kind = 0;; ++kind) {
      if (counts[kind] == 0) continue;
      if (left < weights_[kind]) return kind;
      left -= weights_[kind];
    }
  }

  std::array<std::uint64_t, kKinds> weights_{};
};

}  // namespace

std::optional<Counterexample> walk(const Model& model, std::uint64_t seed, std::size_t steps_max) {
  Random random(seed, Concern::workload);
  const Tastes tastes(random);
  Counterexample path;
  State state = model.start();
  std::vector<Action> actions;
  while (path.actions.size() < steps_max) {
    model.actions(state, actions);
    if (actions.empty()) break;
    const Action action = tastes.draw(actions, random);
    const State after = model.after(state, action);
    path.actions.push_back(action);
    if (const auto broken = broken_by(state, action, after)) {
      path.broken = *broken;
      return path;
    }
    state = after;
  }
  return std::nullopt;
}

}  // namespace tests::exploration
