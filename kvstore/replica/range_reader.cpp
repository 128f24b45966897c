#include "kvstore/replica/range_reader.hpp"

#include <algorithm>
#include <utility>

#include "kvstore/replica/applied_state.hpp"

namespace kvstore::replica {

using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Instant;
using gms::model::Result;

namespace {

Bytes copy(ByteSpan bytes) {
  return {bytes.begin(), bytes.end()};
}

/// The least key after `key`.
Bytes key_after(ByteSpan key) {
  Bytes out = copy(key);
  out.push_back(std::byte{0});
  return out;
}

/// The encoded size of a pair in a page.
std::size_t pair_bytes(const api::Pair& pair, api::RangeContent content) {
  switch (content) {
    case api::RangeContent::pairs:
    case api::RangeContent::rows: return 16 + pair.key.size() + pair.row.value.size();
    case api::RangeContent::keys: return 12 + pair.key.size();
    case api::RangeContent::count: return 0;
  }
  return 0;
}

}  // namespace

RangeReader::RangeReader(const storage::Store& store, const RangeLimits& limits)
    : store_(store), limits_(limits), last_cursor_(limits.cursor_base.value()) {}

Result<void> RangeReader::first_page(const api::RangeQuery& query, ReaderId reader, Instant now,
                                     ByteWriter& out) {
  Cursor cursor{store_.snapshot(),
                reader,
                copy(query.bounds.from),
                copy(query.bounds.to),
                query.direction,
                query.content,
                query.limit,
                query.page_bytes,
                now,
                storage::Space::data,
                {}};
  if (query.content == api::RangeContent::rows)
    if (auto begun = begin_rows(cursor); !begun) return begun;
  api::RangePage page;
  const auto rest = read_page(cursor, page);
  if (!rest) return rest.error();
  if (*rest == Rest::more) {
    if (cursors_.size() >= limits_.cursors_max)
      return Error{ErrorCode::busy, "too many ranges are being read at this member"};
    page.cursor = api::CursorId(++last_cursor_);
    cursors_.emplace(page.cursor, std::move(cursor));
  }
  encode(page, out);
  return {};
}

Result<void> RangeReader::next_page(const api::PageQuery& query, Instant now, ByteWriter& out) {
  const auto found = cursors_.find(query.cursor);
  if (found == cursors_.end())
    return Error{ErrorCode::unavailable, "the range is no longer open at this member"};
  api::RangePage page;
  const auto rest = read_page(found->second, page);
  if (!rest) {
    cursors_.erase(found);
    return rest.error();
  }
  if (*rest == Rest::more) {
    found->second.used = now;
    page.cursor = query.cursor;
  } else {
    cursors_.erase(found);
  }
  encode(page, out);
  return {};
}

void RangeReader::close(const api::CloseCursorQuery& query) {
  cursors_.erase(query.cursor);
}

void RangeReader::close_all_of(ReaderId reader) {
  std::erase_if(cursors_, [&](const auto& entry) { return entry.second.reader == reader; });
}

void RangeReader::drop_idle(Instant now) {
  std::erase_if(cursors_,
                [&](const auto& entry) { return now - entry.second.used > limits_.idle_max; });
}

Result<void> RangeReader::begin_rows(Cursor& cursor) const {
  auto stored = store_.stored();
  if (!stored) return stored.error();
  if (!*stored) return Error{ErrorCode::unavailable, "nothing is stored yet"};
  const auto state = decode_applied_state((*stored)->record);
  if (!state) return state.error();
  // After a crash the state may be in the middle of a batch, where a deep digest stored it. Its
  // mark stands before that, so a group that began with it would leave out commands as done
  // already.
  if (state->index != state->mark_index)
    return Error{ErrorCode::unavailable,
                 "this replica has not caught up since its start; ask again"};
  cursor.record = std::move((*stored)->record);
  cursor.from.clear();
  cursor.to.clear();
  cursor.direction = api::Direction::ascending;
  cursor.limit = api::kNoLimit;
  return {};
}

void RangeReader::add(const Cursor& cursor, const api::Pair& pair) {
  if (cursor.content == api::RangeContent::count) return;
  if (cursor.content != api::RangeContent::rows) return encode_pair(pair, cursor.content, pairs_);
  row_key_.assign(1, static_cast<std::byte>(cursor.space));
  row_key_.insert(row_key_.end(), pair.key.begin(), pair.key.end());
  encode_pair({row_key_, pair.row}, cursor.content, pairs_);
}

Result<void> RangeReader::add_rows(const Cursor& cursor, storage::Scan& scan, api::RangePage& page,
                                   Bytes& last) {
  const std::uint64_t rows_max = std::min<std::uint64_t>(cursor.limit, limits_.page_rows_max);
  std::size_t read_bytes = 0;
  for (; scan.at_row() && page.count < rows_max; scan.next()) {
    if (read_bytes >= api::kReadStepBytesMax) break;
    const api::Pair pair = scan.pair();
    read_bytes += pair.key.size() + pair.row.value.size();
    const std::size_t bytes = pairs_.bytes().size() + pair_bytes(pair, cursor.content);
    if (page.count > 0 && bytes > cursor.page_bytes) break;
    if (bytes > api::kPageBodyBytesMax)
      return Error{ErrorCode::too_large, "a row of " + std::to_string(bytes) +
                                             " bytes; a page has at most " +
                                             std::to_string(api::kPageBodyBytesMax)};
    add(cursor, pair);
    last.assign(pair.key.begin(), pair.key.end());
    ++page.count;
  }
  return {};
}

Result<RangeReader::Rest> RangeReader::read_page(Cursor& cursor, api::RangePage& page) {
  pairs_.clear();
  if (const auto record = std::exchange(cursor.record, std::nullopt)) {
    encode_pair({{}, {api::revision_at(cursor.rows->applied()), *record}}, cursor.content, pairs_);
    ++page.count;
  }
  const auto scan = cursor.rows->scan(cursor.space, {cursor.from, cursor.to}, cursor.direction);
  Bytes last;
  if (auto added = add_rows(cursor, *scan, page, last); !added) return added.error();
  if (auto status = scan->status(); !status) return status.error();
  cursor.limit -= page.count;
  page.state = cursor.rows->applied();
  page.content = cursor.content;
  page.pairs = pairs_.bytes();
  if (!scan->at_row() && cursor.content == api::RangeContent::rows &&
      cursor.space == storage::Space::data) {
    cursor.space = storage::Space::session;
    cursor.from.clear();
    return Rest::more;
  }
  if (!scan->at_row() || cursor.limit == 0) return Rest::none;
  (cursor.direction == api::Direction::ascending ? cursor.from : cursor.to) =
      cursor.direction == api::Direction::ascending ? key_after(last) : std::move(last);
  return Rest::more;
}

}  // namespace kvstore::replica
