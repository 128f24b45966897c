#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/scripted_cluster.hpp"

// How a state is brought to a member that the logs leave behind, step by step.

namespace tests::simulation {
namespace {

using namespace gms::model;
using namespace std::chrono_literals;
namespace core = gms::core;

constexpr Machine kAway = 2;

/// Keeps nothing in the log that the application has durably.
core::Config trims() {
  core::Config config;
  config.retain_entries = 0;
  config.retain_bytes = 0;
  config.trim_step_bytes = 0;
  config.trim_gap = 1ms;
  return config;
}

std::optional<Machine> leader_of(const ScriptedCluster& cluster, std::uint32_t size) {
  std::optional<Machine> found;
  for (Machine machine = 0; machine < size; ++machine) {
    if (!cluster.leads(machine)) continue;
    if (!found || cluster.shadow(machine).led > cluster.shadow(*found).led) found = machine;
  }
  return found;
}

/// A group that is led by machine 0 and writes.
class StateTransfer : public ::testing::Test {
 protected:
  explicit StateTransfer(std::uint32_t size = 3, const core::Config& config = trims())
      : size_(size), cluster(size, config) {}

  void write(Machine leader) {
    ClientCall call;
    call.client = 1;
    call.number = ++written_;
    call.key = Key(3);
    call.value = Value(written_);
    (void)cluster.propose(leader, call);
    cluster.settle();
  }

  void flush_all() {
    for (Machine machine = 0; machine < size_; ++machine)
      if (cluster.shadow(machine).running) cluster.flush(machine);
    cluster.settle();
  }

  /// Machine 2 misses what the others write, and trim.
  void leave_behind() {
    ASSERT_TRUE(cluster.elect(0));
    write(0);
    cluster.isolate(kAway);
    cluster.run(2500ms);
    for (int i = 0; i < 5; ++i) write(0);
    flush_all();
    cluster.run(50ms);
    ASSERT_GT(cluster.status(0).base, cluster.status(kAway).last);
  }

  /// It is back, and fetches a state.
  void begin_fetch() {
    leave_behind();
    cluster.join_all();
    cluster.run(200ms);
    ASSERT_TRUE(cluster.fetches(kAway));
  }

  void expect_equal(Duration within) {
    cluster.run(within);
    const auto leader = leader_of(cluster, size_);
    ASSERT_TRUE(leader.has_value());
    for (Machine machine = 0; machine < size_; ++machine)
      EXPECT_EQ(cluster.application(machine).read(Key(3)), Value(written_)) << machine;
    EXPECT_EQ(cluster.violation(), "");
  }

  const std::uint32_t size_;
  ScriptedCluster cluster;
  std::uint64_t written_ = 0;
};

class StateTransferOfFive : public StateTransfer {
 protected:
  StateTransferOfFive() : StateTransfer(5) {}
};

bool is_acceptance(const Letter& letter) {
  const auto* const reply = std::get_if<core::AppendReply>(&letter.message.body);
  return reply != nullptr && reply->verdict == core::AppendVerdict::accepted;
}

core::Config without_pins() {
  core::Config config = trims();
  config.pin_bytes = 1;
  return config;
}

class StateTransferWithoutPins : public StateTransfer {
 protected:
  StateTransferWithoutPins() : StateTransfer(3, without_pins()) {}
};

TEST_F(StateTransfer, ALogIsNotTrimmedPastWhatSomebodyFetches) {
  begin_fetch();
  for (int i = 0; i < 5; ++i) write(0);
  flush_all();
  cluster.run(100ms);
  const Index base = cluster.status(0).base;
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  EXPECT_EQ(cluster.status(kAway).base, base);
  cluster.run(100ms);
  EXPECT_FALSE(cluster.fetches(kAway));
  flush_all();
  cluster.run(100ms);
  // Nobody needs it any more.
  EXPECT_GT(cluster.status(0).base, base);
  expect_equal(2s);
}

TEST_F(StateTransferWithoutPins, WhoFinishesTooLateAgainAndAgainConvergesInTheEnd) {
  begin_fetch();
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 3; ++i) write(0);
    flush_all();
    cluster.run(50ms);
    ASSERT_TRUE(cluster.finish_fetch(kAway)) << round;
    const Index reached = cluster.status(kAway).commit;
    cluster.run(1200ms);
    ASSERT_TRUE(cluster.fetches(kAway)) << round;
    ASSERT_LT(reached, cluster.status(0).base) << round;
  }
  cluster.run(600ms);
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  expect_equal(2s);
}

TEST_F(StateTransfer, OfAnUncommittedViewNothingStaysBehindASnapshot) {
  ASSERT_TRUE(cluster.elect(kAway));
  write(kAway);
  cluster.isolate(kAway);
  // Cut off, the old leader makes a view that nobody else will ever see.
  (void)cluster.admin(kAway, core::AdminAction::maintenance, 1, 60s);
  const Position own = cluster.status(kAway).view_in_log.position;
  ASSERT_GT(own.index, cluster.status(kAway).commit);
  cluster.run(4s);
  const auto leader = leader_of(cluster, 2);
  ASSERT_TRUE(leader.has_value());
  for (int i = 0; i < 5; ++i) write(*leader);
  flush_all();
  cluster.run(50ms);
  cluster.join_all();
  cluster.run(700ms);
  ASSERT_TRUE(cluster.fetches(kAway));
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  EXPECT_GT(cluster.status(kAway).base, own.index);
  EXPECT_NE(cluster.status(kAway).view_in_log.position, own);
  EXPECT_EQ(cluster.status(kAway).view_in_log, cluster.status(kAway).committed_view);
  expect_equal(2s);
}

TEST_F(StateTransfer, ASnapshotThatIsTakenWhileAViewIsUncommittedDoesNotHaveIt) {
  leave_behind();
  const Position committed = cluster.status(0).committed_view.position;
  cluster.cut(0, 1);
  (void)cluster.admin(0, core::AdminAction::maintenance, 1, 60s);
  ASSERT_GT(cluster.status(0).view_in_log.position, committed);
  cluster.join_all();
  cluster.cut(0, 1);
  // The leader and the member that it feeds a state are a quorum for each other's heartbeats.
  cluster.run(200ms);
  ASSERT_TRUE(cluster.fetches(kAway));
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  EXPECT_EQ(cluster.status(kAway).view_in_log.position, committed);
  cluster.join_all();
  expect_equal(2s);
}

TEST_F(StateTransfer, AnOldSnapshotDoesNotTakeBackWhatIsCommitted) {
  begin_fetch();
  // The log of the other member still has everything: as the leader it feeds entries, and they are
  // faster than the fetch.
  cluster.isolate(0);
  cluster.run(2s);
  const auto leader = leader_of(cluster, 3);
  ASSERT_TRUE(leader.has_value());
  ASSERT_TRUE(cluster.fetches(kAway));
  const Index base = cluster.status(kAway).base;
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  const Index reached = cluster.status(kAway).commit;
  EXPECT_GT(cluster.status(kAway).base, base);
  // The very same once more.
  cluster.run(100ms);
  EXPECT_GE(cluster.status(kAway).commit, reached);
  cluster.join_all();
  expect_equal(3s);
}

TEST_F(StateTransferOfFive, AFetchGoesOnOverFiveChangesOfLeader) {
  begin_fetch();
  for (int change = 0; change < 5; ++change) {
    const auto before = leader_of(cluster, size_);
    ASSERT_TRUE(before.has_value());
    const Machine next = *before == 0 ? 1 : *before == 1 ? 3 : 0;
    (void)cluster.admin(*before, core::AdminAction::transfer, next);
    cluster.run(700ms);
    ASSERT_EQ(leader_of(cluster, size_), next) << change;
    write(next);
    ASSERT_TRUE(cluster.fetches(kAway)) << change;
  }
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  expect_equal(2s);
  EXPECT_FALSE(cluster.fetches(kAway));
}

TEST_F(StateTransfer, ASecondOfferDoesNotEndAFetchThatIsStillOfUse) {
  begin_fetch();
  const auto before = cluster.status(kAway);
  // The leader hears of nothing for a while, and offers again.
  cluster.cut(0, kAway);
  cluster.run(300ms);
  cluster.join_all();
  cluster.peer_disconnected(0, kAway);
  cluster.run(300ms);
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  EXPECT_GT(cluster.status(kAway).base, before.base);
  expect_equal(2s);
}

TEST_F(StateTransferOfFive, WhenTheSourceIsGoneAnotherStateIsOffered) {
  begin_fetch();
  cluster.crash(0);
  cluster.run(4s);
  ASSERT_TRUE(cluster.fetches(kAway));
  ASSERT_FALSE(cluster.finish_fetch(kAway));
  cluster.fail_fetch(kAway);
  cluster.run(2s);
  ASSERT_TRUE(cluster.fetches(kAway));
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  cluster.restart(0);
  expect_equal(4s);
}

TEST_F(StateTransfer, ACrashBeforeTheChangeIsDurableFindsTheOldLogAndTheOldState) {
  begin_fetch();
  const Index last = cluster.status(kAway).last;
  cluster.hold_disk(kAway);
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  EXPECT_GT(cluster.status(kAway).commit, last);
  cluster.lose_power(kAway);
  cluster.release_disk(kAway);
  cluster.restart(kAway);
  EXPECT_EQ(cluster.status(kAway).last, last);
  cluster.run(1s);
  ASSERT_TRUE(cluster.fetches(kAway));
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  cluster.lose_power(kAway);
  cluster.restart(kAway);
  EXPECT_GT(cluster.status(kAway).base, last);
  expect_equal(3s);
}

TEST_F(StateTransfer, WhatASnapshotCoversIsAcknowledgedWhenItsInstallIsDurable) {
  begin_fetch();
  cluster.hold_disk(kAway);
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  // Offered once more, it says that it has everything, and is asked about the end of its log.
  cluster.run(1200ms);
  const auto peers = cluster.status(0).peers;
  const auto away = std::find_if(peers.begin(), peers.end(), [&](const core::PeerStatus& peer) {
    return peer.id == cluster.status(kAway).self;
  });
  ASSERT_NE(away, peers.end());
  EXPECT_EQ(away->state, core::ProgressState::probe);
  EXPECT_LT(away->match, cluster.status(0).base);
  cluster.release_disk(kAway);
  expect_equal(2s);
}

TEST_F(StateTransfer, ATailThatFollowsFromTheSnapshotIsKept) {
  ASSERT_TRUE(cluster.elect(0));
  write(0);
  cluster.isolate(kAway);
  cluster.run(2500ms);
  for (int i = 0; i < 5; ++i) write(0);
  cluster.flush(0);
  cluster.run(50ms);
  // Machine 1 has all entries, and has not heard that the last one is committed.
  cluster.drop([](const Letter&) { return true; });
  ClientCall call;
  call.client = 1;
  call.number = ++written_;
  call.key = Key(3);
  call.value = Value(written_);
  (void)cluster.propose(0, call);
  (void)cluster.deliver(to_machine(1));
  (void)cluster.deliver(to_machine(0));
  cluster.drop([](const Letter&) { return true; });
  ASSERT_EQ(cluster.status(0).commit, cluster.status(1).last);
  ASSERT_LT(cluster.status(1).commit, cluster.status(1).last);
  cluster.join_all();
  cluster.cut(0, 1);
  cluster.run(200ms);
  ASSERT_TRUE(cluster.fetches(kAway));
  // It leads next, and feeds its entries to machine 2; no acknowledgement comes back.
  cluster.isolate(0);
  for (Duration gone{}; gone < 3s && cluster.status(kAway).last < cluster.status(1).last;
       gone += 10ms) {
    cluster.advance(10ms);
    cluster.tick(1);
    cluster.tick(kAway);
    for (int round = 0; round < 20; ++round) {
      cluster.drop(both(from_machine(kAway), is_acceptance));
      (void)cluster.deliver([](const Letter&) { return true; });
    }
  }
  ASSERT_TRUE(cluster.leads(1));
  const Index last = cluster.status(kAway).last;
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  EXPECT_EQ(cluster.statistics().of(Sometimes::snapshot_installed_with_a_tail), 1U);
  EXPECT_EQ(cluster.status(kAway).last, last);
  EXPECT_LT(cluster.status(kAway).base, last);
  cluster.lose_power(kAway);
  cluster.restart(kAway);
  EXPECT_EQ(cluster.status(kAway).last, last);
  cluster.join_all();
  expect_equal(3s);
}

TEST_F(StateTransfer, WhoHasNotInstalledDurablyCampaignsForNothing) {
  begin_fetch();
  cluster.hold_disk(kAway);
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  cluster.crash(0);
  cluster.crash(1);
  const std::uint64_t campaigns = cluster.status(kAway).campaigns;
  cluster.run(3s);
  EXPECT_EQ(cluster.status(kAway).role, core::RoleName::follower);
  EXPECT_EQ(cluster.status(kAway).campaigns, campaigns);
  cluster.release_disk(kAway);
  cluster.restart(0);
  cluster.restart(1);
  expect_equal(4s);
}

TEST_F(StateTransfer, ACrashBetweenTheFlushAndTheTrimFindsTheStateAndTheWholeLog) {
  ASSERT_TRUE(cluster.elect(0));
  for (int i = 0; i < 5; ++i) write(0);
  cluster.run(100ms);
  const Index flushed = cluster.status(1).applied;
  cluster.hold_disk(1);
  cluster.flush(1);
  cluster.run(50ms);
  const auto& orders = cluster.shadow(1).pending;
  ASSERT_TRUE(std::any_of(orders.begin(), orders.end(),
                          [](const PersistRequest& order) { return order.trim_to.has_value(); }));
  cluster.lose_power(1);
  cluster.release_disk(1);
  cluster.restart(1);
  EXPECT_EQ(cluster.status(1).base, Index());
  EXPECT_EQ(cluster.status(1).applied, flushed);
  // The same once more, with the trim done and what came after it not flushed. What its state was
  // compared by last stays in the log.
  write(0);
  cluster.flush(1);
  cluster.run(50ms);
  const Index base = cluster.status(1).base;
  EXPECT_GT(base, Index());
  for (int i = 0; i < 5; ++i) write(0);
  cluster.lose_power(1);
  cluster.restart(1);
  EXPECT_EQ(cluster.status(1).base, base);
  EXPECT_GE(cluster.status(1).applied, base);
  expect_equal(2s);
}

TEST_F(StateTransfer, WhereThereIsNoRoomForASnapshotNothingIsLostAndAnotherIsTakenLater) {
  leave_behind();
  cluster.refuse_states(0, true);
  cluster.join_all();
  cluster.run(3s);
  ASSERT_TRUE(cluster.leads(0));
  EXPECT_FALSE(cluster.fetches(kAway));
  EXPECT_GT(cluster.statistics().of(Sometimes::snapshot_dropped), 0U);
  write(0);
  cluster.refuse_states(0, false);
  cluster.run(2s);
  ASSERT_TRUE(cluster.fetches(kAway));
  ASSERT_TRUE(cluster.finish_fetch(kAway));
  expect_equal(2s);
}

}  // namespace
}  // namespace tests::simulation
