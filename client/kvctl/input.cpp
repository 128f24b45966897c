#include "client/kvctl/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace kvctl {

using client::Error;
using client::ErrorCode;
using client::Result;

/// What stands between a file descriptor and the stream.
class Input::Buffer final : public std::streambuf {
 public:
  Buffer(int descriptor, std::string name)
      : descriptor_(descriptor), name_(std::move(name)), bytes_(64 * 1024) {}
  ~Buffer() override {
    if (descriptor_ != STDIN_FILENO) close(descriptor_);
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::optional<Error> failure() const {
    if (number_ == 0) return std::nullopt;
    return Error{ErrorCode::io,
                 "cannot read " + name_ + ": " + std::generic_category().message(number_)};
  }

 protected:
  /// Throws where a read fails: the stream takes that for bad, and what returns for the end.
  int_type underflow() override {
    ssize_t count = 0;
    do {
      count = read(descriptor_, bytes_.data(), bytes_.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      number_ = errno;
      throw std::system_error(number_, std::generic_category());
    }
    setg(bytes_.data(), bytes_.data(), bytes_.data() + count);
    return count == 0 ? traits_type::eof() : traits_type::to_int_type(bytes_[0]);
  }

 private:
  int descriptor_;
  std::string name_;
  std::vector<char> bytes_;
  /// Of the system's error; zero for none.
  int number_ = 0;
};

Result<Input> Input::open(const std::string& path) {
  if (path == "-") return Input(std::make_unique<Buffer>(STDIN_FILENO, "standard input"));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return Error{ErrorCode::io,
                 "cannot open " + path + ": " + std::generic_category().message(errno)};
  return Input(std::make_unique<Buffer>(descriptor, path));
}

Input::Input(std::unique_ptr<Buffer> buffer)
    : buffer_(std::move(buffer)), stream_(std::make_unique<std::istream>(buffer_.get())) {}
Input::Input(Input&&) noexcept = default;
Input::~Input() = default;

std::istream& Input::stream() {
  return *stream_;
}

std::optional<Error> Input::failure() const {
  return buffer_->failure();
}

Result<std::string> Input::read_all(std::size_t bytes_max) {
  std::string content;
  std::vector<char> part(64 * 1024);
  while (content.size() <= bytes_max) {
    stream_->read(part.data(), static_cast<std::streamsize>(part.size()));
    content.append(part.data(), static_cast<std::size_t>(stream_->gcount()));
    if (!*stream_) break;
  }
  if (auto failed = failure()) return *std::move(failed);
  if (content.size() > bytes_max)
    return Error{ErrorCode::too_large, buffer_->name() + " has more than the " +
                                           std::to_string(bytes_max) + " bytes of a value"};
  return content;
}

}  // namespace kvctl
