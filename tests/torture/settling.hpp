#pragma once

#include <string>
#include <vector>

#include "tests/torture/stage.hpp"

namespace tests::torture {

/// Ends a story: cures what is ill, starts who does not run, and waits until all are up. Then it
/// stops the clients and compares the members with each other and with what clients were told:
///
///  * nobody had ended who was not made to, and nobody's log tells of a broken invariant;
///  * no session has expired;
///  * the members' states are equal, as read from their stores, and so are their views;
///  * what was acknowledged is there, and nothing twice.
///
/// Returns what is wrong, one finding each.
[[nodiscard]] std::vector<std::string> settle(Stage& stage);

/// Reads every key of the recording once more, now that all is quiet: only a read after a write can
/// tell that it is not lost. Throws when one cannot be read.
[[nodiscard]] linearizability::Recording with_last_reads(const cluster::LocalGroup& group,
                                                         linearizability::Recording recording);

/// Ends the members in order and compares their logs. Then it replays the committed stream, if a
/// log has all of it, and holds every result against it, which is the stronger half of the witness.
/// Returns what is wrong; sets how many writes were replayed.
[[nodiscard]] std::string wrong_with_logs(Stage& stage,
                                          std::span<const linearizability::Operation> history,
                                          std::uint64_t& replayed);

}  // namespace tests::torture
