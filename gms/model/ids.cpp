#include "gms/model/ids.hpp"

#include <cinttypes>
#include <cstdio>

namespace gms::model {

std::string to_string(const MemberId& id) {
  char text[40];
  std::snprintf(text, sizeof text, "%" PRIx64 ".%" PRIx64, id.node.value(), id.incarnation.value());
  return text;
}

std::string to_string(const GroupId& id) {
  char text[40];
  std::snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64, id.high, id.low);
  return text;
}

std::string to_string(const Position& position) {
  return std::to_string(position.epoch.value()) + ":" + std::to_string(position.index.value());
}

}  // namespace gms::model
