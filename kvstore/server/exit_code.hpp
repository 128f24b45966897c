#pragma once

#include <string>

namespace kvstore::server {

/// How kvd ends, for scripts and service managers.
enum class ExitCode : int {
  /// Done, or stopped by a signal.
  done = 0,
  /// The command line, a setting, or an address that cannot be listened at.
  usage = 2,
  /// The data directory is in use, cannot be written, is not a member's, or is refused.
  directory = 3,
  /// The storage failed while running.
  storage = 4,
  /// An invariant was broken.
  invariant = 5,
  /// A snapshot file is damaged.
  integrity = 9,
};

/// Why kvd does not run, or goes on no longer: a line for people, which ends with what to type or
/// to do next where that is known, behind `Try: `.
struct Failure {
  ExitCode code = ExitCode::usage;
  std::string what;

  friend bool operator==(const Failure&, const Failure&) = default;
};

}  // namespace kvstore::server
