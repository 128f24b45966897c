#include "kvstore/replica/staged_changes.hpp"

#include <utility>

namespace kvstore::replica {

using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using storage::Space;

void StagedChanges::put(ByteSpan key, const api::Versioned& row) {
  changes_.changes.push_back({Space::data, key, row});
}

void StagedChanges::erase(ByteSpan key) {
  changes_.changes.push_back({Space::data, key, std::nullopt});
}

void StagedChanges::put_session(api::SessionId id, api::Revision revision, Bytes row) {
  const ByteSpan key = own(session_key(id));
  changes_.changes.push_back({Space::session, key, api::Versioned{revision, own(std::move(row))}});
}

void StagedChanges::erase_session(api::SessionId id) {
  changes_.changes.push_back({Space::session, own(session_key(id)), std::nullopt});
}

const storage::Change* StagedChanges::find(ByteSpan key) {
  for (; indexed_ < changes_.changes.size(); ++indexed_) {
    const storage::Change& change = changes_.changes[indexed_];
    if (change.space == Space::data) newest_[as_text(change.key)] = indexed_;
  }
  const auto found = newest_.find(as_text(key));
  return found == newest_.end() ? nullptr : &changes_.changes[found->second];
}

void StagedChanges::clear() {
  changes_.changes.clear();
  changes_.record = {};
  owned_.clear();
  newest_.clear();
  indexed_ = 0;
}

ByteSpan StagedChanges::own(Bytes bytes) {
  owned_.push_back(std::move(bytes));
  return owned_.back();
}

Bytes session_key(api::SessionId id) {
  Bytes key(sizeof(std::uint64_t));
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::byte>((id.value() >> (8 * (key.size() - 1 - i))) & 0xFF);
  return key;
}

}  // namespace kvstore::replica
