#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "client/kvctl/pairs.hpp"
#include "client/kvctl/write_window.hpp"

namespace kvctl {

/// Deletes all keys with a prefix, page by page, many of a page at a time.
///
/// The keys are those of one state of the store. The replica that serves them may be lost on the
/// way: then those that are left are listed again, in another state. Thread rule: one thread; it
/// waits for the client's thread.
class PrefixDeleter {
 public:
  PrefixDeleter(client::Client& client, const std::string& prefix)
      : client_(client),
        from_(prefix),
        to_(end_of_prefix(prefix)),
        window_(client, {}, [this](const std::string& key, client::Outcome outcome) {
          // Somebody else may have been quicker.
          if (outcome == client::Outcome::done) deleted_.push_back(key);
        }) {}

  /// Calls `visit` with the keys of every page that it deleted, in their order. Errors: that of a
  /// delete that failed, first of all outcome_unknown, after which nothing more is deleted; that of
  /// a page that did not come.
  template <class Visit>
  [[nodiscard]] client::Result<void> run(Visit visit) {
    auto page = client_.range(options());
    while (page) {
      has_begun_ = true;
      const auto erased = erase(*page);
      visit(deleted_);
      if (!erased || !page->next) return erased;
      page = page_after(*page);
    }
    return page.error();
  }
  /// How many keys it has deleted for certain.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Whether a page came at all.
  [[nodiscard]] bool has_begun() const { return has_begun_; }

 private:
  [[nodiscard]] client::RangeOptions options() const;
  [[nodiscard]] client::Result<void> erase(const client::Page& page);
  [[nodiscard]] client::Result<client::Page> page_after(const client::Page& page);

  client::Client& client_;
  /// All keys before it are deleted.
  std::string from_;
  std::string to_;
  std::uint64_t count_ = 0;
  bool has_begun_ = false;
  /// Of one page. The client's thread adds to it while writes are in flight.
  std::vector<std::string> deleted_;
  /// The last to be made and the first to go: it waits for the writes that are told of.
  WriteWindow window_;
};

}  // namespace kvctl
