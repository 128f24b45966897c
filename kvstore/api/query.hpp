#pragma once

#include <optional>

#include "gms/model/bytes.hpp"
#include "gms/model/result.hpp"
#include "kvstore/api/command_reply.hpp"
#include "kvstore/api/limits.hpp"
#include "kvstore/api/types.hpp"

namespace kvstore::api {

// What clients read of the keys. Everything here borrows its bytes: from the caller when encoding,
// from the encoded bytes when decoded. Decoders of queries check the limits: an empty key or a
// limit of zero is invalid_argument, a key over its limit too_large, everything else corrupt.

/// `linearizable` sees every write acknowledged before the read began [C18]; `local` is this
/// replica's state as it is.
enum class ReadLevel : std::uint8_t { linearizable = 1, local = 2 };

/// How fresh a read must be. The replica waits, within the deadline, until it has applied
/// `revision_min`.
struct Freshness {
  ReadLevel level = ReadLevel::linearizable;
  Revision revision_min;

  friend bool operator==(const Freshness&, const Freshness&) = default;
};

struct GetQuery {
  Freshness freshness;
  gms::model::ByteSpan key;
};

/// Nothing when the key has no value.
struct GetReply {
  std::optional<Versioned> found;
};

/// The keys k with from ≤ k < to. An empty `from` is the first key, an empty `to` is past the last.
struct KeyBounds {
  gms::model::ByteSpan from;
  gms::model::ByteSpan to;
};

/// The end of the keys that begin with `prefix`: empty, so past the last, when it is all 0xFF.
[[nodiscard]] gms::model::Bytes prefix_end(gms::model::ByteSpan prefix);

enum class Direction : std::uint8_t { ascending = 1, descending = 2 };
/// What a range returns of each pair; `count` returns no pairs, only how many there are. `rows` is
/// all that a replica has, whatever the bounds, the direction and the limit say: first, under an
/// empty key, the record that the state machine keeps with its state, and then the rows of keys and
/// of sessions, each under its space (`k` or `s`) and its own key.
enum class RangeContent : std::uint8_t { pairs = 1, keys = 2, count = 3, rows = 4 };

/// No limit on the pairs of a range.
inline constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

/// A range is one consistent state of the store, whatever is written while its pages are fetched.
struct RangeQuery {
  Freshness freshness;
  KeyBounds bounds;
  Direction direction = Direction::ascending;
  RangeContent content = RangeContent::pairs;
  /// Pairs over all pages; at least 1.
  std::uint64_t limit = kNoLimit;
  /// Bytes of a page; at least 1, and cut to kPageBytesMax.
  std::uint32_t page_bytes = kPageBytesDefault;
};

/// Asks for the next page of a range, of the replica that served the first.
struct PageQuery {
  CursorId cursor;
};

/// A range's remaining pages are not wanted. Answered with an empty body.
struct CloseCursorQuery {
  CursorId cursor;
};

/// A pair of a page. The value is empty in a page of keys.
struct Pair {
  gms::model::ByteSpan key;
  Versioned row;
};

/// One page. The pairs of all pages, or the sum of their counts, are the range.
struct RangePage {
  /// Zero: this was the last page.
  CursorId cursor;
  /// The state that the range is read from: everything up to here, and nothing after, except for a
  /// `local` range of a replica that has not yet applied again what it had before a crash.
  gms::model::Index state;
  RangeContent content = RangeContent::pairs;
  /// Pairs in this page, or counted for it.
  std::uint64_t count = 0;
  /// `count` encoded pairs for PairReader; empty for `count`.
  gms::model::ByteSpan pairs;
};

/// Steps through the pairs of a page.
class PairReader {
 public:
  explicit PairReader(const RangePage& page) : in_(page.pairs), content_(page.content) {}

  /// The next pair, or nothing at the end or where the bytes are not a pair; see ok().
  [[nodiscard]] std::optional<Pair> next();
  /// False once malformed bytes were met.
  [[nodiscard]] bool ok() const { return in_.ok(); }

 private:
  gms::model::ByteReader in_;
  RangeContent content_;
};

/// Appends one pair of a page.
void encode_pair(const Pair& pair, RangeContent content, gms::model::ByteWriter& out);

void encode(const GetQuery& query, gms::model::ByteWriter& out);
void encode(const RangeQuery& query, gms::model::ByteWriter& out);
void encode(const PageQuery& query, gms::model::ByteWriter& out);
void encode(const CloseCursorQuery& query, gms::model::ByteWriter& out);
void encode(const GetReply& reply, gms::model::ByteWriter& out);
void encode(const RangePage& page, gms::model::ByteWriter& out);

[[nodiscard]] gms::model::Result<GetQuery> decode_get_query(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<RangeQuery> decode_range_query(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<PageQuery> decode_page_query(gms::model::ByteSpan bytes);
[[nodiscard]] gms::model::Result<CloseCursorQuery> decode_close_cursor_query(
    gms::model::ByteSpan bytes);
/// Error: corrupt.
[[nodiscard]] gms::model::Result<GetReply> decode_get_reply(gms::model::ByteSpan bytes);
/// Error: corrupt. The pairs are checked when they are read.
[[nodiscard]] gms::model::Result<RangePage> decode_range_page(gms::model::ByteSpan bytes);

}  // namespace kvstore::api
