#pragma once

#include <memory>

#include "gms/log/file_system.hpp"

namespace gms::log {

/// Reads a file by way of a window in memory, so that many small pieces that stand together cost
/// one read. The window never outgrows what is asked for or its usual size, whichever is larger.
///
/// Thread rule: one thread. What others write into the file is seen only after forget().
class WindowReader {
 public:
  /// Precondition: `file` is not null.
  explicit WindowReader(std::unique_ptr<File> file);

  /// `bytes` bytes at `offset`, fewer where the file ends. Valid until the next call. Error: io.
  [[nodiscard]] model::Result<model::ByteSpan> view(std::uint64_t offset, std::size_t bytes);
  /// Drops the window.
  void forget() { filled_ = 0; }

  [[nodiscard]] File& file() { return *file_; }

 private:
  std::unique_ptr<File> file_;
  model::Bytes window_;
  std::uint64_t start_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace gms::log
