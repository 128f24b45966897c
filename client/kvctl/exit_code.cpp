#include "client/kvctl/exit_code.hpp"

namespace kvctl {

ExitCode exit_code_of(gms::model::ErrorCode code) {
  using gms::model::ErrorCode;
  switch (code) {
    case ErrorCode::too_large:
    case ErrorCode::busy: return ExitCode::refused;
    case ErrorCode::unavailable:
    case ErrorCode::not_leader:
    case ErrorCode::closed: return ExitCode::unavailable;
    case ErrorCode::outcome_unknown: return ExitCode::outcome_unknown;
    case ErrorCode::timed_out: return ExitCode::timed_out;
    case ErrorCode::not_found: return ExitCode::not_found;
    case ErrorCode::conflict: return ExitCode::condition_failed;
    case ErrorCode::corrupt: return ExitCode::integrity;
    case ErrorCode::invalid_argument: return ExitCode::usage;
    case ErrorCode::io: return ExitCode::failed;
  }
  return ExitCode::failed;
}

}  // namespace kvctl
