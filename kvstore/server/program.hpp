#pragma once

#include <span>

#include "gms/group.hpp"

namespace kvstore::server {

/// All of kvd: carries out the command that `arguments`, without the program's name, are, and
/// returns the exit code. `witness`, if there is one, hears every event of the member that runs,
/// routine ones too, on the group's thread; it outlives the call. Precondition: prepare_process().
[[nodiscard]] int run_program(std::span<const char* const> arguments,
                              gms::net::EventSink* witness = nullptr);

}  // namespace kvstore::server
