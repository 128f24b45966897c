#include "kvstore/replica/digest_book.hpp"

#include <algorithm>
#include <utility>

#include "kvstore/replica/digest.hpp"

namespace kvstore::replica {

using api::DigestDepth;
using api::DigestReply;
using api::DigestState;
using gms::model::Index;
using gms::model::Result;
using storage::Space;

DeepDigest::DeepDigest(std::unique_ptr<storage::Snapshot> rows) : rows_(std::move(rows)) {
  open(Space::data);
}

Result<DeepWork> DeepDigest::advance(std::size_t rows_max) {
  std::size_t bytes = 0;
  for (std::size_t rows = 0; rows < rows_max && bytes < api::kReadStepBytesMax;) {
    if (scan_->at_row()) {
      const api::Pair pair = scan_->pair();
      bytes += pair.key.size() + pair.row.value.size();
      digest_ = digest_row(digest_, space_, pair);
      scan_->next();
      ++rows_read_;
      ++rows;
      continue;
    }
    if (auto status = scan_->status(); !status) return status.error();
    if (space_ == Space::session) return DeepWork::none;
    open(Space::session);
  }
  return DeepWork::more;
}

void DeepDigest::open(Space space) {
  space_ = space;
  scan_ = rows_->scan(space, {}, api::Direction::ascending);
}

void DigestBook::take_rolling(Index at, api::Digest rolling) {
  add({at, {DigestState::ready, DigestDepth::rolling, rolling, {}, 0}, nullptr});
}

void DigestBook::take_deep(Index at, api::Digest rolling, std::unique_ptr<storage::Snapshot> rows) {
  add({at,
       {DigestState::computing, DigestDepth::deep, rolling, {}, 0},
       std::make_unique<DeepDigest>(std::move(rows))});
}

DigestReply DigestBook::find(Index at, Index applied) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [at](const Entry& entry) { return entry.index == at; });
  if (found != entries_.end()) return found->reply;
  DigestReply none;
  none.state = at <= applied ? DigestState::missing : DigestState::unknown;
  return none;
}

Result<DeepWork> DigestBook::work(std::size_t rows_max) {
  const auto entry = std::find_if(entries_.begin(), entries_.end(),
                                  [](const Entry& one) { return one.deep != nullptr; });
  if (entry == entries_.end()) return DeepWork::none;
  const auto left = entry->deep->advance(rows_max);
  if (!left) {
    entries_.erase(entry);
    return left.error();
  }
  entry->reply.rows = entry->deep->rows_read();
  if (*left == DeepWork::more) return DeepWork::more;
  entry->reply.deep = entry->deep->digest();
  entry->reply.state = DigestState::ready;
  entry->deep.reset();
  // Perhaps another one waits.
  return DeepWork::more;
}

void DigestBook::give_up() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.deep != nullptr; });
}

void DigestBook::add(Entry entry) {
  if (entries_.size() == api::kDigestsMax) entries_.pop_front();
  entries_.push_back(std::move(entry));
}

}  // namespace kvstore::replica
