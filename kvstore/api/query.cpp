#include "kvstore/api/query.hpp"

#include <algorithm>
#include <string>

namespace kvstore::api {
namespace {

using gms::model::ByteReader;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Result;

Error malformed(const char* what) {
  return {ErrorCode::corrupt, std::string("malformed ") + what};
}

/// An enumeration whose values are 1 to `last`.
template <class Enumeration>
Enumeration get_enumeration(ByteReader& in, Enumeration last) {
  const std::uint8_t value = in.u8();
  if (value < 1 || value > static_cast<std::uint8_t>(last)) in.fail();
  return static_cast<Enumeration>(value);
}

void put_freshness(const Freshness& freshness, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(freshness.level));
  out.u64(freshness.revision_min.value());
}

Freshness get_freshness(ByteReader& in) {
  const ReadLevel level = get_enumeration(in, ReadLevel::local);
  return {level, Revision(in.u64())};
}

Result<void> check_key(ByteSpan key) {
  if (key.size() <= kKeyBytesMax) return {};
  return Error{ErrorCode::too_large, "the key has " + std::to_string(key.size()) +
                                         " bytes; the limit is " + std::to_string(kKeyBytesMax)};
}

bool has_values(RangeContent content) {
  return content == RangeContent::pairs || content == RangeContent::rows;
}

}  // namespace

Bytes prefix_end(ByteSpan prefix) {
  Bytes end(prefix.begin(), prefix.end());
  while (!end.empty() && end.back() == std::byte{0xFF}) end.pop_back();
  if (!end.empty()) end.back() = static_cast<std::byte>(std::to_integer<unsigned>(end.back()) + 1);
  return end;
}

std::optional<Pair> PairReader::next() {
  if (!in_.ok() || in_.remaining() == 0) return std::nullopt;
  Pair pair;
  pair.key = in_.blob();
  pair.row.revision = Revision(in_.u64());
  if (has_values(content_)) pair.row.value = in_.blob();
  if (!in_.ok()) return std::nullopt;
  return pair;
}

void encode_pair(const Pair& pair, RangeContent content, ByteWriter& out) {
  out.blob(pair.key);
  out.u64(pair.row.revision.value());
  if (has_values(content)) out.blob(pair.row.value);
}

void encode(const GetQuery& query, ByteWriter& out) {
  put_freshness(query.freshness, out);
  out.raw(query.key);
}

void encode(const RangeQuery& query, ByteWriter& out) {
  put_freshness(query.freshness, out);
  out.u8(static_cast<std::uint8_t>(query.direction));
  out.u8(static_cast<std::uint8_t>(query.content));
  out.u64(query.limit);
  out.u32(query.page_bytes);
  out.blob(query.bounds.from);
  out.blob(query.bounds.to);
}

void encode(const PageQuery& query, ByteWriter& out) {
  out.u64(query.cursor.value());
}

void encode(const CloseCursorQuery& query, ByteWriter& out) {
  out.u64(query.cursor.value());
}

void encode(const GetReply& reply, ByteWriter& out) {
  out.u8(reply.found ? 1 : 0);
  if (!reply.found) return;
  out.u64(reply.found->revision.value());
  out.raw(reply.found->value);
}

void encode(const RangePage& page, ByteWriter& out) {
  out.u64(page.cursor.value());
  out.u64(page.state.value());
  out.u8(static_cast<std::uint8_t>(page.content));
  out.u64(page.count);
  out.raw(page.pairs);
}

Result<GetQuery> decode_get_query(ByteSpan bytes) {
  ByteReader in(bytes);
  GetQuery query;
  query.freshness = get_freshness(in);
  query.key = in.raw(in.remaining());
  if (!in.finished()) return malformed("get");
  if (query.key.empty()) return Error{ErrorCode::invalid_argument, "the key is empty"};
  if (auto checked = check_key(query.key); !checked) return checked.error();
  return query;
}

Result<RangeQuery> decode_range_query(ByteSpan bytes) {
  ByteReader in(bytes);
  RangeQuery query;
  query.freshness = get_freshness(in);
  query.direction = get_enumeration(in, Direction::descending);
  query.content = get_enumeration(in, RangeContent::rows);
  query.limit = in.u64();
  query.page_bytes = std::min(in.u32(), static_cast<std::uint32_t>(kPageBytesMax));
  query.bounds.from = in.blob();
  query.bounds.to = in.blob();
  if (!in.finished()) return malformed("range");
  if (query.limit == 0 || query.page_bytes == 0)
    return Error{ErrorCode::invalid_argument, "the range's limit or page size is zero"};
  if (auto checked = check_key(query.bounds.from); !checked) return checked.error();
  if (auto checked = check_key(query.bounds.to); !checked) return checked.error();
  return query;
}

Result<PageQuery> decode_page_query(ByteSpan bytes) {
  ByteReader in(bytes);
  const PageQuery query{CursorId(in.u64())};
  if (!in.finished()) return malformed("request for a page");
  return query;
}

Result<CloseCursorQuery> decode_close_cursor_query(ByteSpan bytes) {
  ByteReader in(bytes);
  const CloseCursorQuery query{CursorId(in.u64())};
  if (!in.finished()) return malformed("request to close a cursor");
  return query;
}

Result<GetReply> decode_get_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  const std::uint8_t found = in.u8();
  GetReply reply;
  if (found == 1) {
    const Revision revision(in.u64());
    reply.found = Versioned{revision, in.raw(in.remaining())};
  }
  if (!in.finished() || found > 1) return malformed("reply of a get");
  return reply;
}

Result<RangePage> decode_range_page(ByteSpan bytes) {
  ByteReader in(bytes);
  RangePage page;
  page.cursor = CursorId(in.u64());
  page.state = Index(in.u64());
  page.content = get_enumeration(in, RangeContent::rows);
  page.count = in.u64();
  page.pairs = in.raw(in.remaining());
  if (!in.finished()) return malformed("page of a range");
  return page;
}

}  // namespace kvstore::api
