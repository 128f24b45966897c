#include "client/kvctl/prefix_deleter.hpp"

#include <algorithm>

namespace kvctl {

using client::ErrorCode;
using client::Page;
using client::Result;

client::RangeOptions PrefixDeleter::options() const {
  client::RangeOptions options;
  options.from = from_;
  options.to = to_;
  options.content = client::RangeContent::keys;
  return options;
}

Result<void> PrefixDeleter::erase(const Page& page) {
  deleted_.clear();
  for (const client::Entry& entry : page.entries)
    if (!window_.erase(entry.key)) break;
  auto settled = window_.settle();
  std::ranges::sort(deleted_);
  count_ += deleted_.size();
  if (settled && !page.entries.empty()) from_ = page.entries.back().key;
  return settled;
}

Result<Page> PrefixDeleter::page_after(const Page& page) {
  auto next = client_.next_page(*page.next);
  if (next) return next;
  const ErrorCode code = next.error().code;
  const bool lost = code == ErrorCode::unavailable || code == ErrorCode::not_found;
  return lost ? client_.range(options()) : next;
}

}  // namespace kvctl
