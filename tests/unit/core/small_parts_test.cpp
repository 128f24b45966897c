#include <gtest/gtest.h>

#include <set>

#include "gms/core/config.hpp"
#include "gms/core/peer_table.hpp"
#include "gms/core/read_barrier.hpp"
#include "gms/core/roles.hpp"
#include "gms/core/trace.hpp"
#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;
using namespace std::chrono_literals;

Instant at(int milliseconds) {
  return Instant(Duration(milliseconds));
}

TEST(ReadBarrier, AReadNeedsARoundThatStartedAfterIt) {
  ReadBarrier reads;
  reads.add(Ticket(1), Index(7), HeartbeatSeq(4));
  reads.confirm(HeartbeatSeq(3));
  EXPECT_TRUE(reads.take_ready(Index(9)).empty());
  EXPECT_TRUE(reads.wants_round_after(HeartbeatSeq(3)));
  reads.confirm(HeartbeatSeq(4));
  EXPECT_FALSE(reads.wants_round_after(HeartbeatSeq(3)));
  ASSERT_EQ(reads.take_ready(Index(9)).size(), 1U);
  EXPECT_EQ(reads.size(), 0U);
}

TEST(ReadBarrier, AConfirmedReadWaitsUntilItsIndexIsApplied) {
  ReadBarrier reads;
  reads.add(Ticket(1), Index(7), HeartbeatSeq(4));
  reads.add(Ticket(2), Index(8), HeartbeatSeq(4));
  reads.confirm(HeartbeatSeq(4));
  EXPECT_TRUE(reads.take_ready(Index(6)).empty());
  const auto first = reads.take_ready(Index(7));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].ticket, Ticket(1));
  EXPECT_EQ(first[0].index, Index(7));
  EXPECT_EQ(reads.take_ready(Index(8)).size(), 1U);
}

TEST(ReadBarrier, TakesAllThatArePendingWhateverTheyWaitFor) {
  ReadBarrier reads;
  reads.add(Ticket(1), Index(7), HeartbeatSeq(4));
  reads.add(Ticket(2), Index(7), HeartbeatSeq(5));
  reads.confirm(HeartbeatSeq(4));
  EXPECT_EQ(reads.take_all(), (std::vector<Ticket>{Ticket(1), Ticket(2)}));
  EXPECT_EQ(reads.size(), 0U);
}

TEST(PeerTable, AnOldBootIsOver) {
  PeerTable peers;
  EXPECT_TRUE(peers.admit(member(1), BootSeq(3)));
  EXPECT_FALSE(peers.admit(member(1), BootSeq(2)));
  EXPECT_TRUE(peers.admit(member(1), BootSeq(3)));
  EXPECT_TRUE(peers.admit(member(2), BootSeq(1)));
}

TEST(PeerTable, ADeadProcessIsDeadUntilItIsHeardOf) {
  PeerTable peers;
  EXPECT_TRUE(peers.admit(member(1), BootSeq(3)));
  EXPECT_FALSE(peers.note_down(member(1), BootSeq(2), at(10)));
  EXPECT_FALSE(peers.down_since(member(1)).has_value());
  EXPECT_TRUE(peers.note_down(member(1), BootSeq(3), at(20)));
  EXPECT_TRUE(peers.note_down(member(1), BootSeq(3), at(30)));
  EXPECT_EQ(peers.down_since(member(1)), at(20));
  EXPECT_TRUE(peers.admit(member(1), BootSeq(4)));
  EXPECT_FALSE(peers.down_since(member(1)).has_value());
}

TEST(PeerTable, AForwardIsTakenOnceAndNeverOutOfOrder) {
  PeerTable peers;
  EXPECT_TRUE(peers.admit(member(1), BootSeq(1)));
  EXPECT_TRUE(peers.admit_forward(member(1), Ticket(5)));
  EXPECT_FALSE(peers.admit_forward(member(1), Ticket(5)));
  EXPECT_FALSE(peers.admit_forward(member(1), Ticket(4)));
  EXPECT_TRUE(peers.admit_forward(member(1), Ticket(6)));
  EXPECT_TRUE(peers.admit_forward(member(2), Ticket(1)));
}

TEST(PeerTable, RemembersABoundedNumberOfMembers) {
  PeerTable peers;
  for (std::uint64_t i = 1; i <= 5000; ++i) EXPECT_TRUE(peers.admit(member(i), BootSeq(2)));
  EXPECT_EQ(peers.boot_of(member(1)), BootSeq());
  EXPECT_EQ(peers.boot_of(member(5000)), BootSeq(2));
}

TEST(PeerTable, VotersKeepTheirPlacesWhoeverElseTurnsUp) {
  PeerTable peers;
  peers.note_voters(view_of(1, 3));
  for (std::uint64_t i = 1; i <= 5000; ++i) EXPECT_TRUE(peers.admit(member(i), BootSeq(2)));
  EXPECT_EQ(peers.boot_of(member(1)), BootSeq(2));
  EXPECT_EQ(peers.boot_of(member(3)), BootSeq(2));
  EXPECT_EQ(peers.boot_of(member(4)), BootSeq());
}

TEST(Ballot, CountsEachMemberOnceByItsLastWord) {
  Ballot ballot;
  ballot.grant(member(1));
  ballot.grant(member(1));
  EXPECT_EQ(ballot.granted.size(), 1U);
  ballot.refuse(member(1));
  EXPECT_TRUE(ballot.granted.empty());
  EXPECT_EQ(ballot.refused.size(), 1U);
}

TEST(Leading, KeepsOneProgressForEachMember) {
  Leading leading;
  leading.add(member(3), Index(1), at(0));
  leading.add(member(1), Index(1), at(0));
  EXPECT_EQ(leading.add(member(3), Index(9), at(5)).next(), Index(1));
  ASSERT_EQ(leading.peers.size(), 2U);
  EXPECT_EQ(leading.peers.front().id(), member(1));
  leading.remove(member(1));
  EXPECT_EQ(leading.find(member(1)), nullptr);
  EXPECT_NE(leading.find(member(3)), nullptr);
}

/// Whether validate() refuses the defaults after `change`, naming `setting`.
template <class Change>
bool refuses(Change change, std::string_view setting) {
  Config config;
  change(config);
  const auto checked = validate(config);
  return !checked && checked.error().code == ErrorCode::invalid_argument &&
         checked.error().detail.find(setting) != std::string::npos;
}

TEST(Config, TheDefaultsAreValid) {
  EXPECT_TRUE(validate(Config()).has_value());
}

TEST(Config, RefusesTimersThatContradictEachOther) {
  EXPECT_TRUE(refuses([](Config& c) { c.heartbeat = 126ms; }, "election_min"));
  EXPECT_FALSE(refuses([](Config& c) { c.heartbeat = 125ms; }, "election_min"));
  EXPECT_TRUE(refuses([](Config& c) { c.suspect = 999ms; }, "suspect"));
  EXPECT_FALSE(refuses([](Config& c) { c.suspect = 1000ms; }, "suspect"));
  EXPECT_TRUE(refuses([](Config& c) { c.floor = 4; }, "floor"));
  EXPECT_TRUE(refuses([](Config& c) { c.join_retry_max = c.join_retry - 1ms; }, "join_retry_max"));
  EXPECT_FALSE(refuses([](Config& c) { c.join_retry_max = c.join_retry; }, "join_retry_max"));
}

TEST(Config, RefusesMoreVotersThanAViewCanName) {
  EXPECT_TRUE(refuses([](Config& c) { c.voters_max = kViewMembersMax + 1; }, "voters_max"));
  EXPECT_FALSE(refuses([](Config& c) { c.voters_max = kViewMembersMax; }, "voters_max"));
  // Somebody could never be replaced.
  EXPECT_TRUE(refuses([](Config& c) { c.voters_max = c.floor; }, "voters_max"));
  EXPECT_FALSE(refuses([](Config& c) { c.voters_max = c.floor + 1; }, "voters_max"));
}

TEST(Config, RefusesEveryLimitAndTimerOfZero) {
  EXPECT_TRUE(refuses([](Config& c) { c.tick = 0ms; }, "tick"));
  EXPECT_TRUE(refuses([](Config& c) { c.stagger = 0ms; }, "stagger"));
  EXPECT_TRUE(refuses([](Config& c) { c.inflight_max = 0; }, "inflight_max"));
  EXPECT_TRUE(refuses([](Config& c) { c.log_inflight = 0; }, "log_inflight"));
  EXPECT_TRUE(refuses([](Config& c) { c.voters_max = 0; }, "voters_max"));
}

TEST(Config, RefusesTimersThatAreLongerThanAYear) {
  constexpr Duration kYear = 365 * 24h;
  for (Duration Config::* timer : {&Config::pin_time, &Config::trim_gap, &Config::join_retry_max}) {
    EXPECT_FALSE(refuses([&](Config& c) { c.*timer = kYear; }, "year"));
    EXPECT_TRUE(refuses([&](Config& c) { c.*timer = kYear + 1ms; }, "must be at most a year"));
    EXPECT_TRUE(refuses([&](Config& c) { c.*timer = Duration::max(); }, "must be at most a year"));
  }
}

TEST(Config, RefusesToTakeEveryTickForAStall) {
  EXPECT_FALSE(refuses([](Config& c) { c.stall = 2 * c.tick; }, "stall"));
  EXPECT_TRUE(refuses([](Config& c) { c.stall = 2 * c.tick - 1ms; }, "twice tick"));
}

TEST(Config, AllowsTrimsWithoutAGap) {
  EXPECT_FALSE(refuses([](Config& c) { c.trim_gap = 0ms; }, "trim_gap"));
  EXPECT_TRUE(refuses([](Config& c) { c.trim_gap = -1ms; }, "trim_gap"));
}

TEST(Config, RefusesToWaitForMoreVotersThanThereCanBe) {
  EXPECT_FALSE(refuses([](Config& c) { c.up_for_writes_min = c.voters_max; }, ""));
  EXPECT_TRUE(refuses([](Config& c) { c.up_for_writes_min = c.voters_max + 1; },
                      "up_for_writes_min must be at most voters_max"));
}

template <std::size_t... Indexes>
std::set<std::string_view> all_names(std::index_sequence<Indexes...>) {
  return {name_of(TraceEvent(std::in_place_index<Indexes>))...};
}

TEST(Trace, EveryEventHasANameOfItsOwn) {
  constexpr std::size_t kCount = std::variant_size_v<TraceEvent>;
  const auto names = all_names(std::make_index_sequence<kCount>());
  EXPECT_EQ(names.size(), kCount);
  EXPECT_EQ(name_of(RoleChanged{}), "role_changed");
  EXPECT_EQ(name_of(MemberRegressed{}), "member_regressed");
  EXPECT_EQ(name_of(MulticastDropped{}), "multicast_dropped");
}

TEST(Trace, NamesRolesAndReasonsByTheirOwnNames) {
  EXPECT_EQ(to_string(RoleName::joiner), "joiner");
  EXPECT_EQ(to_string(RoleName::leader), "leader");
  EXPECT_EQ(to_string(RoleReason::started), "started");
  EXPECT_EQ(to_string(RoleReason::vote_refused), "vote_refused");
  EXPECT_EQ(to_string(RoleReason::quorum_lost), "quorum_lost");
  EXPECT_EQ(to_string(RoleReason::excluded), "excluded");
}

}  // namespace
}  // namespace gms::core
