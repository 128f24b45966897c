#pragma once

#include <optional>
#include <span>
#include <string>

#include "tests/linearizability/history.hpp"

namespace tests::linearizability {

/// A write as the committed stream has it: which operation of the history, and where.
struct CommittedWrite {
  gms::model::Index index;
  std::size_t operation = 0;
};

/// Checks the service's own witness, the indexes, in time that grows linearly [R2]: whatever
/// returned before a call was made stands before it, strictly so if the call is a write. Returns
/// the contradiction, if there is one. Operations without an index, or that are not `ok`, are
/// skipped.
[[nodiscard]] std::optional<std::string> check_real_time_order(std::span<const Operation> history);

/// Replays the committed writes and compares every `ok` result with the replay at its index: a
/// write must stand there, a get must have seen the last write of its key at or before it. No write
/// of the history may stand in the stream twice, and none that `failed` may stand in it at all
/// [D5]. Precondition: `committed` grows by index.
[[nodiscard]] std::optional<std::string> check_replay(std::span<const Operation> history,
                                                      std::span<const CommittedWrite> committed);

}  // namespace tests::linearizability
