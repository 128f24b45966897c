#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>

#include "client/client.hpp"
#include "client/kvctl/pair_format.hpp"

namespace kvctl {

/// Writes all pairs with a prefix, in key order, as they were in one state of the store.
///
/// The replica that serves them may be lost on the way. Then it starts again in another state: so
/// nothing is written to the output before all has come.
class Exporter {
 public:
  Exporter(client::Client& client, PairFormat format) : client_(client), format_(format) {}

  /// Returns how many pairs were written. Calls `progress` with the pairs that have come. Errors:
  /// that of an attempt to which no page came, or of the last of several; io.
  template <class Progress>
  [[nodiscard]] client::Result<std::uint64_t> run(const std::string& prefix, std::ostream& out,
                                                  Progress progress) {
    for (unsigned attempt = 1;; ++attempt) {
      if (!begin()) return client::Error{client::ErrorCode::io, "no room for a temporary file"};
      const auto fetched = fetch(prefix, progress);
      if (fetched) return copy_to(out);
      const bool lost = fetched.error().code == client::ErrorCode::unavailable ||
                        fetched.error().code == client::ErrorCode::not_found;
      // The client has looked for another replica already where none gives the first page.
      if (!lost || !has_begun_ || attempt == kAttemptsMax) return fetched.error();
    }
  }

 private:
  static constexpr unsigned kAttemptsMax = 10;

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[nodiscard]] bool begin();
  [[nodiscard]] client::Result<void> add(const client::Page& page);
  [[nodiscard]] client::Result<std::uint64_t> copy_to(std::ostream& out);
  [[nodiscard]] client::RangeOptions options_of(const std::string& prefix);

  template <class Progress>
  [[nodiscard]] client::Result<void> fetch(const std::string& prefix, Progress progress) {
    auto page = client_.range(options_of(prefix));
    while (page) {
      has_begun_ = true;
      if (auto added = add(*page); !added) return added;
      progress(count_);
      if (!page->next) return {};
      page = client_.next_page(*page->next);
    }
    return page.error();
  }

  client::Client& client_;
  PairFormat format_;
  std::unique_ptr<std::FILE, Close> file_;
  /// Whether a page of this attempt has come.
  bool has_begun_ = false;
  std::uint64_t count_ = 0;
  std::string lines_;
  std::string end_;
};

}  // namespace kvctl
