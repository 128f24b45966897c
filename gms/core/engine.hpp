#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gms/core/config.hpp"
#include "gms/core/effect.hpp"
#include "gms/core/input.hpp"
#include "gms/core/status.hpp"

namespace gms::core {

/// What one engine is made of besides what was restored.
struct EngineSettings {
  Config config;
  /// This member as it wants to stand in a view.
  model::Member self;
  /// Peer addresses to ask for admission, for a member that is in no view.
  std::vector<std::string> join_addresses;
  /// Of all its randomness.
  std::uint64_t seed = 0;
};

/// The group membership and multicast protocol of one member, as a deterministic state machine
/// without I/O, threads or a clock: the same settings, state and inputs give the same effects on
/// any machine (docs/protocol.md).
///
/// Guarantees, given a driver that keeps the contract of gms/core/effect.hpp and a log that keeps
/// that of gms/model/log.hpp: integrity, uniform agreement and total order of what it delivers, at
/// most one leader an epoch, and nothing delivered or acknowledged is lost while a quorum of the
/// latest view's disks survives. Broken assumptions end in Fatal or GMS_ASSERT, never in going on.
/// Thread rule: one thread. Owns all it needs.
class Engine {
 public:
  /// Precondition: `state` was recovered from the member's own directory; `now` is current.
  Engine(EngineSettings settings, model::RestoredState state, model::Instant now);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  /// What has to be done before the first input.
  void start(Effects& effects);

  /// Takes one input at time `now`, which never goes back, and appends to `effects` what follows
  /// from it, in order. After a Fatal every input is ignored.
  void step(model::Instant now, Input input, Effects& effects);

  /// False while so many orders to the log are under way that proposals had better gather into
  /// one larger batch. A driver holds Propose and Multicast back meanwhile; Durable ends it.
  [[nodiscard]] bool wants_proposals() const;

  /// When the next Tick can have an effect at the latest; ticks before it may be left out.
  [[nodiscard]] model::Instant next_deadline() const;

  [[nodiscard]] Status status() const;

  /// The end of the log, for checkers: its position, and the hash that stands for all before it.
  [[nodiscard]] model::ChainHead log_head() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gms::core
