#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kvstore/storage/store.hpp"

namespace kvstore::replica {

/// The changes of commands that were applied and are not in the store yet. Commands that read see
/// them; the map for that is only made when one does, so plain writes cost an append.
///
/// Borrows the keys and values of data: the delivered batch lives until clear(). Owns session rows.
class StagedChanges {
 public:
  void put(gms::model::ByteSpan key, const api::Versioned& row);
  void erase(gms::model::ByteSpan key);
  void put_session(api::SessionId id, api::Revision revision, gms::model::Bytes row);
  void erase_session(api::SessionId id);

  /// The newest staged change of a key of the data, or null.
  [[nodiscard]] const storage::Change* find(gms::model::ByteSpan key);

  /// Everything staged, to be completed with the applied index and record.
  [[nodiscard]] storage::ChangeSet& changes() { return changes_; }
  /// Forgets everything but the memory it took.
  void clear();

 private:
  [[nodiscard]] gms::model::ByteSpan own(gms::model::Bytes bytes);

  storage::ChangeSet changes_;
  /// Bytes of session rows and their keys. Their buffers stay where they are when it grows.
  std::vector<gms::model::Bytes> owned_;
  std::unordered_map<std::string_view, std::size_t> newest_;
  /// Changes before this one are in `newest_`.
  std::size_t indexed_ = 0;
};

/// A session's key in the store: big-endian, so that rows come in the order of registration.
[[nodiscard]] gms::model::Bytes session_key(api::SessionId id);

}  // namespace kvstore::replica
