#pragma once

#include <array>
#include <memory>
#include <string>

#include "gms/log/checked_record.hpp"
#include "gms/log/file_system.hpp"

namespace gms::log {

/// The two copies of a record as found; a copy that is missing or damaged is none.
struct TwinCopies {
  std::array<std::optional<CheckedRecord>, 2> copies;

  [[nodiscard]] bool both_readable() const { return copies[0] && copies[1]; }
  /// The readable copy with the larger version; null if neither is readable.
  [[nodiscard]] const CheckedRecord* newest() const;
  /// Which copy to write first, so that at every moment one copy is what it was or newer: the
  /// unreadable one, else the older.
  [[nodiscard]] std::size_t first_to_rewrite() const;
};

/// A record that is kept twice and written one copy after the other, each made durable before the
/// next step. If one copy is damaged, the other is at least as new as everything acted on.
///
/// Thread rule: one thread. Ownership: the file system outlives it.
class TwinRecord {
 public:
  /// Where a copy starts.
  struct Place {
    std::string path;
    std::uint64_t offset = 0;
  };

  TwinRecord(FileSystem& files, RecordKind kind, std::array<Place, 2> places);

  /// Never fails: what cannot be read counts as damaged.
  [[nodiscard]] TwinCopies read();
  /// Makes both copies this, copy `first` first, and returns when both are durable. Creates files
  /// that are missing; their directory is to be synced by the caller then. Errors: io, busy.
  [[nodiscard]] model::Result<void> write(RecordVersion version, model::ByteSpan content,
                                          std::size_t first);

 private:
  [[nodiscard]] std::optional<CheckedRecord> read_copy(std::size_t which);
  [[nodiscard]] model::Result<File*> file_of(std::size_t which);

  FileSystem& files_;
  RecordKind kind_;
  std::array<Place, 2> places_;
  /// Open for writing since the first write.
  std::array<std::unique_ptr<File>, 2> open_;
};

}  // namespace gms::log
