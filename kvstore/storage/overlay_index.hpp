#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace kvstore::storage {

/// Finds the rows of an ordered table by their keys, without a walk down its tree: a hash table of
/// pointers, which only grows. `Row` is a pair whose first is the key. One thread writes; any
/// number may read what nobody writes to any more.
template <class Row>
class OverlayIndex {
 public:
  /// Null when there is none.
  [[nodiscard]] Row* find(std::string_view key) const {
    if (slots_.empty()) return nullptr;
    const std::size_t hash = hash_of(key);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.row == nullptr) return nullptr;
      if (slot.hash == hash && slot.row->first == key) return slot.row;
    }
  }

  /// Precondition: find() says that no row has the key of `row`. `row` stays where it is.
  void add(Row& row) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    place({hash_of(row.first), &row});
    ++count_;
  }

  /// Memory that is taken.
  [[nodiscard]] std::size_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr std::size_t kFirstSlots = 64;

  struct Slot {
    std::size_t hash = 0;
    Row* row = nullptr;
  };

  static std::size_t hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }

  void place(const Slot& slot) {
    std::size_t at = slot.hash & mask();
    while (slots_[at].row != nullptr) at = (at + 1) & mask();
    slots_[at] = slot;
  }

  void grow() {
    // A power of two, and never more than half full.
    std::vector<Slot> before(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before)
      if (slot.row != nullptr) place(slot);
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace kvstore::storage
