#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "client/pending_call.hpp"

namespace client {

/// The calls that are not complete, by the id of their requests. One thread.
class CallTable {
 public:
  CallTable() = default;

  /// Takes the call and gives it its id.
  PendingCall& add(std::unique_ptr<PendingCall> call);
  /// The call, or null when it is complete.
  [[nodiscard]] PendingCall* find(kvstore::api::RequestId id) const;
  /// Takes the call out. Precondition: it is here.
  [[nodiscard]] std::unique_ptr<PendingCall> remove(kvstore::api::RequestId id);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  /// A bit for every endpoint where a copy of some call is that was not answered.
  [[nodiscard]] std::uint64_t asked() const;

  /// The calls that are overdue. Costs nothing before the first deadline that it saw last.
  [[nodiscard]] std::vector<kvstore::api::RequestId> overdue(Clock::time_point now);

  /// Calls `visit` with every call, in the order in which they were added. They may be changed, not
  /// added or removed.
  template <class Visit>
  void for_each(Visit visit) const {
    for (PendingCall* call : in_order()) visit(*call);
  }

 private:
  struct Slot {
    std::unique_ptr<PendingCall> call;
    std::uint32_t generation = 0;
    /// Counts the calls added.
    std::uint64_t order = 0;
  };

  [[nodiscard]] std::vector<PendingCall*> in_order() const;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t added_ = 0;
  /// No call is due before.
  Clock::time_point earliest_due_ = Clock::time_point::max();
};

}  // namespace client
