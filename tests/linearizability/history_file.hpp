#pragma once

#include <iosfwd>

#include "gms/model/result.hpp"
#include "tests/linearizability/list_history.hpp"

namespace tests::linearizability {

/// All calls of a run. Keys of registers and of lists have different numbers.
struct Recording {
  History registers;
  ListHistory lists;

  friend bool operator==(const Recording&, const Recording&) = default;
};

/// Writes calls as JSON lines, as docs/testing.md says, one call a line.
void save(const Operation& operation, std::ostream& out);
void save(const ListOperation& operation, std::ostream& out);
void save(const Recording& recording, std::ostream& out);

/// Reads what save() wrote. Where a client has two calls that began at the same moment, the later
/// line counts: a client that may be killed writes one when it calls, and one when it is answered.
/// A last line without its end is left out. Error: corrupt, naming the line.
[[nodiscard]] gms::model::Result<Recording> load(std::istream& in);

}  // namespace tests::linearizability
