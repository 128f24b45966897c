#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "tests/preload/open_file.hpp"

namespace tests::preload {

/// Keeps what would be left after a loss of power: the bytes of a file as of its last sync, the
/// names of a directory as of its own. Nothing else is durable, however old it is.
///
/// What it knows of pages that are not synced is this process's memory, as the kernel's page cache
/// is not: a file that an earlier process has written is looked at whole. Thread rule: any thread.
class DurableImage {
 public:
  /// Bytes were written to a file.
  void wrote(const OpenFile& file, std::uint64_t offset, std::uint64_t bytes);
  /// The file was cut or opened anew: any page may be another.
  void changed(const OpenFile& file);
  /// A sync has succeeded.
  void synced(const OpenFile& file);
  /// A sync has failed: as in Linux, the pages that it should have written count as clean from now
  /// on, and no later sync writes them.
  void sync_failed(const OpenFile& file);

 private:
  using Pages = std::set<std::uint64_t>;

  struct Known {
    /// Pages not synced; all of them, if `is_whole`.
    Pages dirty;
    bool is_whole = true;
    Pages lost;
  };

  Known& known(const OpenFile& file);
  static void save_lost(const OpenFile& file, const Known& known);

  std::mutex mutex_;
  std::map<std::string, Known> files_;
};

}  // namespace tests::preload
