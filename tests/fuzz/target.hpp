#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include "gms/model/bytes.hpp"

namespace fuzz {

using gms::model::Bytes;
using gms::model::ByteSpan;

/// Something that takes bytes from outside, and what must hold whatever these are. A target ends
/// the process when it does not: by require(), or by a crash.
struct Target {
  std::string_view name;
  void (*run)(ByteSpan input);
  /// Inputs to begin with, made by the project's own encoders.
  std::vector<Bytes> (*corpus)();
  /// What an input may make a target allocate in all: so many bytes, and so many for each of its
  /// own.
  std::size_t allocated_max = 64 * 1024;
  std::size_t allocated_per_byte_max = 256;
};

/// All there are, by name.
[[nodiscard]] std::span<const Target> targets();
/// Null if there is none of that name.
[[nodiscard]] const Target* find_target(std::string_view name);

/// Runs the target within what it may allocate.
void run(const Target& target, ByteSpan input);

/// Ends the process, saying what, unless it holds.
void require(bool holds, std::string_view what);

/// What decodes, encodes to bytes that decode to the same.
template <class Decode, class Encode>
void check_round_trip(ByteSpan input, const Decode& decode, const Encode& encode) {
  const auto value = decode(input);
  if (!value) return;
  const Bytes encoded = encode(*value);
  const auto again = decode(encoded);
  require(again.has_value(), "what was encoded can be decoded");
  if constexpr (std::equality_comparable<decltype(*value)>)
    require(*again == *value, "it decodes to what was encoded");
  require(encode(*again) == encoded, "it encodes to the same bytes again");
}

/// The input's first byte says which of `count` things the rest is for.
struct Selected {
  std::size_t which = 0;
  ByteSpan rest;
};
[[nodiscard]] Selected select(ByteSpan input, std::size_t count);
/// The reverse of select().
[[nodiscard]] Bytes selecting(std::size_t which, ByteSpan rest);

}  // namespace fuzz
