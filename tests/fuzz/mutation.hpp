#pragma once

#include <random>
#include <vector>

#include "gms/model/bytes.hpp"

namespace fuzz {

/// Changes inputs at random: bits, bytes, numbers at the ends of their ranges, pieces of the input
/// and of others. The same seed makes the same changes.
class Mutation {
 public:
  explicit Mutation(std::uint64_t seed) : random_(seed) {}

  /// One of `corpus`, changed a few times. Precondition: there is one.
  [[nodiscard]] gms::model::Bytes draw(const std::vector<gms::model::Bytes>& corpus);

 private:
  [[nodiscard]] std::size_t below(std::size_t limit) { return random_() % limit; }
  void change(gms::model::Bytes& input, const std::vector<gms::model::Bytes>& corpus);
  void overwrite(gms::model::Bytes& input);
  void splice(gms::model::Bytes& input, gms::model::ByteSpan from);

  std::mt19937_64 random_;
};

}  // namespace fuzz
