#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "gms/core/sender_rows.hpp"
#include "tests/unit/core/engine_rules.hpp"

namespace gms::core {
namespace {

using namespace model;

TEST_F(EngineRules, AVoteOfWhoeverIsNoVoterDoesNotCount) {
  start(0);
  campaign();
  receive(member(9), kEpoch + 1, VoteReply{true});
  EXPECT_EQ(engine_->status().role, RoleName::candidate);
  // The same member, but with a new disk: it does not know what it has promised before [C9].
  receive({NodeId(2), Incarnation(2)}, kEpoch + 1, VoteReply{true});
  EXPECT_EQ(engine_->status().role, RoleName::candidate);
  receive(member(2), kEpoch + 1, VoteReply{true});
  EXPECT_EQ(engine_->status().role, RoleName::leader);
}

TEST_F(EngineRules, WhoeverHasNoLogYetDoesNotVote) {
  RestoredState state;
  state.identity = {{7, 7}, member(1), "m1"};
  state.boot = BootSeq(1);
  begin(std::move(state));
  ASSERT_EQ(engine_->status().role, RoleName::joiner);
  const Position anywhere{Epoch(kEpoch), Index(50)};
  receive(member(2), kEpoch, PreVote{Epoch(kEpoch + 1), anywhere, {}});
  receive(member(2), kEpoch + 1, Vote{anywhere, {}, false});
  receive(member(2), kEpoch + 1, Vote{anywhere, {}, true});
  for (const Message& message : sent_) EXPECT_FALSE(answers_a_candidate(message));
}

TEST_F(EngineRules, OfWhoeverIsNoVoterNobodyIsEncouragedToCampaign) {
  start(0);
  time_out();
  receive(member(9), kEpoch, PreVoteReply{Epoch(kEpoch + 1), true});
  EXPECT_EQ(engine_->status().role, RoleName::precandidate);
  receive(member(3), kEpoch, PreVoteReply{Epoch(kEpoch + 1), true});
  EXPECT_EQ(engine_->status().role, RoleName::candidate);
}

TEST_F(EngineRules, ALongerLogOfAnEarlierEpochGetsNoVote) {
  start(2);
  const Position longer{Epoch(kEpoch - 1), Index(99)};
  const Position shorter{Epoch(kEpoch + 1), Index(12)};
  receive(member(2), kEpoch, PreVote{Epoch(kEpoch + 2), longer, {}});
  EXPECT_FALSE(sent_to<PreVoteReply>(member(2)).granted);
  receive(member(2), kEpoch + 2, Vote{longer, {}, false});
  EXPECT_FALSE(sent_to<VoteReply>(member(2)).granted);
  receive(member(3), kEpoch + 2, PreVote{Epoch(kEpoch + 3), shorter, {}});
  EXPECT_TRUE(sent_to<PreVoteReply>(member(3)).granted);
  receive(member(3), kEpoch + 3, Vote{shorter, {}, false});
  EXPECT_TRUE(sent_to<VoteReply>(member(3)).granted);
}

TEST_F(EngineRules, OnlyWhatAnAppendConfirmsIsCommittedByIt) {
  start(3);
  const EntryRun& confirmed = entries_[1];
  Append append;
  append.id = AppendId(1);
  append.previous = entries_[0].head().position;
  append.previous_hash = entries_[0].head().hash;
  append.entries = {confirmed};
  // The leader has committed more than that, which need not be what stands here behind it.
  append.commit = Index(15);
  receive(member(2), kEpoch + 1, append);
  EXPECT_EQ(engine_->status().commit, confirmed.last_index());
}

TEST_F(EngineRules, AnAppendWithAnotherHistoryBeforeItStopsTheMember) {
  start(1);
  Append append;
  append.id = AppendId(1);
  append.previous = entries_[1].head().position;
  append.previous_hash = entries_[0].head().hash;
  receive(member(2), kEpoch + 1, append);
  EXPECT_TRUE(stopped_);
}

TEST_F(EngineRules, EntriesThatDoNotContinueTheChainOfHashesStopTheMember) {
  start(1);
  ChainHead elsewhere = entries_[1].head();
  Append append;
  append.id = AppendId(1);
  append.previous = elsewhere.position;
  append.previous_hash = elsewhere.hash;
  elsewhere.hash = entries_[0].head().hash;
  append.entries = {commands(elsewhere, kEpoch + 1, {"c"})};
  receive(member(2), kEpoch + 1, append);
  EXPECT_TRUE(stopped_);
}

TEST_F(EngineRules, ASnapshotThatCouldNotBeTakenIsNoReasonToTrim) {
  config_.retain_entries = config_.retain_bytes = config_.pin_bytes = 0;
  config_.trim_step_bytes = 1;
  start(2);
  lead();
  order();
  commit_all();
  // One that has nothing needs entries from below the base, and so a snapshot.
  for (int i = 0; i < 4 && !wanted_snapshot_; ++i) reject_append(member(3));
  ASSERT_TRUE(wanted_snapshot_);
  step(SnapshotTaken{*wanted_snapshot_, Error{ErrorCode::busy, "no room"}, {}, 0});
  tick(20ms);
  EXPECT_EQ(engine_->status().base, Index(10));
  // The application says when its state outlives a crash.
  step(StateDurable{engine_->status().applied});
  EXPECT_GT(engine_->status().base, Index(12));
  // The entry of the view is gone, the view is not.
  EXPECT_EQ(engine_->status().view_in_log.view, view_of(1, 3));
}

TEST_F(EngineRules, AfterASnapshotTheGroupsClockGoesOnFromIt) {
  start(0);
  const Mark mark = fetch_snapshot({Epoch(kEpoch + 1), Index(50)});
  everything_is_durable();
  EXPECT_EQ(engine_->log_head(), mark.head);
  time_out();
  receive(member(2), kEpoch + 1, PreVoteReply{Epoch(kEpoch + 2), true});
  everything_is_durable();
  receive(member(2), kEpoch + 2, VoteReply{true});
  ASSERT_EQ(engine_->status().role, RoleName::leader);
  EXPECT_GE(engine_->log_head().clock, mark.head.clock);
}

TEST_F(EngineRules, NobodyCampaignsOnASnapshotWhoseInstallIsNotDurable) {
  start(0);
  fetch_snapshot({Epoch(kEpoch + 1), Index(50)});
  for (int i = 0; i < 20; ++i) tick(100ms);
  EXPECT_EQ(engine_->status().role, RoleName::follower);
  everything_is_durable();
  time_out();
}

TEST_F(EngineRules, ASnapshotThatTheLogHasOvertakenIsNotInstalled) {
  start(3);
  offer_snapshot({Epoch(kEpoch), Index(14)});
  Append append;
  append.id = AppendId(1);
  append.previous = entries_.back().head().position;
  append.previous_hash = entries_.back().head().hash;
  append.commit = Index(15);
  receive(member(2), kEpoch + 1, append);
  step(SnapshotStaged{SnapshotId(3)});
  EXPECT_FALSE(stopped_);
  EXPECT_EQ(engine_->status().commit, Index(15));
  EXPECT_EQ(engine_->status().base, Index(10));
}

TEST_F(EngineRules, AMemberThatLostEntriesCountsForNoCommit) {
  start(1);
  lead();
  const Index before = engine_->status().commit;
  acknowledge(member(3), before);
  order();
  acknowledge(member(3), before.next());
  order();
  // It has less than it acknowledged, and says so to an Append that came after that.
  AppendReply lost;
  lost.id = sent_to<Append>(member(3)).id;
  lost.verdict = AppendVerdict::rejected;
  lost.rejected = before.next();
  lost.last_index = before.previous();
  receive(member(3), kEpoch + 1, lost);
  everything_is_durable();
  EXPECT_EQ(engine_->status().commit, before);
  acknowledge(member(2), before.next());
  EXPECT_EQ(engine_->status().commit, before.next());
}

TEST_F(EngineRules, AnAcknowledgementOfMoreThanThereIsStopsTheLeader) {
  start(0);
  lead();
  acknowledge(member(3), engine_->status().last + 5);
  EXPECT_TRUE(stopped_);
}

class AMemberThatWasRemoved : public EngineRules {
 protected:
  /// The second view is without member 4, for this reason.
  void start_without_member_4(ViewCause cause) {
    views_ = {view_of(1, 4), view_of(2, 3)};
    views_[1].cause = cause;
    views_[1].subject = member(4);
    start(0);
  }
  JoinVerdict verdict_for_member_4() {
    const Member comes{member(4), "m4", "127.0.0.1:9", ""};
    receive(member(4), kEpoch, JoinRequest{comes, BootSeq(1), {}, false});
    return sent_to<JoinReply>(member(4)).verdict;
  }
};

TEST_F(AMemberThatWasRemoved, OnItsOwnWishIsNotLetInAgain) {
  start_without_member_4(ViewCause::leave);
  lead();
  EXPECT_EQ(verdict_for_member_4(), JoinVerdict::refused);
}

TEST_F(AMemberThatWasRemoved, ComesBackWhenItsRemovalIsCommitted) {
  start_without_member_4(ViewCause::evict);
  campaign();
  receive(member(2), kEpoch + 1, VoteReply{true});
  ASSERT_EQ(engine_->status().role, RoleName::leader);
  EXPECT_EQ(verdict_for_member_4(), JoinVerdict::busy);
  commit_all();
  EXPECT_EQ(verdict_for_member_4(), JoinVerdict::accepted);
}

TEST_F(EngineRules, MulticastsInTheNameOfAnotherMemberAreRefused) {
  start(0);
  lead();
  const auto forward = [this](std::uint64_t sender) {
    std::array<std::byte, kMulticastHeaderBytes> header;
    store(header.data(), {member(sender), BootSeq(1), MulticastSeq(1)});
    EntryRunBuilder drafts;
    drafts.append(EntryKind::multicast, {header, as_bytes("m")});
    Forward request;
    request.ticket = ++last_ticket_;
    request.drafts = Payload::copy_of(drafts.drafts());
    receive(member(2), kEpoch + 1, request);
    return sent_to<ForwardReply>(member(2)).verdict;
  };
  EXPECT_EQ(forward(3), ForwardVerdict::refused);
  EXPECT_EQ(forward(2), ForwardVerdict::accepted);
}

TEST_F(EngineRules, CommandsThatDoNotGoOnAreRefusedWithTheLeadersName) {
  config_.forwards_commands = false;
  start(0);
  order();
  ASSERT_TRUE(completed_ && completed_->error);
  EXPECT_EQ(std::pair(completed_->error->code, completed_->leader),
            std::pair(ErrorCode::not_leader, MemberId()));
  receive(member(2), kEpoch + 1, Heartbeat{});
  order();
  EXPECT_EQ(completed_->first, last_ticket_);
  EXPECT_EQ(std::pair(completed_->error->code, completed_->leader),
            std::pair(ErrorCode::not_leader, member(2)));
  for (const Message& message : sent_) EXPECT_FALSE(std::holds_alternative<Forward>(message.body));
}

TEST_F(EngineRules, MulticastsThatAreSentAgainFitIntoAMessage) {
  config_.multicast_bytes_max = 64 << 20;
  start(0);
  receive(member(2), kEpoch + 1, Heartbeat{});
  const std::string body(1 << 20, 'm');
  for (int i = 0; i < 20; ++i) {
    EntryRunBuilder drafts;
    const std::array<std::byte, kMulticastHeaderBytes> header{};
    drafts.append(EntryKind::multicast, {header, as_bytes(body)});
    step(Multicast{++last_ticket_, std::move(drafts)});
  }
  sent_.clear();
  tick(config_.multicast_resend);
  const std::size_t bytes = sent_to<Forward>(member(2)).drafts.size();
  EXPECT_LE(bytes, kEntryPayloadBytesMax);
  EXPECT_GT(bytes + body.size() + 1024, kEntryPayloadBytesMax) << "as many as fit";
}

TEST_F(EngineRules, OfMulticastsThatALeaderDoesNotTakeAPartIsSentAgain) {
  start(0);
  receive(member(2), kEpoch + 1, Heartbeat{});
  for (int i = 0; i < 8; ++i) {
    EntryRunBuilder drafts;
    drafts.append_multicast({as_bytes(std::string(1000, 'm'))});
    step(Multicast{++last_ticket_, std::move(drafts)});
  }
  const auto sent_again = [&] {
    std::size_t count =
        EntryRunBuilder::count_drafts(sent_to<Forward>(member(2)).drafts.bytes()).value();
    sent_.clear();
    return count;
  };
  sent_.clear();
  for (const std::size_t count : {8U, 4U, 2U, 1U, 1U}) {
    tick(config_.multicast_resend);
    EXPECT_EQ(sent_again(), count);
    receive(member(2), kEpoch + 1, Heartbeat{});
  }
  // A leader that has not seen them may have room for all.
  receive(member(3), kEpoch + 2, Heartbeat{});
  EXPECT_EQ(EntryRunBuilder::count_drafts(sent_to<Forward>(member(3)).drafts.bytes()).value(), 8U);
}

class AMemberThatMulticast : public EngineRules {
 protected:
  void SetUp() override {
    start(0);
    receive(member(2), kEpoch + 1, Heartbeat{});
    EntryRunBuilder drafts;
    drafts.append_multicast({as_bytes("m")});
    step(Multicast{++last_ticket_, std::move(drafts)});
  }
  void append(EntryRunBuilder entries) {
    const ChainHead head = engine_->log_head();
    Append append;
    append.id = ++last_append_;
    append.previous = head.position;
    append.previous_hash = head.hash;
    append.entries = {entries.seal(head, Epoch(kEpoch + 1), head.clock)};
    append.commit = append.entries[0].last_index();
    receive(member(2), kEpoch + 1, append);
    everything_is_durable();
    step(Applied{append.commit, {}});
  }
  void deliver_it() {
    EntryRunBuilder ordered;
    ordered.append_drafts(sent_to<Forward>(member(2)).drafts.bytes());
    append(std::move(ordered));
    ASSERT_EQ(engine_->status().multicasts_pending, 0U);
  }
  /// Others take its place one after another, send, and leave.
  void replace(std::uint64_t others) {
    EntryRunBuilder entries;
    std::uint64_t seq = 2;
    const auto install = [&](std::uint64_t first) {
      View view = view_of(seq++, 3);
      view.members.erase(view.members.begin());
      view.up.erase(view.up.begin());
      if (first != 0) {
        view.members.push_back({member(first), "m1", "", ""});
        view.up.push_back(member(first));
      }
      std::ranges::sort(view.members, {}, &Member::id);
      std::ranges::sort(view.up);
      entries.append(EntryKind::view, {encode(view)});
    };
    install(0);
    for (std::uint64_t other = 10; other < 10 + others; ++other) {
      install(other);
      std::array<std::byte, kMulticastHeaderBytes> header;
      store(header.data(), {member(other), BootSeq(1), MulticastSeq(1)});
      entries.append(EntryKind::multicast, {header, as_bytes("m")});
      install(0);
    }
    install(1);
    append(std::move(entries));
  }
  /// It was away, and goes over to a state of later.
  void restore(std::vector<SenderRow> rows, bool has_forgotten) {
    SnapshotMeta meta;
    meta.id = SnapshotId(3);
    meta.source = member(2);
    meta.mark.head = {{Epoch(kEpoch + 1), Index(50)}, {}, GroupClock(70'000)};
    meta.mark.view = {view_of(1, 3), entries_[0].head().position};
    meta.mark.rows = std::move(rows);
    meta.mark.has_forgotten = has_forgotten;
    receive(member(2), kEpoch + 1, SnapshotOffer{meta, Index(51)});
    step(SnapshotStaged{SnapshotId(3)});
  }

  const SenderRow row_{member(1), BootSeq(1), MulticastSeq(1)};
  AppendId last_append_;
};

TEST_F(AMemberThatMulticast, GoesOnAfterFewerOthersThanRowsAreKept) {
  deliver_it();
  replace(SenderRows::kDepartedMax - 1);
  EXPECT_FALSE(stopped_);
}

TEST_F(AMemberThatMulticast, StopsAfterOneMoreWhenItIsUpAgain) {
  deliver_it();
  replace(SenderRows::kDepartedMax);
  EXPECT_TRUE(stopped_);
}

TEST_F(AMemberThatMulticast, GoesOnWhereTheGroupKnowsWhat) {
  deliver_it();
  restore({row_}, true);
  EXPECT_FALSE(stopped_);
}

TEST_F(AMemberThatMulticast, StopsIfWhatWasDeliveredIsForgotten) {
  deliver_it();
  restore({}, true);
  EXPECT_TRUE(stopped_);
}

TEST_F(AMemberThatMulticast, StopsIfItCannotTellWhetherThatWasDelivered) {
  restore({}, true);
  EXPECT_TRUE(stopped_);
}

TEST_F(AMemberThatMulticast, GoesOnWhereNothingWasForgottenSinceNoneWasDelivered) {
  restore({}, false);
  EXPECT_FALSE(stopped_);
  EXPECT_EQ(engine_->status().multicasts_pending, 1U);
}

TEST_F(EngineRules, ATimeOfMaintenanceBelowZeroIsRefusedHere) {
  start(0);
  receive(member(2), kEpoch + 1, Heartbeat{});
  sent_.clear();
  AdminRequest request;
  request.action = AdminAction::maintenance;
  request.member = member(3);
  request.ttl = -5ms;
  Effects effects;
  engine_->step(now_, Admin{++last_ticket_, request}, effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<Completed>(effects[0]).error->code, ErrorCode::invalid_argument);
}

TEST_F(EngineRules, OfEntriesThatASnapshotReplacesNoneStays) {
  start(3);
  const Mark mark = fetch_snapshot({Epoch(kEpoch + 1), Index(13)});
  everything_is_durable();
  EXPECT_EQ(engine_->log_head(), mark.head);
}

TEST_F(EngineRules, OfEntriesThatReachBelowTheBaseOnlyTheOthersAreTaken) {
  start(0);
  Append append;
  append.id = AppendId(1);
  append.previous = {Epoch(kEpoch - 1), Index(8)};
  append.entries = {old_, entries_[0], commands(entries_[0].head(), kEpoch, {"new"})};
  append.commit = Index(13);
  receive(member(2), kEpoch + 1, append);
  everything_is_durable();
  EXPECT_FALSE(stopped_);
  EXPECT_EQ(engine_->status().commit, Index(13));
  EXPECT_EQ(sent_to<AppendReply>(member(2)).match, Index(13));
}

}  // namespace
}  // namespace gms::core
