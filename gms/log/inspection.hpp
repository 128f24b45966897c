#pragma once

#include "gms/log/log_scan.hpp"
#include "gms/log/state_files.hpp"

namespace gms::log {

/// What is in a data directory.
struct Inspection {
  StoredState stored;
  ScannedLog log;
};

/// Reads a data directory by the code of recovery and writes nothing, so it serves tools and
/// checkers. What recovery would cut as a torn tail is not in the result. Takes no lock: a member
/// that runs may change what is being read, and the error would be the reader's alone. Errors:
/// not_found (not a data directory), corrupt (as recovery would say), io.
[[nodiscard]] model::Result<Inspection> inspect(FileSystem& files, const std::string& directory,
                                                std::size_t tail_bytes_max);

/// The same by way of `state_files`, which can rewrite what it read then.
[[nodiscard]] model::Result<Inspection> inspect(FileSystem& files, const std::string& directory,
                                                StateFiles& state_files,
                                                std::size_t tail_bytes_max);

}  // namespace gms::log
