#pragma once

#include <string>
#include <vector>

#include "tests/torture/committed_stream.hpp"
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

/// What is in the members' directories.
struct Logs {
  std::vector<MemberLog> logs;
  /// Their segments, and those that were kept.
  std::vector<std::filesystem::path> segments;
  /// Up to where the stream was committed when the members ended.
  gms::model::Index commit;
};

/// Ends the members in order, and reads what they leave. Throws when that cannot be read.
[[nodiscard]] Logs end_and_read_logs(Stage& stage);

}  // namespace tests::torture
