#include "tests/simulation/invariants/executions.hpp"

namespace tests::simulation {

using namespace gms::model;

namespace {

std::string at(Index index) {
  return " at index " + std::to_string(index.value());
}

}  // namespace

void OneExecution::state(World& world, const ShadowMember& member, Index index,
                         std::uint64_t digest) {
  if (digest == 0 || index == Index()) return;
  if (digests_.size() < index.value()) digests_.resize(index.value());
  std::uint64_t& known = digests_[index.value() - 1];
  if (known == 0) known = digest;
  if (known != digest)
    world.violate("D3", name_of(member) + " is in another state than others" + at(index));
}

void OneExecution::executes(World& world, const ShadowMember& member,
                            const std::vector<Execution>& executions) {
  for (const Execution& execution : executions) {
    state(world, member, execution.index, execution.digest);
    switch (execution.status) {
      case CallStatus::done:
        if (execution.call) record(world, member, execution);
        break;
      case CallStatus::stale: break;
      case CallStatus::refused:
        world.violate("D2", name_of(member) + " refuses a client's call" + at(execution.index));
        break;
      case CallStatus::registered: registers(world, member, execution); break;
    }
  }
}

void OneExecution::registers(World& world, const ShadowMember& member, const Execution& execution) {
  const auto [known, first] =
      sessions_.try_emplace(execution.call->client, execution.call->session);
  if (known->second != execution.call->session)
    world.violate("D2", name_of(member) + " gives a client a second session" + at(execution.index));
}

void OneExecution::record(World& world, const ShadowMember& member, const Execution& execution) {
  const ClientCall& call = *execution.call;
  const auto [known, first] = results_.try_emplace(
      {call.client, call.number}, CallResult{execution.effective, execution.applied});
  if (first && execution.executed) calls_.push_back({execution.index, call});
  if (first && !execution.executed)
    world.violate("D2",
                  name_of(member) + " answers a call that was not executed" + at(execution.index));
  if (known->second.index != execution.effective || known->second.applied != execution.applied)
    world.violate("D2", name_of(member) + " executes a call again, or answers it otherwise," +
                            at(execution.index));
  if (execution.executed) return;
  world.statistics().count(Sometimes::copy_not_executed);
  const Slot* const original = member.memory.find(execution.effective);
  const Slot* const copy = member.memory.find(execution.index);
  if (original != nullptr && copy != nullptr && original->epoch != copy->epoch)
    world.statistics().count(Sometimes::copy_after_a_leader_change);
}

}  // namespace tests::simulation
