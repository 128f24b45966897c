#pragma once

#include <iosfwd>

#include "gms/model/result.hpp"
#include "tests/linearizability/history.hpp"

namespace tests::linearizability {

/// Writes a history as JSON lines, one operation a line.
void save(const History& history, std::ostream& out);

/// Reads what save() wrote. Error: corrupt, naming the line.
[[nodiscard]] gms::model::Result<History> load(std::istream& in);

}  // namespace tests::linearizability
