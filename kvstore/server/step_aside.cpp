#include "kvstore/server/step_aside.hpp"

namespace kvstore::server {

using gms::model::Instant;
using namespace std::chrono_literals;

namespace {
constexpr gms::model::Duration kPatience = 3s;
}  // namespace

bool StepAside::due(Instant now, const Facts& facts) {
  if (!facts.leads || !facts.in_trouble) {
    since_.reset();
    return false;
  }
  if (!since_) since_ = now;
  if (now - *since_ < kPatience) return false;
  since_ = now;
  return true;
}

}  // namespace kvstore::server
