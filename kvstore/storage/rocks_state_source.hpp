#pragma once

#include <filesystem>
#include <memory>

#include "gms/model/state_transfer.hpp"
#include "kvstore/storage/chores.hpp"
#include "kvstore/storage/rocks_descriptor.hpp"

namespace kvstore::storage {

/// A checkpoint to be sent: the parts are the files of its directory, as they are. The destructor
/// has the directory removed.
///
/// Thread rule: one caller at a time, on any thread. Ownership: the chores outlive it.
class RocksStateSource final : public gms::model::StateSource {
 public:
  /// Error: io; the directory is removed then too.
  [[nodiscard]] static gms::model::Result<std::unique_ptr<gms::model::StateSource>> open(
      std::filesystem::path directory, Chores& chores);

  ~RocksStateSource() override;
  RocksStateSource(const RocksStateSource&) = delete;
  RocksStateSource& operator=(const RocksStateSource&) = delete;

  [[nodiscard]] const std::vector<gms::model::StatePart>& parts() const override { return parts_; }
  [[nodiscard]] gms::model::Result<std::size_t> read(std::size_t part, std::uint64_t offset,
                                                     std::span<std::byte> into) override;

 private:
  RocksStateSource(std::filesystem::path directory, Chores& chores)
      : directory_(std::move(directory)), chores_(chores) {}

  [[nodiscard]] gms::model::Result<void> list();
  [[nodiscard]] std::string path_of(std::size_t part) const;

  std::filesystem::path directory_;
  Chores& chores_;
  /// Sorted by name.
  std::vector<gms::model::StatePart> parts_;
  /// The part that was read last.
  std::size_t opened_ = 0;
  RocksDescriptor file_;
};

/// Removes a directory and what is in it, some time.
void remove_later(Chores& chores, std::filesystem::path directory);

}  // namespace kvstore::storage
