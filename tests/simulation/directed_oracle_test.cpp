#include <gtest/gtest.h>

#include "tests/simulation/oracle.hpp"
#include "tests/unit/core/log_samples.hpp"

// What no action of the abstract model allows is found, though nothing is lost by it yet.

namespace tests::simulation {
namespace {

using namespace gms::model;
namespace core = gms::core;

/// Three members with the founding view. What they do is told to the oracle as the simulator does.
class OracleTest : public ::testing::Test {
 protected:
  OracleTest() {
    founding_ = core::view_entry({}, 1, core::view_of(1, 3));
    for (Machine machine = 0; machine < 3; ++machine) {
      ShadowMember& member = world_.add_member(core::member(machine + 1), machine);
      member.memory.apply(founding_);
      member.disk = member.memory;
    }
    heads_.assign(3, founding_.head());
  }

  ShadowMember& member(Machine machine) { return world_.members()[machine]; }

  void send(Machine from, Machine to, core::MessageBody body) {
    const core::Message message{{},
                                member(from).id,
                                {},
                                member(to).id,
                                member(from).memory_hard_state.epoch,
                                std::move(body)};
    oracle_.sends(world_, member(from), message);
    oracle_.released(world_, member(from), message);
  }

  void keep(Machine machine, HardState state) {
    member(machine).memory_hard_state = member(machine).disk_hard_state = state;
  }

  void ask(Machine candidate, std::uint64_t epoch) {
    keep(candidate, {Epoch(epoch), member(candidate).id});
    core::Vote vote;
    vote.last = member(candidate).memory.last_position();
    send(candidate, (candidate + 1) % 3, vote);
  }

  void grant(Machine voter, Machine candidate) {
    const Epoch epoch = member(candidate).memory_hard_state.epoch;
    keep(voter, {epoch, member(candidate).id});
    send(voter, candidate, core::VoteReply{true});
  }

  /// The machine's log gets the run, durably.
  void take(Machine machine, const EntryRun& run) {
    oracle_.appends(world_, member(machine), run);
    member(machine).memory.apply(run);
    member(machine).disk.apply(run);
    heads_[machine] = run.head();
  }

  EntryRun append(Machine leader) {
    const EntryRun run = core::commands(
        heads_[leader], member(leader).memory_hard_state.epoch.value(), {"something"});
    take(leader, run);
    oracle_.step_ends(world_, member(leader));
    return run;
  }

  void append_view(Machine leader, std::uint64_t seq, std::uint64_t voters) {
    take(leader, core::view_entry(heads_[leader], member(leader).memory_hard_state.epoch.value(),
                                  core::view_of(seq, voters)));
    oracle_.step_ends(world_, member(leader));
  }

  EntryRun lead(Machine machine) {
    member(machine).role = core::RoleName::leader;
    const Epoch epoch = member(machine).memory_hard_state.epoch;
    const EntryRun noop = core::commands(heads_[machine], epoch.value(), {"noop"});
    take(machine, noop);
    oracle_.leads(world_, member(machine), epoch);
    oracle_.step_ends(world_, member(machine));
    return noop;
  }

  EntryRun elect(Machine machine, std::uint64_t epoch) {
    ask(machine, epoch);
    grant((machine + 1) % 3, machine);
    return lead(machine);
  }

  void stop_leading(Machine machine) { member(machine).role = core::RoleName::follower; }

  void replicate(Machine leader, Machine follower, const EntryRun& run) {
    keep(follower, {member(leader).memory_hard_state.epoch, member(leader).id});
    take(follower, run);
    core::AppendReply reply;
    reply.match = run.last_index();
    send(follower, leader, reply);
  }

  void commit(Machine machine, std::uint64_t index) {
    oracle_.commits(world_, member(machine),
                    {member(machine).memory_hard_state.epoch, Index(index)});
    member(machine).commit = Index(index);
  }

  [[nodiscard]] std::string found() const {
    return world_.violation() ? world_.violation()->invariant : "";
  }

  Statistics statistics_;
  World world_{statistics_};
  Oracle oracle_;
  EntryRun founding_;
  std::vector<ChainHead> heads_;
};

TEST_F(OracleTest, AGroupThatKeepsTheRulesIsInOrder) {
  const EntryRun noop = elect(0, 2);
  replicate(0, 1, noop);
  commit(0, 2);
  commit(1, 2);
  const EntryRun entry = append(0);
  append_view(0, 2, 2);
  replicate(0, 1, entry);
  stop_leading(0);
  const EntryRun next = elect(1, 3);
  for (const EntryRun& run : {noop, entry, next}) replicate(1, 2, run);
  commit(1, 4);
  EXPECT_EQ(found(), "");
}

TEST_F(OracleTest, AVoteForALogThatIsBehindTheVotersIsFound) {
  const EntryRun noop = elect(0, 2);
  replicate(0, 1, noop);
  ask(2, 3);
  EXPECT_EQ(found(), "");
  grant(1, 2);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, ALeaderWithoutAQuorumOfVotesIsFound) {
  ask(0, 2);
  (void)lead(0);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, ALeaderThatCountsAnEntryOfAnEarlierEpochIsFound) {
  const EntryRun old = elect(0, 2);
  stop_leading(0);
  const EntryRun noop = elect(0, 3);
  replicate(0, 1, old);
  ASSERT_EQ(found(), "");
  // It has a quorum; the entry of the own epoch has none yet.
  commit(0, 2);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, ACommitBeforeAQuorumHasAcknowledgedIsFound) {
  const EntryRun noop = elect(0, 2);
  keep(1, {Epoch(2), member(0).id});
  take(1, noop);
  ASSERT_EQ(found(), "");
  // It is on two disks, but nobody said so.
  commit(0, 2);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, AViewBeforeACommitOfTheOwnEpochIsFound) {
  replicate(0, 1, elect(0, 2));
  append_view(0, 2, 2);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, AViewOnAViewThatIsNotCommittedIsFound) {
  replicate(0, 1, elect(0, 2));
  commit(0, 2);
  append_view(0, 2, 2);
  ASSERT_EQ(found(), "");
  append_view(0, 3, 3);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, EntriesThatTheLeaderDoesNotHaveAreFound) {
  const EntryRun noop = elect(0, 2);
  stop_leading(0);
  ask(2, 3);
  grant(1, 2);
  (void)lead(2);
  ASSERT_EQ(found(), "");
  // A late Append of the leader before.
  take(1, noop);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, GivingUpWhatTheLeaderHasIsFound) {
  const EntryRun noop = elect(0, 2);
  replicate(0, 1, noop);
  ASSERT_EQ(found(), "");
  take(1, noop);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, AnAcknowledgementOfWhatIsNotOnTheDiskIsFound) {
  const EntryRun noop = elect(0, 2);
  keep(1, {Epoch(2), member(0).id});
  member(1).memory.apply(noop);
  core::AppendReply reply;
  reply.match = noop.last_index();
  send(1, 0, reply);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, AFollowerThatCommitsMoreThanItsLeaderIsFound) {
  replicate(0, 1, elect(0, 2));
  ASSERT_EQ(found(), "");
  commit(1, 2);
  EXPECT_EQ(found(), "oracle");
}

TEST_F(OracleTest, AnInstalledStateHasToBeCommitted) {
  const EntryRun noop = elect(0, 2);
  keep(1, {Epoch(2), member(0).id});
  InstallRequest install;
  install.base.head = noop.head();
  oracle_.installs(world_, member(1), install);
  EXPECT_EQ(found(), "oracle");
}

}  // namespace
}  // namespace tests::simulation
