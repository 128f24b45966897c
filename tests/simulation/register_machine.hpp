#pragma once

#include "tests/simulation/generations.hpp"
#include "tests/simulation/state_machine.hpp"

namespace tests::simulation {

/// A store of registers with one session a client, small enough that its code is plainly right.
/// Its digest is a chain over everything that it was given.
class RegisterMachine final : public StateMachine {
 public:
  void deliver(const gms::model::DeliveryBatch& batch, std::vector<Execution>& executions) override;
  void install(const gms::model::PlacedView& view, gms::model::ByteSpan mark) override;
  [[nodiscard]] Value read(Key key) const override;
  [[nodiscard]] std::uint64_t digest() const override { return volatile_.digest; }
  [[nodiscard]] std::optional<gms::model::Bytes> mark() const override;
  [[nodiscard]] std::optional<gms::model::StateSample> sample() const override;
  bool flip() override;
  [[nodiscard]] bool flipped() const override { return volatile_.flipped; }
  [[nodiscard]] bool may_be_flipped() const override {
    return flipped() || durable_.any_of([](const State& state) { return state.flipped; });
  }
  void flush() override { durable_.current() = volatile_; }
  void open(gms::model::StateGeneration generation) override;
  [[nodiscard]] std::optional<gms::model::Bytes> durable_mark() const override;
  [[nodiscard]] std::shared_ptr<const SavedState> save() override;
  void restore(const SavedState& saved, gms::model::StateGeneration generation) override;
  void settle(gms::model::StateGeneration generation) override { durable_.settle(generation); }
  void encode(const ClientCall& call, std::uint32_t padding,
              gms::model::ByteWriter& out) const override;

 private:
  struct Session {
    std::uint64_t number = 0;
    bool applied = false;
    gms::model::Index index;
  };
  struct State {
    std::vector<Value> registers;
    std::vector<Session> sessions;
    std::uint64_t digest = 0;
    /// Of the newest message in the digest.
    gms::model::Index sampled;
    gms::model::Bytes mark;
    bool flipped = false;
  };

  class Saved;

  void execute(const ClientCall& call, Execution& execution);
  [[nodiscard]] static std::optional<gms::model::Bytes> mark_of(const State& state);

  State volatile_;
  Generations<State> durable_;
};

/// The call that `payload` encodes, if it is one.
[[nodiscard]] std::optional<ClientCall> decode_register_call(gms::model::ByteSpan payload);

}  // namespace tests::simulation
