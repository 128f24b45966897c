#include "gms/log/log_store.hpp"

#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {
namespace {

using model::Epoch;
using model::ErrorCode;
using model::HardState;
using model::Index;
using model::PersistRequest;
using LogStoreTest = LogFixture;

TEST_F(LogStoreTest, AFounderStartsWithItsViewAndItsOwnVote) {
  found();
  EXPECT_EQ(state_.identity, a_founder().identity);
  EXPECT_EQ(state_.boot, model::BootSeq(1));
  EXPECT_EQ(state_.hard_state, (HardState{Epoch(1), a_member()}));
  ASSERT_EQ(state_.log.views.size(), 1U);
  EXPECT_EQ(state_.log.views[0].view, a_view());
  EXPECT_EQ(state_.log.head.position, (model::Position{Epoch(1), Index(1)}));
}

TEST_F(LogStoreTest, WhatRecoveryReturnsIsWhatAFirstStateIs) {
  found();
  const model::RestoredState expected = first_state(a_founder());
  EXPECT_EQ(state_.identity, expected.identity);
  EXPECT_EQ(state_.boot, expected.boot);
  EXPECT_EQ(state_.hard_state, expected.hard_state);
  EXPECT_EQ(state_.log.epochs, expected.log.epochs);
  EXPECT_EQ(state_.log.views, expected.log.views);
  EXPECT_EQ(state_.log.head, expected.log.head);
  ASSERT_EQ(state_.log.tail.size(), 1U);
  EXPECT_EQ(state_.log.tail[0].head(), expected.log.tail[0].head());
}

TEST_F(LogStoreTest, AJoinerStartsWithoutGroupAndLogAndKeepsTheGroupThatItLearns) {
  ASSERT_TRUE(initialise(disk_, kDirectory, a_joiner(), small_segments()).has_value());
  options_ = small_segments();
  recover();
  EXPECT_TRUE(state_.identity.group.is_none());
  EXPECT_EQ(state_.hard_state, HardState{});
  EXPECT_EQ(state_.log.head, model::ChainHead{});
  PersistRequest request = order({commands({}, 3, 2)});
  request.group = model::GroupId{8, 9};
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  power_loss();
  recover();
  EXPECT_EQ(state_.identity.group, (model::GroupId{8, 9}));
  EXPECT_EQ(state_.log.head.position, (model::Position{Epoch(3), Index(2)}));
}

TEST_F(LogStoreTest, OneDirectoryIsForOneProcess) {
  found();
  const auto second = LogStore::recover(disk_, kDirectory, options_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::conflict);
}

TEST_F(LogStoreTest, InitialiseRefusesADirectoryThatIsAMembers) {
  found();
  store_.reset();
  const auto again = initialise(disk_, kDirectory, a_joiner(), options_);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
}

TEST_F(LogStoreTest, InitialiseRefusesADirectoryThatAMemberRanOnAndWhoseIdentityIsMissing) {
  found();
  append(1, 3);
  const auto head = head_;
  store_.reset();
  ASSERT_TRUE(disk_.rename("member/IDENTITY", "member/aside").has_value());
  const auto again = initialise(disk_, kDirectory, a_founder(), options_);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::corrupt);
  EXPECT_NE(again.error().detail.find("IDENTITY is missing"), std::string::npos);
  // Nothing is lost for whoever finds it.
  ASSERT_TRUE(disk_.rename("member/aside", "member/IDENTITY").has_value());
  recover();
  EXPECT_EQ(state_.log.head, head);
}

TEST_F(LogStoreTest, AHalfMadeDirectoryIsNoDirectoryAndCanBeMadeAgain) {
  options_ = small_segments();
  tests::SimulatedDisk whole;
  ASSERT_TRUE(initialise(whole, kDirectory, a_founder(), options_).has_value());
  for (std::uint64_t changes = 0; changes < whole.change_count(); ++changes) {
    tests::SimulatedDisk disk;
    disk.cut_power_after(changes);
    EXPECT_FALSE(initialise(disk, kDirectory, a_founder(), options_).has_value());
    disk.lose_power(changes % 2 == 0 ? tests::SimulatedDisk::Unsynced::lost
                                     : tests::SimulatedDisk::Unsynced::kept);
    const auto recovered = LogStore::recover(disk, kDirectory, options_);
    if (recovered) continue;
    EXPECT_EQ(recovered.error().code, ErrorCode::not_found) << recovered.error().detail;
    const auto again = initialise(disk, kDirectory, a_founder(), options_);
    ASSERT_TRUE(again.has_value()) << changes << ": " << again.error().detail;
    EXPECT_TRUE(LogStore::recover(disk, kDirectory, options_).has_value());
  }
}

TEST_F(LogStoreTest, WrittenEntriesSurviveALossOfPower) {
  found();
  append(1, 3);
  append(2, 2);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
  ASSERT_EQ(state_.log.epochs.size(), 2U);
  EXPECT_EQ(state_.log.epochs[0].last, Index(4));
  EXPECT_EQ(state_.log.epochs[1].first, Index(5));
  EXPECT_EQ(state_.log.epochs[1].last_hash, head.hash);
  EXPECT_EQ(read_text(5), text_of(5, 2));
}

TEST_F(LogStoreTest, EveryStartIsANewBoot) {
  found();
  for (std::uint64_t boot = 2; boot < 6; ++boot) {
    power_loss();
    recover();
    EXPECT_EQ(state_.boot, model::BootSeq(boot));
  }
}

TEST_F(LogStoreTest, AReplacedEntryAndAllAfterItAreGone) {
  found();
  append(1, 5);
  const auto before = head_before(4);
  ASSERT_TRUE(write(commands(before, 2, 1)).has_value());
  EXPECT_EQ(read_text(3), text_of(3, 1));
  EXPECT_EQ(read_text(4), text_of(4, 2));
  EXPECT_EQ(read_text(5), "gone");
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head.position, (model::Position{Epoch(2), Index(4)}));
  EXPECT_EQ(read_text(4), text_of(4, 2));
  EXPECT_EQ(read_text(5), "gone");
}

TEST_F(LogStoreTest, AViewThatIsReplacedIsRolledBack) {
  found();
  model::EntryRunBuilder builder;
  model::View second = a_view();
  second.seq = model::ViewSeq(2);
  builder.append(model::EntryKind::view, {model::encode(second)});
  const auto before = head_;
  ASSERT_TRUE(write(builder.seal(before, Epoch(1), {})).has_value());
  ASSERT_TRUE(write(commands(before, 2)).has_value());
  recover();
  ASSERT_EQ(state_.log.views.size(), 1U);
  EXPECT_EQ(state_.log.views[0].view.seq, model::ViewSeq(1));
}

// S10: (10,e2), (10,e3), (10,e2) again. Whatever of the three is durable, the entry found is the
// last one of those, never an older one.
TEST_F(LogStoreTest, AnEntryThatComesBackIsTheOneWrittenLast) {
  found();
  append(1, 8);
  const auto before = head_;
  const auto first = commands(before, 2, 2);
  const auto second = commands(before, 3, 1);
  const auto third = commands(before, 2, 1);
  const std::vector<PersistRequest> group = {order({first}), order({second}), order({third})};
  ASSERT_TRUE(store_->write(group).has_value());
  EXPECT_EQ(read_text(10), text_of(10, 2));
  EXPECT_EQ(read_text(11), "gone");
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, third.head());
}

TEST_F(LogStoreTest, AnUnsyncedReplacementLeavesTheDurableEntry) {
  found();
  append(1, 8);
  const auto before = head_;
  ASSERT_TRUE(write(commands(before, 2)).has_value());
  const auto durable = head_;
  disk_.fail_sync(".seg");
  EXPECT_FALSE(write(commands(before, 3)).has_value());
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, durable);
}

TEST_F(LogStoreTest, AGroupOfOrdersCostsOneSyncOfTheLog) {
  found();
  std::vector<PersistRequest> group;
  model::ChainHead at = head_;
  for (int i = 0; i < 50; ++i) {
    const auto run = commands(at, 1);
    group.push_back(order({run}));
    at = run.head();
  }
  const std::uint64_t before = disk_.sync_count();
  ASSERT_TRUE(store_->write(group).has_value());
  EXPECT_EQ(disk_.sync_count(), before + 1);
}

TEST_F(LogStoreTest, AHardStateIsOnBothCopiesBeforeTheEntriesOfItsOrder) {
  found();
  PersistRequest request = order({commands(head_, 5)});
  request.hard_state = HardState{Epoch(5), {}};
  const std::uint64_t before = disk_.sync_count();
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  EXPECT_EQ(disk_.sync_count(), before + 3);
  power_loss();
  recover();
  EXPECT_EQ(state_.hard_state, (HardState{Epoch(5), {}}));
}

TEST_F(LogStoreTest, AnEntryOfALaterEpochRaisesTheHardStateWithoutAVote) {
  found();
  append(4);
  recover();
  EXPECT_EQ(state_.hard_state, (HardState{Epoch(4), {}}));
}

TEST_F(LogStoreTest, ARefusedIncarnationNeverStartsAgain) {
  found();
  PersistRequest request = order({});
  request.refusal = "the log lost index 7";
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  power_loss();
  const auto error = recover_error();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.detail.find("the log lost index 7"), std::string::npos) << error.detail;
}

TEST_F(LogStoreTest, ARefusalThatCannotBeReadIsStillOne) {
  found();
  PersistRequest request = order({});
  request.refusal = "the log lost index 7";
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  disk_.flip_bit("member/REFUSED", 0, 0);
  const auto error = recover_error();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.detail.find("unreadable"), std::string::npos) << error.detail;
}

TEST_F(LogStoreTest, AStateThatHasDivergedIsOutOfUseUntilAnotherIsInstalled) {
  found();
  append(1, 5);
  EXPECT_FALSE(state_.state_diverged);
  PersistRequest request = order({});
  request.state_diverged = true;
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  // Neither a trim nor a start ends it.
  request = order({});
  request.trim_to = a_base(head_before(3));
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  power_loss();
  recover();
  EXPECT_TRUE(state_.state_diverged);
  request = order({});
  request.install = model::InstallRequest{a_base(head_before(5)), StateGeneration(2), true};
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  power_loss();
  recover();
  EXPECT_FALSE(state_.state_diverged);
  EXPECT_EQ(state_.log.base.head.position.index, Index(4));
}

TEST_F(LogStoreTest, AfterAFailureNothingMoreIsDone) {
  found();
  disk_.fail_write(".seg");
  EXPECT_FALSE(write(commands(head_, 1)).has_value());
  const std::uint64_t changes = disk_.change_count();
  const auto again = write(commands(head_, 1));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::closed);
  EXPECT_FALSE(store_->seal().has_value());
  EXPECT_EQ(disk_.change_count(), changes);
}

TEST_F(LogStoreTest, TheTailIsWhatFitsTheLimit) {
  found();
  append(1, 4, 100);
  append(1, 1, 100);
  options_.tail_bytes_max = 200;
  recover();
  ASSERT_EQ(state_.log.tail.size(), 1U);
  EXPECT_EQ(state_.log.tail[0].first_index(), Index(6));
  options_.tail_bytes_max = 0;
  recover();
  EXPECT_TRUE(state_.log.tail.empty());
  EXPECT_EQ(state_.log.head.position.index, Index(6));
}

TEST_F(LogStoreTest, ChecksWhatAnApplicationSaysItApplied) {
  found();
  append(1, 3);
  model::Mark mark;
  mark.head = head_before(3);
  EXPECT_TRUE(store_->check_applied(mark).has_value());
  mark.head = {};
  EXPECT_TRUE(store_->check_applied(mark).has_value());
  mark.head = head_before(3);
  mark.head.hash = model::EntryHash(1);
  EXPECT_EQ(store_->check_applied(mark).error().code, ErrorCode::corrupt);
  mark.head = head_;
  ++mark.head.position.index;
  EXPECT_EQ(store_->check_applied(mark).error().code, ErrorCode::corrupt);
}

TEST_F(LogStoreTest, ASealIsWrittenOnce) {
  found();
  append(1);
  ASSERT_TRUE(store_->seal().has_value());
  const std::uint64_t changes = disk_.change_count();
  ASSERT_TRUE(store_->seal().has_value());
  EXPECT_EQ(disk_.change_count(), changes);
  recover();
  const std::uint64_t restarted = disk_.change_count();
  ASSERT_TRUE(store_->seal().has_value());
  EXPECT_EQ(disk_.change_count(), restarted);
}

TEST_F(LogStoreTest, AfterASealNoSegmentIsCopiedAtTheStart) {
  found();
  append(1);
  ASSERT_TRUE(store_->seal().has_value());
  recover();
  EXPECT_EQ(disk_.content(kFirstSegment).size(), options_.first_segment_bytes);
  append(1);
  recover();
  EXPECT_LT(disk_.content(kFirstSegment).size(), options_.first_segment_bytes);
}

}  // namespace
}  // namespace gms::log
