#pragma once

#include "gms/group.hpp"

namespace benchmarks {

/// One member of a group that multicasts as fast as it is told to, run by lines on its standard
/// input and answering on its standard output:
///
///     address HOST:PORT            said first
///     ready                        said when three members are up
///     run BYTES OUTSTANDING        multicasts of that size, so many under way; 0: only listens
///     count                        answered by `count MESSAGES P50_NS`: delivered since `run`, and
///                                  the median time of its own since the last count, 0 unless one
///                                  is under way at a time
///     stop                         answered by `stopped` when nothing of its own is under way
///
/// Returns when its input ends: the exit code of the process.
int run_multicast_member(const gms::GroupOptions& options);

}  // namespace benchmarks
