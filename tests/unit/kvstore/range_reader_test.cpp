#include "kvstore/replica/range_reader.hpp"

#include "gms/wire/frame.hpp"
#include "tests/unit/kvstore/replica_fixture.hpp"

namespace kvstore::replica {
namespace {

using api::Direction;
using api::RangeContent;
using api::RangeQuery;
using gms::model::ErrorCode;
using gms::model::Instant;
using namespace std::chrono_literals;

constexpr ReaderId kReader{1};

class Ranges : public ::testing::Test {
 protected:
  Ranges() {
    for (int i = 0; i < 10; ++i) write("k" + std::to_string(i), "value " + std::to_string(i));
  }

  void write(const std::string& key, const std::string& value) {
    storage::ChangeSet changes;
    changes.changes.push_back({storage::Space::data, as_bytes(key),
                               api::Versioned{api::Revision(++index_), as_bytes(value)}});
    changes.applied = Index(index_);
    ASSERT_TRUE(store_.apply(changes).has_value());
  }

  /// Appends the page's pairs to `seen_` and its count to `count_`; returns its cursor.
  api::CursorId take(const ByteWriter& out) {
    const auto page = api::decode_range_page(out.bytes());
    EXPECT_TRUE(page.has_value());
    api::PairReader pairs(*page);
    while (const auto pair = pairs.next()) {
      seen_ += text_of(pair->key);
      if (!pair->row.value.empty()) seen_ += "=" + text_of(pair->row.value);
      seen_ += ' ';
    }
    EXPECT_TRUE(pairs.ok());
    count_ += page->count;
    ++pages_;
    state_ = page->state;
    return page->cursor;
  }

  api::CursorId first(const RangeQuery& query) {
    ByteWriter out;
    EXPECT_TRUE(ranges_.first_page(query, kReader, now_, out).has_value());
    return take(out);
  }
  void read_all(const RangeQuery& query) {
    api::CursorId cursor = first(query);
    while (cursor != api::CursorId()) {
      ASSERT_LT(pages_, 100);
      ByteWriter out;
      ASSERT_TRUE(ranges_.next_page({cursor}, now_, out).has_value());
      cursor = take(out);
    }
  }
  gms::model::Result<void> next(api::CursorId cursor) {
    ByteWriter out;
    return ranges_.next_page({cursor}, now_, out);
  }

  storage::MemoryImage image_;
  storage::MemoryStore store_{image_};
  std::uint64_t index_ = 0;
  RangeReader ranges_{store_, RangeLimits{2, 30s, 4, api::CursorId(1000)}};
  Instant now_{1h};
  std::string seen_;
  std::uint64_t count_ = 0;
  int pages_ = 0;
  Index state_;
};

TEST_F(Ranges, OneSmallPageNeedsNoCursor) {
  RangeQuery query;
  query.bounds = {as_bytes("k2"), as_bytes("k4")};
  EXPECT_EQ(first(query), api::CursorId());
  EXPECT_EQ(seen_, "k2=value 2 k3=value 3 ");
  EXPECT_EQ(ranges_.open_count(), 0U);
}

TEST_F(Ranges, PagesContinueWhereTheLastOneEnded) {
  RangeQuery query;
  query.content = RangeContent::keys;
  read_all(query);
  EXPECT_EQ(seen_, "k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 ");
  EXPECT_EQ(pages_, 3);
  EXPECT_EQ(ranges_.open_count(), 0U);
}

TEST_F(Ranges, DescendingPagesContinueToo) {
  RangeQuery query;
  query.content = RangeContent::keys;
  query.direction = Direction::descending;
  query.bounds = {as_bytes("k1"), as_bytes("k9")};
  read_all(query);
  EXPECT_EQ(seen_, "k8 k7 k6 k5 k4 k3 k2 k1 ");
}

TEST_F(Ranges, TheLimitCountsOverAllPages) {
  RangeQuery query;
  query.content = RangeContent::keys;
  query.limit = 6;
  read_all(query);
  EXPECT_EQ(seen_, "k0 k1 k2 k3 k4 k5 ");
  EXPECT_EQ(count_, 6U);
}

TEST_F(Ranges, ACountHasNoPairs) {
  RangeQuery query;
  query.content = RangeContent::count;
  read_all(query);
  EXPECT_EQ(seen_, "");
  EXPECT_EQ(count_, 10U);
}

TEST_F(Ranges, APageEndsBeforeItIsTooLargeButNeverEmpty) {
  RangeQuery query;
  query.page_bytes = 1;
  read_all(query);
  EXPECT_EQ(pages_, 10);
  EXPECT_EQ(count_, 10U);
  pages_ = 0;
  // Each pair takes 16 bytes and its own 9.
  query.page_bytes = 50;
  read_all(query);
  EXPECT_EQ(pages_, 5);
}

TEST_F(Ranges, AllPagesAreOfOneState) {
  RangeQuery query;
  query.content = RangeContent::keys;
  const api::CursorId cursor = first(query);
  write("k35", "new");
  write("k99", "new");
  ByteWriter out;
  ASSERT_TRUE(ranges_.next_page({cursor}, now_, out).has_value());
  take(out);
  EXPECT_EQ(seen_, "k0 k1 k2 k3 k4 k5 k6 k7 ");
  EXPECT_EQ(state_, Index(10));
}

TEST_F(Ranges, AnIdleRangeIsDroppedAndAnActiveOneIsNot) {
  const api::CursorId idle = first({});
  const api::CursorId active = first({});
  now_ += 20s;
  EXPECT_TRUE(next(active).has_value());
  now_ += 20s;
  ranges_.drop_idle(now_);
  EXPECT_EQ(next(idle).error().code, ErrorCode::unavailable);
  EXPECT_TRUE(next(active).has_value());
}

TEST_F(Ranges, TooManyOpenOnesAreBusyUntilOneIsClosed) {
  const api::CursorId one = first({});
  EXPECT_EQ(one, api::CursorId(1001));
  first({});
  ByteWriter out;
  EXPECT_EQ(ranges_.first_page({}, kReader, now_, out).error().code, ErrorCode::busy);
  EXPECT_TRUE(out.bytes().empty());
  ranges_.close({one});
  EXPECT_TRUE(ranges_.first_page({}, kReader, now_, out).has_value());
  EXPECT_EQ(next(one).error().code, ErrorCode::unavailable);
}

TEST_F(Ranges, ThoseOfAReaderThatIsGoneEnd) {
  const api::CursorId one = first({});
  const api::CursorId two = first({});
  ByteWriter out;
  EXPECT_EQ(ranges_.first_page({}, ReaderId(2), now_, out).error().code, ErrorCode::busy);
  ranges_.close_all_of(ReaderId(2));
  EXPECT_EQ(ranges_.open_count(), 2U);
  ranges_.close({one});
  EXPECT_TRUE(ranges_.first_page({}, ReaderId(2), now_, out).has_value());
  ranges_.close_all_of(kReader);
  EXPECT_EQ(ranges_.open_count(), 1U);
  EXPECT_EQ(next(two).error().code, ErrorCode::unavailable);
}

/// What a replica keeps with a state up to `applied`, whose mark stands at `mark`.
Bytes record_of(Index applied, Index mark) {
  AppliedState state;
  state.index = applied;
  state.mark_index = mark;
  ByteWriter out;
  encode(state, out);
  return out.take();
}

TEST_F(Ranges, OfAllRowsHaveTheRecordFirstThenKeysThenSessionsOfOneState) {
  storage::ChangeSet changes;
  changes.changes.push_back(
      {storage::Space::session, as_bytes("7"), api::Versioned{api::Revision(1), as_bytes("mine")}});
  changes.applied = Index(++index_);
  const Bytes record = record_of(Index(index_), Index(index_));
  changes.record = record;
  ASSERT_TRUE(store_.apply(changes).has_value());
  RangeQuery query;
  query.content = RangeContent::rows;
  // None of these is looked at.
  query.bounds = {as_bytes("k4"), as_bytes("k5")};
  query.direction = Direction::descending;
  query.limit = 1;
  api::CursorId cursor = first(query);
  write("k3", "too late");
  while (cursor != api::CursorId()) {
    ASSERT_LT(pages_, 100);
    ByteWriter out;
    ASSERT_TRUE(ranges_.next_page({cursor}, now_, out).has_value());
    cursor = take(out);
  }
  std::string all = "=" + text_of(record) + " ";
  for (int i = 0; i < 10; ++i)
    all += "kk" + std::to_string(i) + "=value " + std::to_string(i) + " ";
  EXPECT_EQ(seen_, all + "s7=mine ");
  EXPECT_EQ(count_, 12U);
  EXPECT_EQ(state_, Index(11));
  EXPECT_EQ(ranges_.open_count(), 0U);
}

/// The row of a session whose client acknowledged nothing: one byte below what is too much it got
/// one more reply, with the largest value.
storage::ChangeSet largest_session(StagedChanges& staged, Index at) {
  SessionTable table{SessionLimits()};
  const api::SessionId session = table.open(api::Nonce(1), at, gms::model::GroupClock(1));
  const auto call = [&](std::uint64_t number, std::size_t bytes) {
    const std::string value(bytes, 'v');
    const auto admission = table.admit({session, api::CallNumber(number), {}, put("k", "v")}, at,
                                       gms::model::GroupClock(1));
    ASSERT_TRUE(std::holds_alternative<Execute>(admission)) << number;
    table.remember(
        *std::get<Execute>(admission).session, api::CallNumber(number),
        {api::Outcome::done, api::Revision(1), api::Versioned{api::Revision(1), as_bytes(value)}});
  };
  constexpr std::size_t kOthers = api::kUnacknowledgedCallsMax - 2;
  constexpr std::size_t kEach = (api::kUnacknowledgedBytesMax - 1) / kOthers;
  for (std::uint64_t number = 1; number <= kOthers; ++number) call(number, kEach);
  call(kOthers + 1, api::kUnacknowledgedBytesMax - 1 - kOthers * kEach);
  call(kOthers + 2, api::kValueBytesMax);
  table.stage(staged);
  storage::ChangeSet changes = staged.changes();
  changes.applied = at;
  return changes;
}

TEST_F(Ranges, OfAllRowsFitIntoFramesWhateverASessionHolds) {
  StagedChanges staged;
  auto changes = largest_session(staged, Index(++index_));
  const Bytes record = record_of(Index(index_), Index(index_));
  changes.record = record;
  ASSERT_TRUE(store_.apply(changes).has_value());
  RangeQuery query;
  query.content = RangeContent::rows;
  ByteWriter out;
  ASSERT_TRUE(ranges_.first_page(query, kReader, now_, out).has_value());
  std::size_t largest = 0;
  for (api::CursorId cursor = take(out); cursor != api::CursorId(); cursor = take(out)) {
    out.clear();
    ASSERT_TRUE(ranges_.next_page({cursor}, now_, out).has_value());
    largest = std::max(largest, out.bytes().size());
  }
  EXPECT_GT(largest, api::kValueBytesMax + api::kUnacknowledgedBytesMax);
  // What is around the body of a reply has room, too.
  EXPECT_LE(largest + 4096, api::kClientBodyBytesMax);
  EXPECT_LE(api::kClientBodyBytesMax, gms::wire::kFrameBodyBytesMax);
}

TEST_F(Ranges, ARowThatNoFrameHoldsIsRefused) {
  write("huge", std::string(api::kClientBodyBytesMax, 'v'));
  RangeQuery query;
  query.bounds = {as_bytes("huge"), as_bytes("huge~")};
  ByteWriter out;
  const auto refused = ranges_.first_page(query, kReader, now_, out);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::too_large);
  query.content = RangeContent::keys;
  EXPECT_EQ(first(query), api::CursorId());
  EXPECT_EQ(seen_, "huge ");
}

// What a page costs is what is read for it, whatever of that it holds.
TEST_F(Ranges, APageEndsWhenMuchWasReadForIt) {
  for (int i = 0; i < 6; ++i)
    write("large" + std::to_string(i), std::string(api::kReadStepBytesMax / 2, 'v'));
  RangeReader ranges(store_, {});
  for (const RangeContent content : {RangeContent::count, RangeContent::keys}) {
    RangeQuery query;
    query.content = content;
    query.bounds = {as_bytes("large"), {}};
    count_ = 0;
    pages_ = 0;
    ByteWriter out;
    ASSERT_TRUE(ranges.first_page(query, kReader, now_, out).has_value());
    for (api::CursorId cursor = take(out); cursor != api::CursorId(); cursor = take(out)) {
      out.clear();
      ASSERT_TRUE(ranges.next_page({cursor}, now_, out).has_value());
    }
    EXPECT_EQ(count_, 6U);
    EXPECT_EQ(pages_, 3);
  }
}

// What is saved of it could not found a group: its mark stands before its commands.
TEST_F(Ranges, OfAllRowsAreRefusedWhileTheStateIsAheadOfItsMark) {
  RangeQuery query;
  query.content = RangeContent::rows;
  for (const std::uint64_t ahead : {1U, 0U}) {
    storage::ChangeSet changes;
    changes.applied = Index(index_);
    const Bytes record = record_of(Index(index_ + ahead), Index(index_));
    changes.record = record;
    ASSERT_TRUE(store_.apply(changes).has_value());
    ByteWriter out;
    const auto begun = ranges_.first_page(query, kReader, now_, out);
    ASSERT_EQ(begun.has_value(), ahead == 0);
    if (!begun) {
      EXPECT_EQ(begun.error().code, ErrorCode::unavailable);
    }
  }
}

TEST_F(Ranges, OfAllRowsOfAnEmptyStoreAreRefused) {
  storage::MemoryImage image;
  storage::MemoryStore store(image);
  RangeReader ranges(store, {});
  RangeQuery query;
  query.content = RangeContent::rows;
  ByteWriter out;
  EXPECT_EQ(ranges.first_page(query, kReader, now_, out).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace kvstore::replica
