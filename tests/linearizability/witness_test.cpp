#include "tests/linearizability/witness.hpp"

#include <gtest/gtest.h>

namespace tests::linearizability {
namespace {

using gms::model::Index;

Operation put(Moment invoked, Moment returned, std::uint64_t value, std::uint64_t index) {
  Operation out;
  out.key = Key(1);
  out.action = Action::put;
  out.value = Value(value);
  out.invoked = invoked;
  out.returned = returned;
  out.outcome = Outcome::ok;
  out.index = Index(index);
  return out;
}

Operation get(Moment invoked, Moment returned, std::uint64_t seen, std::uint64_t index) {
  Operation out = put(invoked, returned, 0, index);
  out.action = Action::get;
  out.seen = Value(seen);
  return out;
}

TEST(Witness, AcceptsIndexesInRealTimeOrder) {
  const History history{put(0, 10, 1, 4), get(5, 12, 1, 4), get(20, 30, 1, 4), put(20, 30, 2, 5)};
  EXPECT_EQ(check_real_time_order(history), std::nullopt);
}

TEST(Witness, RejectsAReadBelowAnEarlierResult) {
  EXPECT_NE(check_real_time_order(History{put(0, 10, 1, 4), get(20, 30, 0, 3)}), std::nullopt);
}

TEST(Witness, RejectsAReadBelowTheNewestOfSeveralEarlierResults) {
  const History history{put(0, 10, 1, 4), put(0, 20, 2, 9), get(0, 25, 1, 5), get(30, 40, 1, 8)};
  EXPECT_NE(check_real_time_order(history), std::nullopt);
}

TEST(Witness, RejectsAWriteAtTheIndexOfAnEarlierResult) {
  EXPECT_NE(check_real_time_order(History{get(0, 10, 0, 4), put(20, 30, 1, 4)}), std::nullopt);
}

TEST(Witness, ComparesResultsWithTheReplay) {
  const History history{put(0, 10, 1, 4), put(11, 20, 2, 6), get(30, 40, 2, 7)};
  EXPECT_EQ(check_replay(history, std::vector<CommittedWrite>{{Index(4), 0}, {Index(6), 1}}),
            std::nullopt);
  History stale = history;
  stale[2].seen = Value(1);
  EXPECT_NE(check_replay(stale, std::vector<CommittedWrite>{{Index(4), 0}, {Index(6), 1}}),
            std::nullopt);
}

TEST(Witness, RejectsAnAcknowledgedWriteThatIsNotInTheStream) {
  const History history{put(0, 10, 1, 4)};
  EXPECT_NE(check_replay(history, {}), std::nullopt);
}

TEST(Witness, RejectsAWriteThatIsInTheStreamTwice) {
  const History history{put(0, 10, 1, 4)};
  EXPECT_NE(check_replay(history, std::vector<CommittedWrite>{{Index(4), 0}, {Index(5), 0}}),
            std::nullopt);
}

TEST(Witness, RejectsAnUnknownWriteThatIsInTheStreamTwice) {
  History history{put(0, 10, 1, 0), get(20, 30, 1, 9)};
  history[0].outcome = Outcome::unknown;
  EXPECT_NE(check_replay(history, std::vector<CommittedWrite>{{Index(4), 0}, {Index(5), 0}}),
            std::nullopt);
}

TEST(Witness, RejectsAFailedWriteThatTookEffect) {
  History history{put(0, 10, 1, 0)};
  history[0].outcome = Outcome::failed;
  EXPECT_NE(check_replay(history, std::vector<CommittedWrite>{{Index(4), 0}}), std::nullopt);
}

TEST(Witness, AcceptsAnUnknownWriteOnceOrNever) {
  History history{put(0, 10, 1, 0)};
  history[0].outcome = Outcome::unknown;
  EXPECT_EQ(check_replay(history, {}), std::nullopt);
  EXPECT_EQ(check_replay(history, std::vector<CommittedWrite>{{Index(4), 0}}), std::nullopt);
}

}  // namespace
}  // namespace tests::linearizability
