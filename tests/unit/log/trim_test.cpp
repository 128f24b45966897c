#include <map>
#include <random>

#include "tests/unit/log/crash_steps.hpp"

namespace gms::log {
namespace {

using model::Base;
using model::Index;
using model::PersistRequest;
using tests::SimulatedDisk;

class Trims : public LogFixture {
 protected:
  [[nodiscard]] std::vector<std::string> names() { return disk_.list("member/log").value(); }
  [[nodiscard]] Base base_at(std::uint64_t index) {
    return a_base(Index(index) == head_.position.index ? head_ : head_before(index + 1));
  }
  [[nodiscard]] static PersistRequest trim_order(const Base& base) {
    PersistRequest request = order({});
    request.trim_to = base;
    return request;
  }
  void trim(std::uint64_t index) {
    const PersistRequest request = trim_order(base_at(index));
    ASSERT_TRUE(store_->write({&request, 1}).has_value());
  }
  void recycle() { ASSERT_TRUE(store_->spares().recycle({}).has_value()); }
  /// Batches of 2.5 KiB, three to a segment, and spares as they are used up.
  void append_batches(int count) {
    for (int i = 0; i < count; ++i) {
      append(1, 1, 2000);
      while (store_->spares().missing() > 0) make_spare();
    }
  }
  /// Ends the process with a log that a start takes as it is.
  void close() {
    ASSERT_TRUE(store_->seal().has_value());
    store_.reset();
    disk_.end_process();
  }
};

/// What a log holds, by its index.
using Texts = std::map<std::uint64_t, std::string>;

Texts texts_of(LogStore& store, Index base, Index last) {
  Texts texts;
  for (std::uint64_t index = base.value() + 1; index <= last.value(); ++index) {
    const auto answer = store.read({a_member(), Index(index), 1});
    if (!answer || answer->gone) continue;
    const std::string text(model::as_text(answer->entries.front().payload()));
    texts[index] = text.substr(0, text.find('.'));
  }
  return texts;
}

Texts texts_of(const LogStore::Recovered& found) {
  const model::RecoveredLog& log = found.state.log;
  return texts_of(*found.store, log.base.head.position.index, log.head.position.index);
}

Texts above(const Texts& texts, std::uint64_t base) {
  return {texts.upper_bound(base), texts.end()};
}

TEST_F(Trims, ABaseThatTheLogDoesNotHaveIsDamageAndNoCrash) {
  found(small_segments());
  append_batches(3);
  PersistRequest request = trim_order(base_at(2));
  request.trim_to->head.hash = model::EntryHash(request.trim_to->head.hash.value() ^ 1);
  EXPECT_EQ(store_->write({&request, 1}).error().code, model::ErrorCode::corrupt);
}

TEST_F(Trims, WhatIsUpToTheBaseIsGone) {
  found();
  append(1, 4);
  append(2, 4);
  const auto head = head_;
  const Base base = base_at(7);
  trim(7);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(read_text(7), "gone");
    EXPECT_EQ(read_text(8), text_of(8, 2));
    EXPECT_EQ(head_before(8), base.head);
    power_loss();
    recover();
    EXPECT_EQ(state_.log.base.head, base.head);
    EXPECT_EQ(state_.log.base.view.view, base.view.view);
    EXPECT_EQ(state_.log.base.view.position, base.view.position);
    EXPECT_EQ(state_.log.head, head);
    ASSERT_EQ(state_.log.epochs.size(), 1U);
    EXPECT_EQ(state_.log.epochs[0].first, Index(8));
    EXPECT_EQ(state_.log.tail.front().first_index(), Index(8));
  }
}

TEST_F(Trims, ALogMayBeTrimmedToItsEndAndGoesOn) {
  found();
  append(1, 4);
  const auto end = head_;
  trim(5);
  EXPECT_EQ(read_text(5), "gone");
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, end);
  EXPECT_EQ(state_.log.base.head, end);
  EXPECT_TRUE(state_.log.epochs.empty());
  append(3, 2);
  EXPECT_EQ(read_text(6), text_of(6, 3));
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head.position.index, Index(7));
  EXPECT_EQ(head_before(6), end);
}

TEST_F(Trims, OfSeveralInAGroupTheLastCounts) {
  found();
  append(1, 8);
  const auto next = commands(head_, 1, 2);
  const std::vector<PersistRequest> group = {trim_order(base_at(3)), order({next}),
                                             trim_order(base_at(6)), order({})};
  const std::uint64_t syncs = disk_.sync_count();
  ASSERT_TRUE(store_->write(group).has_value());
  EXPECT_EQ(disk_.sync_count(), syncs + 3);
  power_loss();
  recover();
  EXPECT_EQ(state_.log.base.head.position.index, Index(6));
  EXPECT_EQ(state_.log.head, next.head());
}

TEST_F(Trims, SegmentsGoOnlyWhenBothCopiesOfMetaAreDurable) {
  found();
  append_batches(10);
  const PersistRequest request = trim_order(base_at(9));
  disk_.fail_sync("META.1");
  EXPECT_FALSE(store_->write({&request, 1}).has_value());
  EXPECT_EQ(store_->spares().retired(), 0U);
  recover();
  EXPECT_GT(store_->spares().retired(), 0U);
}

TEST_F(Trims, FullSegmentsAreUsedAgainAndTheRestRemoved) {
  options_ = small_segments();
  options_.spares_max = 3;
  options_.first_segment_bytes = 4096;
  found(options_);
  append_batches(16);
  ASSERT_EQ(names(), (std::vector<std::string>{"1-1.seg", "1-2.seg", "1-3.seg", "1-4.seg",
                                               "1-5.seg", "1-6.seg", "1-7.seg", "1-8.seg"}));
  trim(16);
  EXPECT_EQ(names().size(), 8U);
  recycle();
  // The first is small; one of the others is kept beside two spares.
  EXPECT_EQ(names(), (std::vector<std::string>{"1-6.seg", "1-7.seg", "1-8.seg", "1-9.seg"}));
  append_batches(8);
  const auto head = head_;
  EXPECT_EQ(names(), (std::vector<std::string>{"1-10.seg", "1-11.seg", "1-6.seg", "1-7.seg",
                                               "1-8.seg", "1-9.seg"}));
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
  for (std::uint64_t index = 17; index <= 25; ++index)
    EXPECT_EQ(read_text(index), text_of(index, 1));
}

TEST_F(Trims, OnAFullDiskNoMoreIsKeptThanIsWanted) {
  found();
  append_batches(16);
  trim(17);
  disk_.set_capacity(0);
  recycle();
  EXPECT_EQ(store_->spares().missing(), 0U);
  EXPECT_EQ(names().size(), 1 + options_.spares);
}

TEST_F(Trims, WhatACrashLeftOfATrimIsDoneAfterTheStart) {
  found();
  append_batches(10);
  trim(9);
  const std::size_t before = names().size();
  power_loss();
  recover();
  EXPECT_EQ(names().size(), before);
  recycle();
  EXPECT_EQ(read_text(10), text_of(10, 1));
  power_loss();
  recover();
  EXPECT_EQ(store_->spares().retired(), 0U);
  EXPECT_EQ(read_text(10), text_of(10, 1));
}

TEST_F(Trims, AnApplicationBehindTheBaseIsACorruption) {
  found();
  append(1, 8);
  model::Mark mark;
  mark.head = head_before(5);
  trim(5);
  const auto checked = store_->check_applied(mark);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().code, model::ErrorCode::corrupt);
  EXPECT_NE(checked.error().detail.find("from index 5 to 9"), std::string::npos)
      << checked.error().detail;
  mark.head = base_at(5).head;
  EXPECT_TRUE(store_->check_applied(mark).has_value());
}

TEST_F(Trims, AnInspectionTellsTheBase) {
  found();
  append(1, 8);
  const Base base = base_at(5);
  trim(5);
  EXPECT_EQ(inspect(disk_, kDirectory, 0).value().log.log.base.head, base.head);
}

TEST_F(Trims, ACrashAtAnyStepLeavesTheLogWhole) {
  found();
  append_batches(14);
  const auto head = head_;
  const Base base = base_at(11);
  const Texts texts = texts_of(*store_, Index(0), head.position.index);
  close();
  const auto act = [&](LogStore& store) {
    const PersistRequest request = trim_order(base);
    auto done = store.write({&request, 1});
    if (done) done = store.spares().recycle({});
    return done;
  };
  const std::uint64_t steps =
      CrashSteps(disk_, options_).run(act, [&](LogStore::Recovered& found, auto outcome) {
        const model::RecoveredLog& log = found.state.log;
        EXPECT_EQ(log.head, head);
        const bool trimmed = log.base.head == base.head;
        const bool untouched = log.base.head == model::ChainHead();
        EXPECT_TRUE(trimmed || (untouched && outcome == CrashSteps::Outcome::cut_off));
        EXPECT_EQ(texts_of(found), above(texts, log.base.head.position.index.value()));
      });
  // Four of META, and two at least of each segment.
  EXPECT_GT(steps, 9U);
}

class TrimOfReplaced : public Trims, public testing::WithParamInterface<std::uint64_t> {};

// S37. Two segments end, and one begins, with entries that were replaced; the base is before them,
// among them, at their end and after it.
TEST_P(TrimOfReplaced, NothingOldComesBackWhateverStepIsTheLast) {
  found();
  append_batches(8);
  ASSERT_GT(names().size(), 4U);
  const auto kept = head_before(6);
  ASSERT_TRUE(write(commands(kept, 2, 1, 2000)).has_value());
  for (int i = 0; i < 6; ++i) {
    append(2, 1, 2000);
    while (store_->spares().missing() > 0) make_spare();
  }
  const auto head = head_;
  const Base base = base_at(GetParam());
  Texts texts;
  for (std::uint64_t index = 2; index <= 12; ++index)
    texts[index] = text_of(index, index < 6 ? 1 : 2);
  close();
  const auto act = [&](LogStore& store) {
    const PersistRequest request = trim_order(base);
    auto done = store.write({&request, 1});
    if (done) done = store.spares().recycle({});
    return done;
  };
  CrashSteps(disk_, options_).run(act, [&](LogStore::Recovered& found, auto) {
    const model::RecoveredLog& log = found.state.log;
    EXPECT_EQ(log.head, head);
    Texts read = texts_of(found);
    read.erase(1);
    EXPECT_EQ(read, above(texts, log.base.head.position.index.value()));
  });
}

INSTANTIATE_TEST_SUITE_P(Bases, TrimOfReplaced, testing::Range<std::uint64_t>(3, 13));

// The rule is stricter than a scan needs: nothing of the oldest segment may be above the base.
TEST_F(Trims, ASegmentStaysWhileEvenAReplacedEntryInItIsAboveTheBase) {
  found();
  append(1, 8, 200);
  ASSERT_TRUE(write(commands(head_before(4), 2, 1, 200)).has_value());
  make_spare();
  append(2, 1, 6000);
  append(2, 6, 100);
  ASSERT_EQ(names().size(), 2U);
  // The first segment has 1 … 9 and 4 again, the second one 5 … 11.
  trim(8);
  EXPECT_EQ(store_->spares().retired(), 0U);
  close();
  recover();
  EXPECT_EQ(store_->spares().retired(), 0U);
  trim(9);
  EXPECT_EQ(store_->spares().retired(), 1U);
}

// What stood in a segment before is whole, and of the same log.
TEST_F(Trims, WhatASegmentHeldBeforeNeitherChainsNorProvesAnything) {
  options_ = small_segments();
  options_.spares_max = 2;
  found(options_);
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    append(1, 1 + random() % 3, random() % 2500);
    const auto sealed = random() % 5 == 0 ? store_->seal() : model::Result<void>();
    ASSERT_TRUE(sealed.has_value());
    while (store_->spares().missing() > 0) make_spare();
    if (round % 3 == 0 && head_.position.index > state_.log.base.head.position.index.next()) {
      trim(head_.position.index.value() - random() % 2);
      recycle();
    }
    // A group that the power fails in: batches of one write, each whole, torn or missing.
    const auto crashed = disk_.image();
    auto recovered = LogStore::recover(*crashed, kDirectory, options_);
    ASSERT_TRUE(recovered.has_value()) << recovered.error().detail;
    const auto first = commands(head_, 1, 1, random() % 4000);
    const std::vector<PersistRequest> group = {
        order({first}), order({commands(head_, 2, 1, random() % 4000)}), order({first})};
    crashed->cut_power_after(random() % 4);
    static_cast<void>(recovered->store->write(group));
    recovered->store.reset();
    crashed->lose_power([&random] { return random(); });
    const auto found = inspect(*crashed, kDirectory, 0);
    ASSERT_TRUE(found.has_value()) << round << ": " << found.error().detail;
    EXPECT_GE(found->log.log.head.position, head_.position);
    EXPECT_LE(found->log.log.head.position.index, head_.position.index.next());
  }
  EXPECT_LE(names().size(), 6U);
}

TEST_F(Trims, TheDirectoryStaysFlat) {
  found();
  std::size_t most = 0;
  for (std::uint64_t trims = 0; trims < 10'000; ++trims) {
    append(1, 1, 1500);
    while (store_->spares().missing() > 0) make_spare();
    trim(head_.position.index.value() - 1);
    recycle();
    if (trims % 64 == 0) most = std::max(most, names().size());
  }
  // Two that hold the base and the end, and what is kept.
  EXPECT_LE(most, 2 + options_.spares_max);
  EXPECT_EQ(disk_.list("member").value().size(), 7U);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
}

}  // namespace
}  // namespace gms::log
