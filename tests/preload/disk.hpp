#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tests::preload {

/// The environment variable that names the folder below which data directories are such disks.
inline constexpr const char* kRootVariable = "GROUPKV_FAULTS_BELOW";
inline constexpr std::uint64_t kPageBytes = 4096;

/// What the library keeps of one disk, and where. `MEMBER/data` is the disk as its process sees it.
/// Beside it, `MEMBER/disk` has what would be left of it after a loss of power:
///
///  * `content/ID`: of each file that was ever synced, the bytes of its last sync;
///  * `names/ID`: of each directory that was ever synced, its names then, one `KIND ID NAME` a
///    line, KIND being `f` or `d`;
///  * `lost/ID`: numbers of pages that a failed sync dropped, until they are written again.
///
/// An ID stands for a file, whatever it is called. Besides there are `rules`, the faults that a
/// test orders, and `fired`, which has a line for each that came about.
class Disk {
 public:
  explicit Disk(std::string member) : member_(std::move(member)) {}

  /// The disk that a path is on, if it is below `root` and has a part `data`.
  [[nodiscard]] static std::optional<Disk> of(const std::string& root, const std::string& path);

  [[nodiscard]] std::string data() const { return member_ + "/data"; }
  [[nodiscard]] std::string records() const { return member_ + "/disk"; }
  [[nodiscard]] std::string content() const { return records() + "/content"; }
  [[nodiscard]] std::string names() const { return records() + "/names"; }
  [[nodiscard]] std::string lost() const { return records() + "/lost"; }
  [[nodiscard]] std::string rules() const { return records() + "/rules"; }
  [[nodiscard]] std::string fired() const { return records() + "/fired"; }

  /// Makes the folders for the records, if they are not there.
  void prepare() const;

 private:
  std::string member_;
};

/// A file or a directory, as the file system knows it.
struct Inode {
  enum class Kind : std::uint8_t { file, directory, other };

  std::string id;
  Kind kind = Kind::other;
  std::uint64_t bytes = 0;
};

/// What `name` in the directory open as `directory` is; of that directory itself, if it is empty.
[[nodiscard]] std::optional<Inode> inode_at(int directory, const char* name);

/// Writes down which names are in the directory `path`, in the file `record`.
[[nodiscard]] bool record_names(const std::string& path, const std::string& record);

}  // namespace tests::preload
