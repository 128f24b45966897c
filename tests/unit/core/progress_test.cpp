#include "gms/core/progress.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;

constexpr Progress::Window kWindow{2, 1000};

Instant at(int milliseconds) {
  return Instant(Duration(milliseconds));
}

Progress probing(std::uint64_t next) {
  return Progress(member(2), Index(next), at(0));
}

/// One whose log meets the leader's at `match`.
Progress replicating(std::uint64_t match) {
  Progress peer = probing(match + 1);
  EXPECT_TRUE(peer.accepted(Index(match), AppendId(1)));
  return peer;
}

AppendReply rejection(std::uint64_t id, std::uint64_t rejected, std::uint64_t last) {
  AppendReply reply;
  reply.id = AppendId(id);
  reply.verdict = AppendVerdict::rejected;
  reply.rejected = Index(rejected);
  reply.last_index = Index(last);
  return reply;
}

TEST(Progress, ProbesWithOneMessageUntilItIsAnswered) {
  Progress peer = probing(5);
  EXPECT_TRUE(peer.may_send(kWindow));
  peer.sent(Index(7), 100);
  EXPECT_FALSE(peer.may_send(kWindow));
  EXPECT_EQ(peer.next(), Index(5));
  peer.rearm_probe();
  EXPECT_TRUE(peer.may_send(kWindow));
}

TEST(Progress, AnAcknowledgementEndsProbing) {
  Progress peer = probing(5);
  peer.sent(Index(7), 100);
  EXPECT_TRUE(peer.accepted(Index(7), AppendId(1)));
  EXPECT_EQ(peer.state(), ProgressState::replicate);
  EXPECT_EQ(peer.match(), Index(7));
  EXPECT_EQ(peer.next(), Index(8));
}

TEST(Progress, StopsAtTheWindowInMessagesAndInBytes) {
  Progress by_count = replicating(4);
  by_count.sent(Index(5), 1);
  EXPECT_TRUE(by_count.may_send(kWindow));
  by_count.sent(Index(6), 1);
  EXPECT_FALSE(by_count.may_send(kWindow));
  EXPECT_TRUE(by_count.accepted(Index(5), AppendId(2)));
  EXPECT_TRUE(by_count.may_send(kWindow));
  Progress by_bytes = replicating(4);
  by_bytes.sent(Index(5), 1000);
  EXPECT_FALSE(by_bytes.may_send(kWindow));
}

TEST(Progress, AnAppendWithoutEntriesTakesNoPlaceInTheWindow) {
  Progress peer = replicating(4);
  peer.sent(Index(4), 0);
  EXPECT_EQ(peer.inflight(), 0U);
  EXPECT_EQ(peer.next(), Index(5));
}

TEST(Progress, MatchNeverShrinks) {
  Progress peer = replicating(9);
  EXPECT_FALSE(peer.accepted(Index(3), AppendId(2)));
  EXPECT_EQ(peer.match(), Index(9));
  EXPECT_EQ(peer.next(), Index(10));
  peer.probe_from(Index(2), AppendId(2));
  EXPECT_EQ(peer.match(), Index(9));
  EXPECT_EQ(peer.next(), Index(10));
}

TEST(Progress, ARejectionOfWhatWasAcknowledgedSinceIsStale) {
  const Progress peer = replicating(9);
  EXPECT_EQ(peer.judge(rejection(5, 8, 9)), Progress::Rejection::stale);
  EXPECT_EQ(peer.judge(rejection(5, 10, 9)), Progress::Rejection::retry);
}

TEST(Progress, AProbesRejectionIsOfThatProbeOnly) {
  const Progress peer = probing(5);
  EXPECT_EQ(peer.judge(rejection(1, 4, 2)), Progress::Rejection::retry);
  EXPECT_EQ(peer.judge(rejection(1, 6, 2)), Progress::Rejection::stale);
}

TEST(Progress, OnlyAnAppendSentAfterTheAcknowledgementProvesALoss) {
  Progress peer = probing(10);
  EXPECT_TRUE(peer.accepted(Index(9), AppendId(7)));
  EXPECT_EQ(peer.judge(rejection(7, 8, 6)), Progress::Rejection::stale);
  EXPECT_EQ(peer.judge(rejection(8, 9, 6)), Progress::Rejection::lost_entries);
}

TEST(Progress, OneGapInAWindowIsOneRejection) {
  Progress peer = replicating(9);
  for (std::uint64_t i = 10; i <= 14; ++i) peer.sent(Index(i), 1);
  EXPECT_EQ(peer.judge(rejection(6, 10, 9)), Progress::Rejection::retry);
  peer.probe_from(Index(10), AppendId(9));
  EXPECT_EQ(peer.judge(rejection(7, 11, 9)), Progress::Rejection::stale);
  EXPECT_EQ(peer.judge(rejection(9, 9, 9)), Progress::Rejection::stale);
  EXPECT_EQ(peer.judge(rejection(10, 9, 9)), Progress::Rejection::retry);
}

TEST(Progress, ABrokenLinkForgetsTheWindow) {
  Progress peer = replicating(4);
  peer.sent(Index(5), 10);
  peer.sent(Index(6), 10);
  peer.restart_probe(AppendId(2));
  EXPECT_EQ(peer.state(), ProgressState::probe);
  EXPECT_EQ(peer.inflight(), 0U);
  EXPECT_EQ(peer.next(), Index(5));
  EXPECT_TRUE(peer.may_send(kWindow));
}

TEST(Progress, ReadingSendsNothingAndReturnsToWhereItWas) {
  Progress peer = replicating(4);
  peer.start_reading();
  EXPECT_EQ(peer.state(), ProgressState::reading);
  EXPECT_FALSE(peer.may_send(kWindow));
  peer.finish_reading();
  EXPECT_EQ(peer.state(), ProgressState::replicate);
}

TEST(Progress, ASilenceLongerThanTheGapBreaksItsRecord) {
  Progress peer = probing(1);
  EXPECT_FALSE(peer.spoke());
  EXPECT_EQ(peer.heard_for(at(90)), Duration(0));
  peer.heard(at(100), Duration(500));
  EXPECT_TRUE(peer.spoke());
  peer.heard(at(500), Duration(500));
  EXPECT_EQ(peer.heard_for(at(500)), Duration(500));
  EXPECT_EQ(peer.silence(at(800)), Duration(300));
  peer.heard(at(1100), Duration(500));
  EXPECT_EQ(peer.heard_for(at(1200)), Duration(100));
}

TEST(Progress, AnExcusedGapIsNoSilence) {
  Progress peer = probing(1);
  peer.heard(at(100), Duration(500));
  peer.excuse(Duration(3000), at(3200));
  EXPECT_EQ(peer.silence(at(3200)), Duration(100));
  // It was heard before the gap was noticed: from then on it may fall silent again.
  peer.heard(at(9000), Duration(500));
  peer.excuse(Duration(5800), at(9001));
  EXPECT_EQ(peer.silence(at(9100)), Duration(99));
}

TEST(Progress, AnExcusedGapMakesNobodyHeardLaterThanNow) {
  Progress peer = probing(1);
  peer.heard(at(109), Duration(500));
  peer.excuse(Duration(300), at(400));
  EXPECT_EQ(peer.silence(at(400)), Duration(0));
}

TEST(Progress, FlapsWhenItFallsAgainSoonAfterItWasUp) {
  Progress peer = probing(1);
  peer.marked_down(at(0), Duration(1000));
  EXPECT_EQ(peer.flaps(), 0U);
  peer.marked_up(at(100));
  peer.marked_down(at(1099), Duration(1000));
  EXPECT_EQ(peer.flaps(), 1U);
  peer.marked_up(at(2000));
  peer.marked_down(at(2100), Duration(1000));
  EXPECT_EQ(peer.flaps(), 2U);
  peer.marked_up(at(3000));
  peer.marked_down(at(4000), Duration(1000));
  EXPECT_EQ(peer.flaps(), 0U);
}

TEST(Progress, WaitsTwiceAsLongWithEachSnapshotThatItCouldNotFetch) {
  Progress peer = probing(1);
  EXPECT_TRUE(peer.may_be_offered(at(0)));
  peer.fetch_failed(at(1000), Duration(500), Duration(1500));
  EXPECT_FALSE(peer.may_be_offered(at(1499)));
  EXPECT_TRUE(peer.may_be_offered(at(1500)));
  peer.fetch_failed(at(2000), Duration(500), Duration(1500));
  EXPECT_FALSE(peer.may_be_offered(at(2999)));
  EXPECT_TRUE(peer.may_be_offered(at(3000)));
  for (int i = 0; i < 40; ++i) peer.fetch_failed(at(4000), Duration(500), Duration(1500));
  EXPECT_FALSE(peer.may_be_offered(at(5499)));
  EXPECT_TRUE(peer.may_be_offered(at(5500)));
  peer.fetch_succeeded();
  peer.fetch_failed(at(6000), Duration(500), Duration(1500));
  EXPECT_TRUE(peer.may_be_offered(at(6500)));
}

TEST(Progress, IsActiveOnceForEachTimeItWasHeard) {
  Progress peer = probing(1);
  EXPECT_TRUE(peer.take_active());
  EXPECT_FALSE(peer.take_active());
  peer.heard(at(10), Duration(500));
  EXPECT_TRUE(peer.take_active());
}

}  // namespace
}  // namespace gms::core
