#include "client/kvctl/exporter.hpp"

#include <array>
#include <cerrno>

#include "client/kvctl/output.hpp"
#include "client/kvctl/pairs.hpp"

namespace kvctl {

using client::Error;
using client::ErrorCode;
using client::Result;

bool Exporter::begin() {
  file_.reset(std::tmpfile());
  count_ = 0;
  has_begun_ = false;
  return file_ != nullptr;
}

client::RangeOptions Exporter::options_of(const std::string& prefix) {
  end_ = end_of_prefix(prefix);
  client::RangeOptions options;
  options.from = prefix;
  options.to = end_;
  return options;
}

Result<void> Exporter::add(const client::Page& page) {
  lines_.clear();
  for (const client::Entry& entry : page.entries) {
    lines_ += format_pair(entry.key, entry.value.bytes, format_);
    lines_ += '\n';
  }
  count_ += page.entries.size();
  if (std::fwrite(lines_.data(), 1, lines_.size(), file_.get()) != lines_.size())
    return Error{ErrorCode::io, "no room for a temporary file"};
  return {};
}

Result<std::uint64_t> Exporter::copy_to(std::ostream& out) {
  std::rewind(file_.get());
  std::array<char, 64 * 1024> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file_.get())) {
    errno = 0;
    out.write(buffer.data(), static_cast<std::streamsize>(count)).flush();
    if (!out) return Error{ErrorCode::io, unwritten(errno)};
  }
  if (std::ferror(file_.get()) != 0) return Error{ErrorCode::io, "the temporary file is lost"};
  return count_;
}

}  // namespace kvctl
