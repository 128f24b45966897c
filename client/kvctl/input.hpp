#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "client/types.hpp"

namespace kvctl {

/// The bytes of a file or of standard input, as a stream. A read that fails is not the end of them:
/// it makes the stream bad, and failure() says why. Thread rule: one thread.
class Input {
 public:
  /// `-` is standard input. Error: io, with the system's reason.
  [[nodiscard]] static client::Result<Input> open(const std::string& path);
  Input(Input&&) noexcept;
  Input& operator=(Input&&) = delete;
  ~Input();

  [[nodiscard]] std::istream& stream();
  /// Of the read that failed, if one did.
  [[nodiscard]] std::optional<client::Error> failure() const;
  /// All that is left. Errors: io; too_large, when that is more than `bytes_max`.
  [[nodiscard]] client::Result<std::string> read_all(std::size_t bytes_max);

 private:
  class Buffer;

  explicit Input(std::unique_ptr<Buffer> buffer);

  std::unique_ptr<Buffer> buffer_;
  std::unique_ptr<std::istream> stream_;
};

}  // namespace kvctl
