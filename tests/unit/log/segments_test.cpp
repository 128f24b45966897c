#include "gms/log/segment_files.hpp"
#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {
namespace {

using model::Index;
using model::PersistRequest;
using tests::SimulatedDisk;

TEST(SegmentName, ParsesOnlyWhatItMakes) {
  const SegmentName name{Generation(3), FileSeq(17)};
  EXPECT_EQ(to_string(name), "3-17.seg");
  EXPECT_EQ(parse_segment_name("3-17.seg"), name);
  for (const char* const other : {"3-17", "3-017.seg", "3.seg", "-3-17.seg", "3-17.seg.new",
                                  "3-17x.seg", "99999999999999999999-1.seg", ""})
    EXPECT_FALSE(parse_segment_name(other).has_value()) << other;
}

class Segments : public LogFixture {
 protected:
  [[nodiscard]] std::vector<std::string> names() { return disk_.list("member/log").value(); }

  void expect_all_readable(std::uint64_t last, std::uint64_t epoch) {
    for (std::uint64_t index = 2; index <= last; ++index)
      ASSERT_EQ(read_text(index), text_of(index, epoch));
  }
};

TEST_F(Segments, AFullSegmentIsFollowedByTheNextSpare) {
  found();
  for (int i = 0; i < 12; ++i) {
    append(1, 1, 2500);
    while (store_->spares().missing() > 0) make_spare();
  }
  EXPECT_EQ(names().size(), 8U);
  expect_all_readable(13, 1);
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head_);
  expect_all_readable(13, 1);
}

TEST_F(Segments, WithoutASpareTheSegmentGrows) {
  found();
  for (int i = 0; i < 12; ++i) append(1, 1, 2500);
  EXPECT_EQ(names().size(), 1U);
  EXPECT_GT(disk_.content(kFirstSegment).size(), 30'000U);
  make_spare();
  append(1, 1, 2500);
  append(1, 1, 2500);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
  expect_all_readable(15, 1);
}

TEST_F(Segments, HalfOfTheReserveIsLeftWhenTheDiskBeginsToCountAsFull) {
  found();
  constexpr std::uint64_t kDisk = 1 << 30;
  disk_.set_capacity(kDisk);
  const std::uint64_t used = kDisk - disk_.free_bytes("member").value();
  const std::uint64_t reserve = small_segments().reserve_bytes;
  disk_.set_capacity(used + reserve);
  EXPECT_TRUE(store_->spares().check_room().has_value());
  disk_.set_capacity(used + reserve - 1);
  EXPECT_FALSE(store_->spares().check_room().has_value());
  EXPECT_TRUE(store_->spares().has_reserve_left());
  disk_.set_capacity(used + reserve / 2 - 1);
  EXPECT_FALSE(store_->spares().has_reserve_left());
}

TEST_F(Segments, ALowDiskCountsAsLowUntilASegmentMoreIsFree) {
  LogOptions options = small_segments();
  options.low_bytes = 3 * options.reserve_bytes;
  found(options);
  constexpr std::uint64_t kDisk = 1 << 30;
  disk_.set_capacity(kDisk);
  const std::uint64_t low = kDisk - disk_.free_bytes("member").value() + options.low_bytes;
  const auto is_low = [this](std::uint64_t capacity) {
    disk_.set_capacity(capacity);
    return store_->spares().is_low().value();
  };
  EXPECT_FALSE(is_low(low));
  EXPECT_TRUE(is_low(low - 1));
  EXPECT_TRUE(is_low(low));
  EXPECT_TRUE(is_low(low + options.segment_bytes - 1));
  EXPECT_FALSE(is_low(low + options.segment_bytes));
  EXPECT_FALSE(is_low(low));
}

TEST_F(Segments, ABatchLargerThanASegmentGetsItsOwn) {
  found();
  make_spare();
  make_spare();
  append(1, 1, 50'000);
  append(1, 1, 100);
  EXPECT_EQ(names(), (std::vector<std::string>{"1-1.seg", "1-2.seg", "1-3.seg"}));
  EXPECT_GT(disk_.content("member/log/1-2.seg").size(), 50'000U);
  EXPECT_EQ(disk_.content("member/log/1-3.seg").size(), options_.segment_bytes);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
  expect_all_readable(3, 1);
}

TEST_F(Segments, AJoinersFirstBatchMayBeLargerThanASegment) {
  options_ = small_segments();
  ASSERT_TRUE(initialise(disk_, kDirectory, a_joiner(), options_).has_value());
  recover();
  make_spare();
  append(1, 1, 50'000);
  append(1, 1, 50'000);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
}

TEST_F(Segments, SparesOutliveARestart) {
  found();
  make_spare();
  make_spare();
  const auto before = names();
  recover();
  EXPECT_EQ(store_->spares().missing(), 0U);
  EXPECT_EQ(names(), before);
}

TEST_F(Segments, ASpareHalfMadeIsRemovedAtTheStart) {
  found();
  disk_.fail_sync("1-2.seg");
  disk_.fail_write("1-2.seg", 1);
  EXPECT_FALSE(store_->spares().make({}).has_value());
  ASSERT_TRUE(disk_.create("member/log/1-9.seg").has_value());
  ASSERT_TRUE(disk_.create("member/log/1-1.seg.new").has_value());
  recover();
  EXPECT_EQ(names(), (std::vector<std::string>{"1-1.seg"}));
}

TEST_F(Segments, SegmentsOfAnotherGenerationAreNotRead) {
  found();
  append(1, 2);
  const auto head = head_;
  store_.reset();
  ASSERT_TRUE(disk_.rename(kFirstSegment, "member/log/2-1.seg").has_value());
  ASSERT_TRUE(disk_.create(kFirstSegment).has_value());
  EXPECT_EQ(inspect(disk_, kDirectory, 0).value().log.log.head, model::ChainHead{});
  ASSERT_TRUE(disk_.rename("member/log/2-1.seg", kFirstSegment).has_value());
  EXPECT_EQ(inspect(disk_, kDirectory, 0).value().log.log.head, head);
}

// Entries that were replaced stand in two segments, and the log is cut back across both.
TEST_F(Segments, ATruncationOverSegmentsReadsBackRight) {
  found();
  for (int i = 0; i < 8; ++i) {
    append(1, 2, 1000);
    while (store_->spares().missing() > 0) make_spare();
  }
  const auto before = head_before(6);
  ASSERT_TRUE(write(commands(before, 2, 3)).has_value());
  expect_all_readable(5, 1);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(read_text(6), text_of(6, 2));
    EXPECT_EQ(read_text(8), text_of(8, 2));
    EXPECT_EQ(read_text(9), "gone");
    const auto head = head_;
    power_loss();
    recover();
    EXPECT_EQ(state_.log.head, head);
    EXPECT_EQ(state_.log.epochs.size(), 2U);
  }
}

TEST_F(Segments, AReadGoesOverBatchesUpToItsLimit) {
  found();
  for (int i = 0; i < 20; ++i) append(1, 3, 100);
  const auto all = store_->read({a_member(), Index(2), 1'000'000});
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->entries.count(), 60U);
  EXPECT_TRUE(all->entries.chain_is_intact(all->previous.hash));
  const auto some = store_->read({a_member(), Index(3), 500});
  ASSERT_TRUE(some.has_value());
  EXPECT_EQ(some->entries.first_index(), Index(3));
  EXPECT_EQ(some->entries.count(), 3U);
  EXPECT_EQ(some->previous.position.index, Index(2));
  const auto one = store_->read({a_member(), Index(3), 1});
  EXPECT_EQ(one.value().entries.count(), 1U);
}

TEST_F(Segments, AReadOfEntriesThatTheLogDoesNotHaveSaysGone) {
  found();
  EXPECT_TRUE(store_->read({a_member(), Index(0), 100}).value().gone);
  EXPECT_FALSE(store_->read({a_member(), Index(1), 100}).value().gone);
  EXPECT_TRUE(store_->read({a_member(), Index(2), 100}).value().gone);
}

TEST_F(Segments, AReadOfDamagedEntriesIsAnError) {
  found();
  append(1, 3, 400);
  disk_.flip_bit(kFirstSegment, 3 * kSectorBytes, 0);
  const auto answer = store_->read({a_member(), Index(2), 10'000});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, model::ErrorCode::corrupt);
}

/// A directory whose META says that its log begins above index 0, as after a trim or an install.
class Bases : public LogFixture {
 protected:
  void set_base(const model::ChainHead& base) {
    store_.reset();
    disk_.end_process();
    StateFiles files(disk_, kDirectory);
    auto stored = files.read();
    ASSERT_TRUE(stored.has_value());
    stored->meta.base.head = base;
    stored->meta.base.view = {a_view(), {model::Epoch(1), Index(1)}};
    ASSERT_TRUE(files.rewrite(*stored).has_value());
  }
};

TEST_F(Bases, EntriesUpToTheBaseAreNoPartOfTheLog) {
  found();
  append(1, 4);
  append(2, 4);
  const auto head = head_;
  const auto base = head_before(8);
  set_base(base);
  recover();
  EXPECT_EQ(state_.log.base.head, base);
  EXPECT_EQ(state_.log.head, head);
  EXPECT_TRUE(state_.log.views.empty());
  ASSERT_EQ(state_.log.epochs.size(), 1U);
  EXPECT_EQ(state_.log.epochs[0].first, Index(8));
  EXPECT_EQ(state_.log.tail.front().first_index(), Index(8));
  EXPECT_EQ(read_text(7), "gone");
  EXPECT_EQ(read_text(8), text_of(8, 2));
  EXPECT_EQ(head_before(8), base);
}

TEST_F(Bases, ALogThatDoesNotHoldItsBaseIsACorruption) {
  found();
  append(1, 4);
  auto base = head_before(4);
  base.hash = model::EntryHash(1);
  set_base(base);
  EXPECT_EQ(recover_error().code, model::ErrorCode::corrupt);
}

// S37, the part that reading has in it: what a trim leaves begins with superseded entries.
TEST_F(Bases, TheFirstSegmentsOfALogMayBeGone) {
  found();
  for (int i = 0; i < 4; ++i) {
    append(1, 3, 1000);
    while (store_->spares().missing() > 0) make_spare();
  }
  ASSERT_TRUE(write(commands(head_before(6), 2, 12, 500)).has_value());
  const auto head = head_;
  // The second segment starts with entries that were replaced, some of them above the base.
  const auto base = head_before(8);
  set_base(base);
  ASSERT_TRUE(disk_.remove(kFirstSegment).has_value());
  recover();
  EXPECT_EQ(state_.log.head, head);
  EXPECT_EQ(read_text(8), text_of(8, 2));
  EXPECT_EQ(read_text(17), text_of(17, 2));
}

}  // namespace
}  // namespace gms::log
