#include "tests/golden/host.hpp"

namespace golden {

using namespace gms::core;
using namespace gms::model;

namespace {
constexpr std::uint64_t kSeedStep = 1000;
}

Effects Host::start() {
  ++boot_;
  settings_.seed = id().node.value() * kSeedStep + boot_.value();
  delivered = Index();
  state = flushed_state;
  engine_ = std::make_unique<Engine>(settings_, disk.restore(boot_), now);
  Effects effects;
  engine_->start(effects);
  return effects;
}

void Host::crash() {
  engine_.reset();
  disk.lose_pending();
  gated.clear();
  reads.clear();
  owes_applied = false;
  samples.clear();
  taking.reset();
  fetching.reset();
}

Effects Host::step(Input input) {
  Effects effects;
  engine_->step(now, std::move(input), effects);
  return effects;
}

Ticket Host::take_tickets(std::uint64_t count) {
  const Ticket first = ticket_.next();
  ticket_ = ticket_ + count;
  return first;
}

}  // namespace golden
