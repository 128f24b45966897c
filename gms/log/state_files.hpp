#pragma once

#include <string>

#include "gms/log/file_system.hpp"
#include "gms/log/state_codec.hpp"
#include "gms/log/twin_record.hpp"

namespace gms::log {

/// The file whose presence makes a directory a member's.
inline constexpr std::string_view kIdentityName = "IDENTITY";

/// What the small files of a data directory say.
struct StoredState {
  model::Identity identity;
  /// The boot that is to begin now: larger than every boot that may have been used [C9].
  model::BootSeq next_boot;
  model::HardState hard_state;
  Meta meta;
};

/// What to do about a log that this incarnation must not vote from.
inline constexpr std::string_view kRejoinAdvice =
    "keep the directory for inspection, initialise a new one and join the group again";

/// The small files of a data directory: IDENTITY, BOOT, HARD.0, HARD.1, META.0, META.1, and REFUSED
/// if this incarnation may never start again. docs/formats.md gives their bytes.
///
/// Guarantee: every write is durable when its call returns; a loss of power within it leaves the
/// old or the new value. Thread rule: one thread. Ownership: the file system outlives it.
class StateFiles {
 public:
  StateFiles(FileSystem& files, std::string directory);

  /// Reads everything and writes nothing. Errors: not_found (no IDENTITY: not a data directory),
  /// corrupt (refused before, or a record with no readable copy [C13]).
  [[nodiscard]] model::Result<StoredState> read();

  /// Whether a member ever started here, as far as can be read: what create() wrote was written
  /// anew.
  [[nodiscard]] bool has_booted();

  /// The first writes of a new directory, but for IDENTITY. No boot was used yet.
  [[nodiscard]] model::Result<void> create(const model::HardState& hard_state, const Meta& meta);
  /// A start's writes: everything again, both copies of it, durable. What was read may have come
  /// from a page cache that the disk never got, so nothing may be acted on before this.
  /// Precondition: read() was called.
  [[nodiscard]] model::Result<void> rewrite(const StoredState& state);

  [[nodiscard]] model::Result<void> write_identity(const model::Identity& identity);
  [[nodiscard]] model::Result<void> write_hard_state(const model::HardState& hard_state);
  [[nodiscard]] model::Result<void> write_meta(const Meta& meta);
  /// Writes the marker that makes read() fail from now on.
  [[nodiscard]] model::Result<void> refuse(std::string_view reason);

 private:
  struct Twin {
    TwinRecord record;
    RecordVersion version;
    std::size_t first_to_rewrite = 0;
  };

  [[nodiscard]] model::Result<void> check_not_refused();
  [[nodiscard]] model::Result<model::Identity> read_identity();
  [[nodiscard]] model::Result<model::BootSeq> read_next_boot();
  /// The newest content of a twin.
  [[nodiscard]] model::Result<model::Bytes> read_twin(Twin& twin, std::string_view name);
  [[nodiscard]] model::Result<void> write_twin(Twin& twin, model::ByteSpan content);
  /// Replaces a whole file by way of a temporary one.
  [[nodiscard]] model::Result<void> replace_file(std::string_view name, RecordKind kind,
                                                 model::ByteSpan content);

  FileSystem& files_;
  std::string directory_;
  Twin boot_;
  Twin hard_state_;
  Twin meta_;
};

}  // namespace gms::log
