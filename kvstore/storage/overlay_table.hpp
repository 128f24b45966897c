#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <string_view>

#include "kvstore/storage/overlay_index.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::storage {

/// Counts the change sets that a store applied since it was opened.
using ChangeSeq = gms::model::Ordinal<struct ChangeSeqTag>;

/// What a key came to hold with one change set.
struct OverlayVersion {
  ChangeSeq at;
  /// What the key held before, if a snapshot may still want to know.
  const OverlayVersion* older = nullptr;
  /// The row as it is stored; empty when the key was erased.
  std::byte* bytes = nullptr;
  std::uint32_t size = 0;
  std::uint32_t capacity = 0;

  [[nodiscard]] bool is_erased() const { return size == 0; }
  [[nodiscard]] gms::model::ByteSpan row() const { return {bytes, size}; }
};

/// Rows that are not in a file yet, in key order, and the applied record behind the newest of them.
///
/// Guarantee: rows are never taken out, so places in rows() stay valid as it grows; erased keys are
/// rows too.
/// Thread rule: one thread while it is written to; any number once it is not any more.
/// Ownership: keys and rows lie in memory of its own, which is freed as a whole.
class OverlayTable {
 public:
  /// Stored keys and the newest version of each.
  using Rows = std::pmr::map<std::string_view, OverlayVersion>;

  OverlayTable() = default;
  OverlayTable(const OverlayTable&) = delete;
  OverlayTable& operator=(const OverlayTable&) = delete;

  /// Makes `row` what the stored key holds as of `at`, or nothing that it is erased. What the
  /// snapshot at `snapshot` sees is kept. Preconditions: neither number goes back; `snapshot` is
  /// below `at`.
  void put(std::string_view key, const std::optional<api::Versioned>& row, ChangeSeq at,
           ChangeSeq snapshot);
  /// Sets what goes with the rows.
  void set_applied(gms::model::Index applied, gms::model::ByteSpan record);

  /// The newest version of a stored key; null when it is not here.
  [[nodiscard]] const OverlayVersion* find(std::string_view key) const {
    const auto* row = index_.find(key);
    return row == nullptr ? nullptr : &row->second;
  }
  [[nodiscard]] const Rows& rows() const { return rows_; }
  [[nodiscard]] const AppliedRecord& applied() const { return applied_; }
  /// Memory that is taken, and bytes of all changes ever made.
  [[nodiscard]] std::size_t bytes() const { return bytes_ + index_.bytes(); }
  [[nodiscard]] std::size_t changed_bytes() const { return changed_bytes_; }

 private:
  /// A row that is there already, ready for a new version.
  void renew(OverlayVersion& version, ChangeSeq snapshot);
  [[nodiscard]] OverlayVersion& insert(std::string_view key);
  void store(OverlayVersion& version, const std::optional<api::Versioned>& row);
  [[nodiscard]] std::byte* take_memory(std::size_t bytes, std::size_t alignment);
  [[nodiscard]] std::string_view keep(std::string_view key);

  /// Blocks of memory, in huge pages where they are large.
  class Blocks final : public std::pmr::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* block, std::size_t bytes, std::size_t alignment) override;
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  };

  Blocks blocks_;
  std::pmr::monotonic_buffer_resource memory_{&blocks_};
  Rows rows_{&memory_};
  OverlayIndex<Rows::value_type> index_;
  AppliedRecord applied_;
  std::size_t bytes_ = 0;
  std::size_t changed_bytes_ = 0;
};

/// The newest of a key's versions that a snapshot at `at` sees; null when it sees none.
[[nodiscard]] const OverlayVersion* version_at(const OverlayVersion& newest, ChangeSeq at);

}  // namespace kvstore::storage
