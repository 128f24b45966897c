#pragma once

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace tests::torture {

/// Random choices of a scenario, a function of the seed. One thread.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}

  /// In [low, high].
  [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + random_() % (high - low + 1);
  }
  [[nodiscard]] std::chrono::milliseconds ms(std::uint64_t low, std::uint64_t high) {
    return std::chrono::milliseconds(between(low, high));
  }
  /// True once in `times` times.
  [[nodiscard]] bool one_in(std::uint64_t times) { return random_() % times == 0; }
  /// Precondition: there are some.
  template <class T>
  [[nodiscard]] const T& one_of(const std::vector<T>& all) {
    return all[random_() % all.size()];
  }
  [[nodiscard]] std::uint64_t number() { return random_(); }

 private:
  std::mt19937_64 random_;
};

}  // namespace tests::torture
