#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "gms/model/application.hpp"

namespace gms::model {

/// An application whose state is small and in memory, for groups with Durability::memory: what a
/// user writes is how a message changes the state, and how the state becomes bytes and is made of
/// them again. A member that comes later begins with those bytes.
///
/// An object of it serves one start of a member: what comes back begins with a new one.
///
/// Guarantee: encode() is called between messages, and decode() with what another member's
/// encode() gave, at the place in the stream where that stood; what comes after is applied to it.
/// Thread rule: apply(), encode(), decode() and view_changed() are called on the group's thread.
class MemoryApplication : public Application {
 public:
  /// A state of more bytes is neither given to others nor taken from them.
  static constexpr std::uint64_t kStateBytesMax = std::uint64_t{1} << 30;

  [[nodiscard]] Result<std::optional<Bytes>> open(StateGeneration generation) final;
  [[nodiscard]] Result<void> deliver(const DeliveryBatch& batch) final;
  [[nodiscard]] Result<void> install(const PlacedView& view, ByteSpan mark) final;
  [[nodiscard]] Index durable() const final { return applied_; }
  void take_state(OnStateTaken taken) final;
  [[nodiscard]] Result<std::unique_ptr<StateSink>> receive_state(
      std::vector<StatePart> parts) final;
  [[nodiscard]] Result<void> restore(std::unique_ptr<StateSink> staged, StateGeneration generation,
                                     ByteSpan mark) final;
  void state_settled(StateGeneration) final {}

 protected:
  /// One message of the stream. An error stops the member.
  [[nodiscard]] virtual Result<void> apply(const Delivery& delivery) = 0;
  /// The whole state.
  [[nodiscard]] virtual Bytes encode() const = 0;
  /// Puts the state that encode() gave at another member in place of this one's. Error: corrupt.
  [[nodiscard]] virtual Result<void> decode(ByteSpan state) = 0;
  /// The group is `view` from here on in the stream, or where a state begins that was taken over.
  virtual void view_changed(const PlacedView& view) { static_cast<void>(view); }

 private:
  /// With the state: gms's own.
  Bytes mark_;
  Index applied_;
};

}  // namespace gms::model
