#pragma once

#include <chrono>
#include <string>

#include "tests/cluster/local_group.hpp"
#include "tests/cluster/recorder.hpp"

namespace tests::cluster {

/// What is wrong after a run, in words; empty if nothing is. Asks whether the recorder's history is
/// linearizable, whether each acknowledged write of a key of its own is there exactly once, and
/// whether the replicas that run are equal, as read from their stores. The recorder has stopped.
[[nodiscard]] std::string wrong_with(const LocalGroup& group, const Recorder& recorder);

/// The part of it that asks about the keys of the clients' own.
[[nodiscard]] std::string wrong_with_own_keys(const LocalGroup& group, const OwnKeys& own_keys);

/// The longest time in which no call of any client ended well.
[[nodiscard]] std::chrono::milliseconds longest_pause(const linearizability::History& history);

}  // namespace tests::cluster
