#include "tests/mutants/fingerprint.hpp"

#include <array>
#include <cstdio>

namespace tests::mutants {

void Fingerprint::add(std::string_view text) {
  for (const char byte : text) add_byte(static_cast<unsigned char>(byte));
  for (std::size_t rest = text.size(); rest != 0; rest >>= 8)
    add_byte(static_cast<unsigned char>(rest & 0xff));
  add_byte(0);
}

std::string Fingerprint::text() const {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value_));
  return {digits.data(), 16};
}

void Fingerprint::add_byte(unsigned char byte) {
  value_ = (value_ ^ byte) * 1099511628211ULL;
}

}  // namespace tests::mutants
