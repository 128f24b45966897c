#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "tests/simulation/state_machine.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// A write that the state machine executed.
struct ExecutedCall {
  gms::model::Index index;
  ClientCall call;
};

/// D2, D3: every copy of the state machine executes the same calls with the same results, each call
/// once; a copy of a call is answered as the call was; and a client has one session.
class OneExecution {
 public:
  void executes(World& world, const ShadowMember& member, const std::vector<Execution>& executions);
  /// A state of a member as a whole, compared with others at the same index.
  void state(World& world, const ShadowMember& member, gms::model::Index index,
             std::uint64_t digest);

  /// In the order of the stream.
  [[nodiscard]] const std::vector<ExecutedCall>& calls() const { return calls_; }

 private:
  struct CallResult {
    gms::model::Index index;
    bool applied = false;
  };

  void record(World& world, const ShadowMember& member, const Execution& execution);
  void registers(World& world, const ShadowMember& member, const Execution& execution);

  /// By index.
  std::vector<std::uint64_t> digests_;
  std::map<std::pair<std::uint32_t, std::uint64_t>, CallResult> results_;
  std::vector<ExecutedCall> calls_;
  /// By client.
  std::map<std::uint32_t, kvstore::api::SessionId> sessions_;
};

}  // namespace tests::simulation
