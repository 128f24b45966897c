#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tests::mutants {

/// Tells texts apart, the same way in every build: 64-bit FNV-1a. Nobody means to fool it.
class Fingerprint {
 public:
  /// Adds a text; where one ends and the next begins counts too.
  void add(std::string_view text);
  [[nodiscard]] std::string text() const;

 private:
  void add_byte(unsigned char byte);

  std::uint64_t value_ = 14695981039346656037ULL;
};

}  // namespace tests::mutants
