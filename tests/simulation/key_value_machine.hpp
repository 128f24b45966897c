#pragma once

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kvstore/replica/replica.hpp"
#include "kvstore/storage/memory_store.hpp"
#include "tests/simulation/generations.hpp"
#include "tests/simulation/state_machine.hpp"

namespace tests::simulation {

/// The key-value store's own state machine, as kvd runs it, on a store in memory. Calls become its
/// encoded commands under its sessions, and its replies become executions.
///
/// Its digest is the rolling one with a deep one over all rows, sessions included.
class KeyValueMachine final : public StateMachine {
 public:
  KeyValueMachine();

  void deliver(const gms::model::DeliveryBatch& batch, std::vector<Execution>& executions) override;
  void install(const gms::model::PlacedView& view, gms::model::ByteSpan mark) override;
  [[nodiscard]] Value read(Key key) const override;
  [[nodiscard]] std::uint64_t digest() const override;
  [[nodiscard]] std::optional<gms::model::Bytes> mark() const override;
  [[nodiscard]] std::optional<gms::model::StateSample> sample() const override;
  bool flip() override;
  [[nodiscard]] bool flipped() const override { return durable_.current().flipped; }
  [[nodiscard]] bool may_be_flipped() const override {
    return durable_.any_of([](const Durable& state) { return state.flipped; });
  }
  void flush() override;
  void open(gms::model::StateGeneration generation) override;
  [[nodiscard]] std::optional<gms::model::Bytes> durable_mark() const override;
  [[nodiscard]] std::shared_ptr<const SavedState> save() override;
  void restore(const SavedState& saved, gms::model::StateGeneration generation) override;
  void settle(gms::model::StateGeneration generation) override { durable_.settle(generation); }
  /// A call without a session becomes the registration of one.
  void encode(const ClientCall& call, std::uint32_t padding,
              gms::model::ByteWriter& out) const override;

 private:
  /// What the replica answered, by the place in the batch.
  class Replies final : public kvstore::replica::ReplySink {
   public:
    struct Heard {
      std::size_t place = 0;
      kvstore::api::Outcome outcome = kvstore::api::Outcome::invalid;
      kvstore::api::Revision revision;
    };

    void on_replies(std::span<const kvstore::replica::TicketReply> replies) override;
    std::vector<Heard> take() { return std::exchange(heard_, {}); }

   private:
    std::vector<Heard> heard_;
  };

  class Saved;

  /// A new process on the current durable state.
  void start();
  void translate(const Replies::Heard& reply, gms::model::ByteSpan payload, Execution& execution);
  [[nodiscard]] std::optional<std::uint32_t> client_of(kvstore::api::SessionId session);

  struct Durable {
    kvstore::storage::MemoryImage image;
    bool flipped = false;
  };
  Generations<Durable> durable_;
  Replies replies_;
  std::unique_ptr<kvstore::storage::MemoryStore> store_;
  std::unique_ptr<kvstore::replica::Replica> replica_;
  /// Whose a session is never changes.
  std::unordered_map<std::uint64_t, std::uint32_t> clients_;
};

}  // namespace tests::simulation
