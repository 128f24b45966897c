#pragma once

#include <optional>
#include <string>
#include <utility>

#include "gms/core/effect.hpp"

namespace gms::core {

/// Puts a step's effects together: at most one order to the log, and messages that say after which
/// order they may leave [C11].
class EffectWriter {
 public:
  EffectWriter(model::MemberId self, model::BootSeq boot, model::GroupId group)
      : self_(self), boot_(boot), group_(group) {}

  /// Effects go to `effects` from here on; a new step has a new order.
  void begin(Effects& effects) {
    effects_ = &effects;
    order_at_.reset();
  }
  [[nodiscard]] Effects& effects() { return *effects_; }
  template <class E>
  void add(E effect) {
    effects_->push_back(std::move(effect));
  }
  void trace(TraceEvent event) { add(Trace{std::move(event)}); }

  /// The group that messages are of. A joiner's is none until it adopts one.
  [[nodiscard]] model::GroupId group() const { return group_; }
  void adopt_group(model::GroupId group);

  void order_hard_state(const model::HardState& state);
  model::PersistSeq order_entries(const model::EntryRun& run);
  void order_trim(const model::Base& base);
  /// The application's change of state and the log's, in that order. Precondition: this step has no
  /// order yet.
  model::PersistSeq order_install(const model::SnapshotMeta& meta,
                                  const model::InstallRequest& request);
  model::PersistSeq order_divergence();
  model::PersistSeq order_refusal(std::string reason);
  /// The order that the latest hard state went with.
  [[nodiscard]] model::PersistSeq hard_state_seq() const { return hard_state_seq_; }
  /// The latest order.
  [[nodiscard]] model::PersistSeq last_order() const { return last_order_; }

  /// Sends when the latest hard state and the order `after` are durable.
  void send(const model::MemberId& to, model::Epoch epoch, MessageBody body,
            model::PersistSeq after = {});
  /// Sends whatever the disk does: for what promises nothing that a crash could make untrue.
  void send_at_once(const model::MemberId& to, model::Epoch epoch, MessageBody body);
  void send_to_address(std::string address, model::Epoch epoch, MessageBody body);

 private:
  model::PersistRequest& order();
  [[nodiscard]] Message message(const model::MemberId& to, model::Epoch epoch,
                                MessageBody body) const;

  const model::MemberId self_;
  const model::BootSeq boot_;
  model::GroupId group_;
  Effects* effects_ = nullptr;
  /// Where in the effects this step's order stands, if it has one.
  std::optional<std::size_t> order_at_;
  model::PersistSeq last_order_;
  model::PersistSeq hard_state_seq_;
};

}  // namespace gms::core
