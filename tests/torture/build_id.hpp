#pragma once

#include <string>

namespace tests::torture {

/// Tells one build of the programs that a run is made of from another: a checksum of their files.
/// Throws when one cannot be read.
[[nodiscard]] std::string build_id();

}  // namespace tests::torture
