#pragma once

#include <map>
#include <memory>
#include <optional>

#include "gms/model/result.hpp"
#include "kvstore/api/limits.hpp"
#include "kvstore/api/query.hpp"
#include "kvstore/storage/store.hpp"

namespace kvstore::replica {

/// Who reads ranges: a client's connection.
using ReaderId = gms::model::Identifier<struct ReaderIdTag>;

struct RangeLimits {
  std::size_t cursors_max = api::kCursorsMax;
  gms::model::Duration idle_max = api::kCursorIdleMax;
  std::size_t page_rows_max = api::kPageRowsMax;
  /// The first cursor is the one after this. It differs from boot to boot by more than a boot has
  /// cursors, so that no client finds another range under the id of one that a restart ended.
  api::CursorId cursor_base;
};

/// Serves ranges page by page. All pages of a range come from one snapshot, held between them: what
/// it sees takes room on the disk until the range ends, at its last page, when it is closed, when
/// its reader is gone or when nobody asks. A page ends where it is large, has many rows, or much
/// was read for it, whatever of that it holds.
///
/// Thread rule: the store's. Time is told by the caller and touches nothing but cursors.
class RangeReader {
 public:
  RangeReader(const storage::Store& store, const RangeLimits& limits);

  /// Appends the encoded first RangePage. Errors: busy (too many ranges are open), too_large (a row
  /// that no state machine of these limits makes), unavailable (of all rows: the state has no mark
  /// of its own for now), io, corrupt.
  [[nodiscard]] gms::model::Result<void> first_page(const api::RangeQuery& query, ReaderId reader,
                                                    gms::model::Instant now,
                                                    gms::model::ByteWriter& out);
  /// Appends the encoded next RangePage. Errors: unavailable (the cursor was idle for too long, or
  /// was never here; the range has to start again), too_large, io, corrupt.
  [[nodiscard]] gms::model::Result<void> next_page(const api::PageQuery& query,
                                                   gms::model::Instant now,
                                                   gms::model::ByteWriter& out);
  void close(const api::CloseCursorQuery& query);
  /// Ends the ranges of a reader that is gone.
  void close_all_of(ReaderId reader);
  /// Ends all ranges.
  void close_all() { cursors_.clear(); }
  /// Ends the ranges that nobody has asked for in time.
  void drop_idle(gms::model::Instant now);

  [[nodiscard]] std::size_t open_count() const { return cursors_.size(); }

 private:
  /// What is left of a range.
  struct Cursor {
    std::unique_ptr<storage::Snapshot> rows;
    ReaderId reader;
    gms::model::Bytes from;
    gms::model::Bytes to;
    api::Direction direction;
    api::RangeContent content;
    std::uint64_t limit;
    std::uint32_t page_bytes;
    gms::model::Instant used;
    /// Which of them comes next.
    storage::Space space = storage::Space::data;
    /// Of a range of all rows, until it has left.
    std::optional<gms::model::Bytes> record;
  };
  enum class Rest : std::uint8_t { none, more };

  /// All rows, and the record first. Precondition: nothing was applied since the snapshot.
  [[nodiscard]] gms::model::Result<void> begin_rows(Cursor& cursor) const;
  void add(const Cursor& cursor, const api::Pair& pair);
  /// Adds rows of `scan` for as long as the page may have more; the key of the last in `last`.
  /// Error: too_large.
  [[nodiscard]] gms::model::Result<void> add_rows(const Cursor& cursor, storage::Scan& scan,
                                                  api::RangePage& page, gms::model::Bytes& last);
  /// Reads a page into `page` and `pairs_` and moves the cursor past it.
  [[nodiscard]] gms::model::Result<Rest> read_page(Cursor& cursor, api::RangePage& page);

  const storage::Store& store_;
  RangeLimits limits_;
  std::map<api::CursorId, Cursor> cursors_;
  std::uint64_t last_cursor_;
  gms::model::ByteWriter pairs_;
  /// A row's key and its space in front.
  gms::model::Bytes row_key_;
};

}  // namespace kvstore::replica
