#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>

#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {

/// Does something to a member's log on copies of one disk, with the power cut after each number of
/// changes of the disk, and looks at what the next start finds.
class CrashSteps {
 public:
  using Act = std::function<model::Result<void>(LogStore&)>;
  /// Whether the act came to its end is known; what the crash left is to be judged.
  enum class Outcome { done, cut_off };
  using Check = std::function<void(LogStore::Recovered&, Outcome)>;

  /// Precondition: no store is open on `disk`.
  CrashSteps(const tests::SimulatedDisk& disk, LogOptions options)
      : disk_(disk), options_(options) {}

  /// How many steps the act took.
  std::uint64_t run(const Act& act, const Check& check) {
    for (std::uint64_t changes = 0; changes < 1000; ++changes) {
      Outcome outcome = Outcome::cut_off;
      for (std::uint64_t fate = 0; fate < kFates; ++fate) {
        SCOPED_TRACE("cut after " + std::to_string(changes) + " changes, fate " +
                     std::to_string(fate));
        outcome = run_once(changes, fate, act, check);
        if (testing::Test::HasFailure()) return changes;
      }
      if (outcome == Outcome::done) return changes;
    }
    ADD_FAILURE() << "it takes no end";
    return 0;
  }

 private:
  static constexpr std::uint64_t kFates = 6;

  Outcome run_once(std::uint64_t changes, std::uint64_t fate, const Act& act, const Check& check) {
    const auto disk = disk_.image();
    auto before = LogStore::recover(*disk, kDirectory, options_);
    EXPECT_TRUE(before.has_value()) << before.error().detail;
    disk->cut_power_after(changes);
    const Outcome outcome = act(*before->store) ? Outcome::done : Outcome::cut_off;
    before->store.reset();
    lose_power(*disk, fate);
    auto after = LogStore::recover(*disk, kDirectory, options_);
    EXPECT_TRUE(after.has_value()) << after.error().detail;
    if (after) check(*after, outcome);
    return outcome;
  }

  static void lose_power(tests::SimulatedDisk& disk, std::uint64_t fate) {
    if (fate == 0) return disk.lose_power(tests::SimulatedDisk::Unsynced::lost);
    if (fate == 1) return disk.lose_power(tests::SimulatedDisk::Unsynced::kept);
    std::mt19937_64 random(fate);
    disk.lose_power([&random] { return random(); });
  }

  const tests::SimulatedDisk& disk_;
  LogOptions options_;
};

}  // namespace gms::log
