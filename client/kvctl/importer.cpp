#include "client/kvctl/importer.hpp"

namespace kvctl {

using client::Error;
using client::ErrorCode;
using client::Result;

Result<void> Importer::take(const std::string& line, std::uint64_t number) {
  if (line.empty()) return {};
  const auto pair = parse_pair(line, format_);
  if (!pair)
    return Error{pair.error().code, "line " + std::to_string(number) + ": " + pair.error().detail};
  return window_.put(pair->key, pair->value);
}

std::uint64_t Importer::settle() {
  (void)window_.settle();
  return written_;
}

Result<std::uint64_t> Importer::finish(const std::istream& in) {
  if (auto settled = window_.settle(); !settled) return settled.error();
  if (in.bad()) return Error{ErrorCode::io, "the input cannot be read"};
  return written_.load();
}

}  // namespace kvctl
