#pragma once

#include <cstdint>

#include "gms/model/result.hpp"

namespace kvctl {

/// What a script learns from kvctl's end.
enum class ExitCode : std::uint8_t {
  done = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  condition_failed = 4,
  unavailable = 5,
  outcome_unknown = 6,
  refused = 8,
  integrity = 9,
  timed_out = 124,
  interrupted = 130,
};

[[nodiscard]] ExitCode exit_code_of(gms::model::ErrorCode code);

}  // namespace kvctl
