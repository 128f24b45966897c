#include "gms/model/result.hpp"

namespace gms::model {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_leader: return "not_leader";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::timed_out: return "timed_out";
    case ErrorCode::outcome_unknown: return "outcome_unknown";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::busy: return "busy";
    case ErrorCode::closed: return "closed";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::io: return "io";
  }
  return "unknown";
}

}  // namespace gms::model
