#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tests::cluster {

/// Keys and their values, in the order in which an export has them.
using Records = std::map<std::string, std::string>;

/// Records of the shape of a package index: names, and many-line descriptions with quotes,
/// backslashes, tabs, control characters and letters of several alphabets. The same ones for the
/// same seed.
[[nodiscard]] Records package_records(std::size_t count, std::uint64_t seed);

/// The one way in which a pair is written in jsonl: key, then value, without spaces, and nothing
/// escaped that need not be. Written here anew, not taken from kvctl.
[[nodiscard]] std::string jsonl_line(std::string_view key, std::string_view value);
[[nodiscard]] std::string jsonl(const Records& records);

}  // namespace tests::cluster
