#include <gtest/gtest.h>

#include "tests/simulation/invariants/commits.hpp"
#include "tests/simulation/invariants/durability.hpp"
#include "tests/simulation/invariants/elections.hpp"
#include "tests/unit/core/log_samples.hpp"

// Each rule is broken once, by members that no engine runs: a checker that sees nothing would let
// every simulation pass.

namespace tests::simulation {
namespace {

using namespace gms::model;
namespace core = gms::core;

/// Three members, of which the first has a command behind the founding view that all have.
class Invariants : public ::testing::Test {
 protected:
  Invariants() {
    const EntryRun founding = core::view_entry({}, 1, core::view_of(1, 3));
    command_ = core::commands(founding.head(), 2, {"a"});
    other_command_ = core::commands(founding.head(), 2, {"b"});
    for (Machine machine = 0; machine < 3; ++machine) {
      ShadowMember& member = world_.add_member(core::member(machine + 1), machine);
      member.memory.apply(founding);
      member.disk.apply(founding);
      member.memory_hard_state = member.disk_hard_state = {Epoch(2), {}};
    }
    take(0, command_);
  }

  ShadowMember& member(Machine machine) { return world_.members()[machine]; }
  void take(Machine machine, const EntryRun& run) {
    member(machine).memory.apply(run);
    member(machine).disk.apply(run);
  }
  /// The leader of epoch 2 committed all that this member has.
  void commit(Machine machine) {
    OneSequence::commits(world_, member(machine), world_.committed_last(),
                         member(machine).memory.last(), Epoch(2));
  }
  core::Message message(Machine from, Machine to, core::MessageBody body) {
    return {{}, member(from).id, {}, member(to).id, Epoch(2), std::move(body)};
  }
  [[nodiscard]] std::string found() const {
    return world_.violation() ? world_.violation()->invariant : "";
  }

  Statistics statistics_;
  World world_{statistics_};
  EntryRun command_;
  EntryRun other_command_;
};

TEST_F(Invariants, TwoLeadersOfOneEpochAreFound) {
  ElectionSafety leaders;
  leaders.leads(world_, member(0), Epoch(2));
  leaders.leads(world_, member(0), Epoch(2));
  leaders.leads(world_, member(1), Epoch(3));
  EXPECT_EQ(found(), "");
  leaders.leads(world_, member(1), Epoch(2));
  EXPECT_EQ(found(), "I1");
}

TEST_F(Invariants, ALeaderWithoutWhatIsCommittedIsFound) {
  commit(0);
  LeaderCompleteness::leads(world_, member(0), Epoch(3));
  EXPECT_EQ(found(), "");
  LeaderCompleteness::leads(world_, member(1), Epoch(3));
  EXPECT_EQ(found(), "I4");
}

TEST_F(Invariants, AnotherEntryThanTheOneThatIsCommittedIsFound) {
  commit(0);
  take(1, command_);
  take(2, other_command_);
  OneSequence::commits(world_, member(1), Index(1), Index(2), Epoch(2));
  EXPECT_EQ(found(), "");
  OneSequence::commits(world_, member(2), Index(1), Index(2), Epoch(2));
  EXPECT_EQ(found(), "I5");
}

TEST_F(Invariants, ACommitOfWhatNoQuorumOfDisksHoldsIsFound) {
  CommitEvidence::leader_commits(world_, member(0), Index(2), Epoch(2));
  EXPECT_EQ(found(), "I6");
}

TEST_F(Invariants, ACommitOfWhatAQuorumOfDisksHoldsIsInOrder) {
  take(1, command_);
  CommitEvidence::leader_commits(world_, member(0), Index(2), Epoch(2));
  EXPECT_EQ(found(), "");
}

TEST_F(Invariants, WhoCouldLeadWithoutWhatIsCommittedIsFound) {
  InstantPowerLoss::check(world_);
  commit(0);
  take(1, command_);
  InstantPowerLoss::check(world_);
  EXPECT_EQ(found(), "");
  member(1).disk = member(2).disk;
  InstantPowerLoss::check(world_);
  EXPECT_EQ(found(), "I7");
}

TEST_F(Invariants, ASecondVoteInAnEpochIsFound) {
  VotesAreKept votes;
  votes.released(world_, member(2), message(2, 0, core::VoteReply{true}));
  votes.released(world_, member(2), message(2, 0, core::VoteReply{true}));
  votes.released(world_, member(2), message(2, 1, core::VoteReply{false}));
  EXPECT_EQ(found(), "");
  votes.released(world_, member(2), message(2, 1, core::VoteReply{true}));
  EXPECT_EQ(found(), "I8");
}

TEST_F(Invariants, AnAcknowledgementOfWhatIsNotOnTheDiskIsFound) {
  member(1).memory.apply(command_);
  core::AppendReply reply;
  reply.match = Index(2);
  AckLedger acknowledgements;
  acknowledgements.acknowledges(world_, member(1), message(1, 0, reply), PersistSeq(7));
  acknowledgements.durable(world_, member(1));
  EXPECT_EQ(found(), "") << "it has not left yet";
  member(1).durable = PersistSeq(7);
  acknowledgements.durable(world_, member(1));
  EXPECT_EQ(found(), "I9");
}

}  // namespace
}  // namespace tests::simulation
