#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gms/log/file_system.hpp"
#include "kvstore/api/query.hpp"

namespace kvstore::api {

// A file with all that a replica has: keys with their revisions, sessions, and where in the stream
// that is. docs/formats.md gives its bytes.

/// What a snapshot file says of itself first.
struct SnapshotHead {
  /// The group that it was taken of.
  gms::model::GroupId group;
  /// By the wall clock of whoever wrote it, in ms since 1970.
  std::uint64_t taken_at_ms = 0;
  /// The state: everything up to here, nothing after.
  gms::model::Index state;
  /// What the state machine keeps with its state.
  gms::model::Bytes record;
};

/// A row as it stands in pages of RangeContent::rows: its key has the space in front.
struct SnapshotRow {
  gms::model::ByteSpan key;
  Versioned row;
};

/// Writes a snapshot file in the order of its methods.
///
/// Guarantee: the file is under its name only when finish() returned, and then it is on the disk;
/// until then it is `<path>.unfinished`, which replaces one of that name and is removed with the
/// object.
/// Thread rule: one thread. Ownership: the file system outlives it.
class SnapshotWriter {
 public:
  /// Replaces a file of that name in the end. Errors: io, busy, not_found (no directory).
  [[nodiscard]] static gms::model::Result<SnapshotWriter> create(gms::log::FileSystem& files,
                                                                 const std::string& path,
                                                                 const SnapshotHead& head);
  SnapshotWriter(SnapshotWriter&&) = default;
  ~SnapshotWriter();

  void add(const SnapshotRow& row);
  /// Writes what was added since the last time. Errors: io, busy.
  [[nodiscard]] gms::model::Result<void> flush();
  /// Errors: io, busy.
  [[nodiscard]] gms::model::Result<void> finish();

  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  SnapshotWriter(gms::log::FileSystem& files, std::string path,
                 std::unique_ptr<gms::log::File> file)
      : files_(files), path_(std::move(path)), file_(std::move(file)) {}

  [[nodiscard]] gms::model::Result<void> write(gms::model::ByteSpan bytes);
  [[nodiscard]] gms::model::Result<void> write_chunk(std::uint32_t kind, gms::model::ByteSpan body);

  gms::log::FileSystem& files_;
  std::string path_;
  /// None when there is nothing to remove any more.
  std::unique_ptr<gms::log::File> file_;
  gms::model::ByteWriter pending_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint32_t checksum_ = 0;
};

/// Reads a snapshot file from its front to its end, a chunk at a time.
///
/// Guarantee: any changed, missing or added byte makes open() or next() fail before its end.
/// Thread rule and ownership as of SnapshotWriter.
class SnapshotReader {
 public:
  /// Errors: not_found, corrupt (not a whole snapshot file), io.
  [[nodiscard]] static gms::model::Result<SnapshotReader> open(gms::log::FileSystem& files,
                                                               const std::string& path);

  [[nodiscard]] const SnapshotHead& head() const { return head_; }
  /// The next rows, valid until the next call; none at the end, when all checksums were right.
  /// Errors: corrupt, io.
  [[nodiscard]] gms::model::Result<std::vector<SnapshotRow>> next();
  [[nodiscard]] std::uint64_t bytes() const { return size_; }

 private:
  SnapshotReader() = default;

  [[nodiscard]] gms::model::Result<void> read(std::uint64_t bytes);
  /// Reads a chunk into buffer_ and returns its kind.
  [[nodiscard]] gms::model::Result<std::uint32_t> read_chunk();
  [[nodiscard]] gms::model::Result<void> read_head();
  [[nodiscard]] gms::model::Result<void> check_end() const;
  [[nodiscard]] gms::model::Result<std::vector<SnapshotRow>> rows_of_chunk();

  std::unique_ptr<gms::log::File> file_;
  SnapshotHead head_;
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;
  gms::model::Bytes buffer_;
  std::uint64_t chunks_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::uint32_t checksum_ = 0;
  bool ended_ = false;
};

}  // namespace kvstore::api
