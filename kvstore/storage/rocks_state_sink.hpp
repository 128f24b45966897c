#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "gms/model/state_transfer.hpp"
#include "kvstore/storage/chores.hpp"
#include "kvstore/storage/rocks_descriptor.hpp"

namespace kvstore::storage {

/// Whether parts of another store may become files here: their names stay within a directory and
/// are different, and what they take can be counted. Error: corrupt.
[[nodiscard]] gms::model::Result<void> check_parts(const std::vector<gms::model::StatePart>& parts);
/// What all of them take. Precondition: they passed check_parts().
[[nodiscard]] std::uint64_t total_bytes(const std::vector<gms::model::StatePart>& parts);

/// A checkpoint of another store that arrives, as files of a directory, which the destructor has
/// removed unless it was released. Nothing is kept in memory, and little in the page cache: what is
/// written is brought to the disk bit by bit, since one large write-back would hold up the syncs of
/// the group's log.
///
/// Thread rule: one caller at a time, on any thread. Ownership: the chores outlive it, and so does
/// `is_alive`, which is false again when it is gone.
class RocksStateSink final : public gms::model::StateSink {
 public:
  struct Place {
    std::filesystem::path directory;
    Chores& chores;
    std::atomic<bool>& is_alive;
  };

  /// Makes the directory. Precondition: `parts` passed check_parts(). Errors: io, busy.
  [[nodiscard]] static gms::model::Result<std::unique_ptr<gms::model::StateSink>> open(
      const Place& place, std::vector<gms::model::StatePart> parts);

  ~RocksStateSink() override;
  RocksStateSink(const RocksStateSink&) = delete;
  RocksStateSink& operator=(const RocksStateSink&) = delete;

  [[nodiscard]] gms::model::Result<void> write(std::size_t part, std::uint64_t offset,
                                               gms::model::ByteSpan bytes) override;
  [[nodiscard]] gms::model::Result<void> finish() override;

  [[nodiscard]] bool is_finished() const { return is_finished_; }
  [[nodiscard]] const std::filesystem::path& directory() const { return place_.directory; }
  /// The directory is somebody else's from here on.
  void release() { is_released_ = true; }

 private:
  RocksStateSink(const Place& place, std::vector<gms::model::StatePart> parts);

  /// Makes all files up to that of `part`, each when the one before is complete.
  [[nodiscard]] gms::model::Result<void> go_to(std::size_t part);
  [[nodiscard]] gms::model::Result<void> begin_next();
  [[nodiscard]] gms::model::Result<void> complete();
  [[nodiscard]] gms::model::Result<void> write_back();
  [[nodiscard]] const gms::model::StatePart& current() const { return parts_[begun_ - 1]; }

  Place place_;
  std::vector<gms::model::StatePart> parts_;
  /// Parts whose files are there; the last of them is being written.
  std::size_t begun_ = 0;
  std::string path_;
  RocksDescriptor file_;
  std::uint64_t written_ = 0;
  /// On its way to the disk, and there, up to here.
  std::uint64_t written_back_ = 0;
  std::uint64_t settled_ = 0;
  bool is_finished_ = false;
  bool is_released_ = false;
};

}  // namespace kvstore::storage
