#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/target.hpp"

// The entry of libFuzzer, in a program a target.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Target* const kTarget = fuzz::find_target(FUZZ_TARGET);
  fuzz::run(*kTarget, std::as_bytes(std::span(data, size)));
  return 0;
}
