#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kvstore/api/command.hpp"
#include "tests/linearizability/history_file.hpp"
#include "tests/linearizability/witness.hpp"
#include "tests/torture/committed_log.hpp"

namespace tests::torture {

/// What a member says that it had applied counts an entry without an effect, such as a new leader's
/// first, or does not, as the batches came. This sets each read's index to that of the last entry
/// at or before it that has an effect: one state has one index then. A read of an index of which
/// the entries do not tell has none.
void settle_indexes(linearizability::Recording& recording, const CommittedEntries& committed);

/// The writes of `history` that the committed stream has, in its order. Entries that are not
/// carried out are left out: copies of a call, and calls of sessions that are unknown. It knows
/// sessions by their rules [C16] alone, and shares no code with the state machine. Writes to keys
/// of other uses are skipped.
class CommittedStream {
 public:
  explicit CommittedStream(std::span<const linearizability::Operation> history);

  /// The next entry of the stream. Precondition: entries come without a gap from the first on.
  void take(gms::model::EntryView entry);

  [[nodiscard]] const std::vector<linearizability::CommittedWrite>& writes() const {
    return writes_;
  }
  /// The first entry that nobody in the history can have made, in words.
  [[nodiscard]] const std::optional<std::string>& surprise() const { return surprise_; }

 private:
  struct Session {
    std::uint64_t nonce = 0;
    gms::model::GroupClock active;
    std::uint64_t acknowledged = 0;
    std::set<std::uint64_t> executed;
  };
  using EraseOf = std::pair<std::uint64_t, std::uint64_t>;

  [[nodiscard]] bool is_executed(const kvstore::api::Call& call, gms::model::EntryView entry);
  void open(const kvstore::api::RegisterSession& session, gms::model::EntryView entry);
  void expire(const kvstore::api::ExpireSessions& expired);
  void take(const kvstore::api::Put& put, gms::model::Index index);
  void take(const kvstore::api::Erase& erase, gms::model::Index index);
  [[nodiscard]] std::optional<std::size_t> find_erase(const EraseOf& erased,
                                                      gms::model::Index index);
  void surprise(std::string what);
  void keep(gms::model::Index index, std::size_t operation);

  std::span<const linearizability::Operation> history_;
  /// By the value, which no two writes share.
  std::map<std::uint64_t, std::size_t> puts_;
  std::map<std::uint64_t, std::size_t> erases_by_index_;
  /// Those whose index nobody was told, by key and expected value.
  std::map<EraseOf, std::vector<std::size_t>> other_erases_;
  std::map<std::uint64_t, Session> sessions_;
  /// What each key holds by now.
  std::map<std::uint64_t, linearizability::Value> state_;
  std::vector<linearizability::CommittedWrite> writes_;
  std::optional<std::string> surprise_;
};

/// The last entry that a client was told of: as its write, or as the last that a read has seen. It
/// is committed whatever members say.
[[nodiscard]] gms::model::Index last_answered(std::span<const linearizability::Operation> history);

/// What the replay of the committed entries says.
struct ReplayVerdict {
  /// How many writes of clients were replayed.
  std::uint64_t writes = 0;
  /// Empty if nothing is wrong.
  std::string wrong;
  /// Why nothing was replayed; empty if all was.
  std::string inconclusive;
};

[[nodiscard]] ReplayVerdict replay(std::span<const linearizability::Operation> history,
                                   const CommittedEntries& committed);

}  // namespace tests::torture
