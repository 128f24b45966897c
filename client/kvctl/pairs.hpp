#pragma once

#include <string>
#include <string_view>

#include "client/client.hpp"

namespace kvctl {

/// The end of the keys that begin with `prefix`; empty for past the last.
[[nodiscard]] inline std::string end_of_prefix(std::string_view prefix) {
  const auto end = kvstore::api::prefix_end(gms::model::as_bytes(prefix));
  return std::string(gms::model::as_text(end));
}

/// Calls `visit` with every page of a range. Error: that of the first page that failed.
template <class Visit>
[[nodiscard]] client::Result<void> for_each_page(client::Client& client,
                                                 const client::RangeOptions& options, Visit visit) {
  auto page = client.range(options);
  while (page) {
    visit(*page);
    if (!page->next) return {};
    page = client.next_page(*page->next);
  }
  return page.error();
}

}  // namespace kvctl
