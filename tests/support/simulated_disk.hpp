#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gms/log/file_system.hpp"

namespace tests {

/// A disk in memory under a page cache, with the faults of both.
///
/// Every write is in the cache at once. What was written and not synced may be there, be missing or
/// be torn after a loss of power, each 512-byte sector by itself, and so may each change of a
/// directory. Which of them is drawn from the caller's random numbers, so a run can be repeated. A
/// crash of the process alone loses nothing.
///
/// Operations take no time. A caller that wants a sync to take time calls the log when that time is
/// over, and for a crash within it says cut_power_after() first: then the log gets as far as that.
///
/// Thread rule: any thread. Files, locks and images do not outlive the disk.
class SimulatedDisk final : public gms::log::FileSystem {
 public:
  using RandomBits = std::function<std::uint64_t()>;
  enum class Unsynced { lost, kept };

  SimulatedDisk() = default;
  /// A copy of the disk and its cache at this moment, without its handles and faults. Costs no copy
  /// of data: what neither side changes stays shared.
  [[nodiscard]] std::unique_ptr<SimulatedDisk> image() const;

  // gms::log::FileSystem
  gms::model::Result<std::unique_ptr<gms::log::File>> create(const std::string& path) override;
  gms::model::Result<std::unique_ptr<gms::log::File>> open(const std::string& path,
                                                           gms::log::Access access) override;
  gms::model::Result<void> rename(const std::string& from, const std::string& to) override;
  gms::model::Result<void> remove(const std::string& path) override;
  gms::model::Result<void> make_directory(const std::string& path) override;
  gms::model::Result<void> sync_directory(const std::string& path) override;
  gms::model::Result<std::vector<std::string>> list(const std::string& path) override;
  gms::model::Result<std::uint64_t> free_bytes(const std::string& path) override;
  gms::model::Result<std::unique_ptr<gms::log::DirectoryLock>> lock(
      const std::string& path) override;

  // What happens to the machine. Handles and locks from before are void after each of these.

  /// The process ends; the cache stays.
  void end_process();
  /// The power fails; each thing that is not synced has its own fate.
  void lose_power(const RandomBits& random);
  /// The same with one fate for all.
  void lose_power(Unsynced fate);

  // Faults

  /// Of the syncs of paths that contain `path_part`, the one after the next `skip` fails, once. The
  /// cache keeps what was to be synced and takes it for clean: it is lost with the power, unless it
  /// is written again.
  void fail_sync(std::string path_part, std::uint64_t skip = 0);
  /// The same for a write, of which the first half gets into the cache.
  void fail_write(std::string path_part, std::uint64_t skip = 0);
  /// After so many further changes (writes, syncs, changes of directories) everything fails, until
  /// the power is lost.
  void cut_power_after(std::uint64_t changes);
  /// No file can grow once all of them together have this size.
  void set_capacity(std::uint64_t bytes);
  /// Changes bytes on the disk and in the cache behind everybody's back. Precondition: the file is
  /// there and as large.
  void damage(const std::string& path, std::uint64_t offset, gms::model::ByteSpan bytes);
  void flip_bit(const std::string& path, std::uint64_t offset, unsigned bit);

  // What is there

  /// A file's content as cached. Precondition: it is there.
  [[nodiscard]] gms::model::Bytes content(const std::string& path) const;
  [[nodiscard]] std::uint64_t sync_count() const;
  /// Writes, syncs and changes of directories so far: the points at which power can fail.
  [[nodiscard]] std::uint64_t change_count() const;

 private:
  class OpenFile;
  class Lock;

  using Sector = std::array<std::byte, 512>;
  /// Null stands for zeros.
  using SectorRef = std::shared_ptr<const Sector>;

  struct Slot {
    SectorRef cached;
    SectorRef durable;
    bool unsynced = false;
  };

  /// A file or a directory, whatever its name is.
  struct Inode {
    std::uint64_t size = 0;
    std::uint64_t durable_size = 0;
    std::vector<Slot> slots;
    /// Numbers of slots that differ on the disk: to be synced, or taken for clean after a failed
    /// sync.
    std::vector<std::size_t> unsynced;
    std::vector<std::size_t> missed;
  };
  using InodeId = std::uint64_t;
  using Names = std::map<std::string, InodeId>;

  struct NameChange {
    enum class Kind { create, remove, rename } kind;
    std::string path;
    InodeId inode = 0;
    std::string to;
  };

  struct Fault {
    std::string path_part;
    std::uint64_t skip = 0;
  };

  // All of these with the lock held.
  [[nodiscard]] gms::model::Result<void> begin_change();
  [[nodiscard]] gms::model::Result<InodeId> find(const std::string& path) const;
  [[nodiscard]] gms::model::Result<void> check_new(const std::string& path) const;
  void add(const std::string& path);
  void change_names(NameChange change);
  [[nodiscard]] Inode& writable(InodeId inode);
  [[nodiscard]] gms::model::Result<void> grow(Inode& inode, std::uint64_t size);
  [[nodiscard]] std::uint64_t used_bytes() const;
  void void_handles();
  void resolve(Inode& inode, const RandomBits& random);
  void drop_orphans();

  [[nodiscard]] static bool strikes(std::optional<Fault>& fault, const std::string& path);
  static void apply(const NameChange& change, Names& names);
  static void put(Inode& inode, std::uint64_t offset, gms::model::ByteSpan bytes);
  static void put_zeros(Inode& inode, std::uint64_t offset, std::uint64_t bytes);
  static void set(Inode& inode, std::size_t slot, SectorRef content);

  mutable std::mutex mutex_;
  std::map<InodeId, std::shared_ptr<Inode>> inodes_;
  /// Those that no image has seen, which may be changed in place.
  mutable std::set<InodeId> owned_;
  InodeId next_inode_ = 1;
  Names names_;
  Names durable_names_;
  /// What is in `names_` and not in `durable_names_`, in order.
  std::vector<NameChange> unsynced_names_;
  std::set<std::string> locked_;
  /// Handles of an earlier life are void.
  std::uint64_t life_ = 0;
  std::optional<Fault> sync_fault_;
  std::optional<Fault> write_fault_;
  std::optional<std::uint64_t> changes_left_;
  std::optional<std::uint64_t> capacity_;
  std::uint64_t syncs_ = 0;
  std::uint64_t changes_ = 0;
};

}  // namespace tests
