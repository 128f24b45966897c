#include "gms/group.hpp"

#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "gms/group_async.hpp"
#include "tests/unit/net/group_fixture.hpp"

namespace gms {
namespace {

using model::as_bytes;

class GroupOf : public testing::TestWithParam<Durability> {};

TEST_P(GroupOf, ThreeDeliversTheSameInTheSameOrder) {
  Members members(GetParam());
  members.start(3);
  const std::size_t leader = members.wait_for_leader();
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    ASSERT_TRUE(members.seats[leader].group->propose({as_bytes("p"), as_bytes(number)}));
    for (auto& seat : members.seats)
      ASSERT_TRUE(seat.group->multicast(as_bytes(seat.options.name + "/" + number)));
  }
  ASSERT_TRUE(members.wait([&] { return members.all_delivered(400); }));
  const auto& first = members.seats[0].recorder->delivered;
  EXPECT_EQ(first.size(), 400U);
  for (const auto& seat : members.seats) {
    EXPECT_EQ(seat.recorder->delivered, first);
    EXPECT_FALSE(seat.recorder->failure.has_value());
  }
}

TEST_P(GroupOf, ThreeGoesOnWhenItsLeaderIsKilled) {
  Members members(GetParam());
  members.start(3);
  for (std::size_t round = 0; round < 2; ++round) {
    const std::size_t leader = members.wait_for_leader();
    const auto ticket = members.seats[leader].group->propose({as_bytes("before")});
    ASSERT_TRUE(ticket.has_value());
    ASSERT_TRUE(members.wait([&] { return members.all_delivered(round + 1); }));
    if (round == 0) members.kill(leader);
  }
  std::vector<std::string> alive;
  for (const auto& seat : members.seats)
    if (seat.group) alive.push_back(seat.recorder->delivered.back());
  EXPECT_EQ(alive, (std::vector<std::string>{"before", "before"}));
}

TEST_P(GroupOf, ThreeAnswersReadsOfOneTurnTogether) {
  Members members(GetParam());
  members.start(3);
  auto& leader = members.seats[members.wait_for_leader()];
  const auto written = leader.group->propose({as_bytes("x")});
  ASSERT_TRUE(members.wait([&] { return members.all_delivered(1); }));
  const auto first = leader.group->read_barrier();
  const auto second = leader.group->read_barrier();
  ASSERT_TRUE(first.has_value() && second.has_value() && written.has_value());
  EXPECT_EQ(first.value(), second.value());
  ASSERT_TRUE(members.wait([&] { return leader.recorder->reads.contains(first.value()); }));
  EXPECT_GE(leader.recorder->reads[first.value()], leader.group->status().applied);
}

TEST_P(GroupOf, ThreeHandsLeadershipOver) {
  Members members(GetParam());
  members.start(3);
  const std::size_t leader = members.wait_for_leader();
  const std::size_t next = (leader + 1) % 3;
  auto& seat = members.seats[leader];
  const auto ticket = seat.group->transfer_leadership(members.seats[next].group->self().id);
  ASSERT_TRUE(ticket.has_value());
  ASSERT_TRUE(members.wait([&] { return members.leader() == next; }));
}

INSTANTIATE_TEST_SUITE_P(Durabilities, GroupOf,
                         testing::Values(Durability::disk, Durability::memory),
                         [](const auto& parameter) {
                           return parameter.param == Durability::disk ? "Disk" : "Memory";
                         });

TEST(Group, AfterARestartOfAllGoesOnWhereItWas) {
  Members members(Durability::disk);
  members.start(3);
  auto& leader = members.seats[members.wait_for_leader()];
  for (int i = 0; i < 50; ++i)
    ASSERT_TRUE(leader.group->propose({as_bytes("v" + std::to_string(i))}));
  ASSERT_TRUE(members.wait([&] { return members.all_delivered(50); }));
  const std::vector<std::string> before = members.seats[0].recorder->delivered;
  for (std::size_t i = 0; i < 3; ++i) members.kill(i);
  // The second member's application lost everything, the others' nothing.
  *members.seats[1].recorder = Recorder();
  for (std::size_t i = 0; i < 3; ++i) members.open(i);
  auto& again = members.seats[members.wait_for_leader()];
  ASSERT_TRUE(again.group->propose({as_bytes("after")}));
  ASSERT_TRUE(members.wait([&] { return members.all_delivered(51); }));
  for (const auto& seat : members.seats) {
    EXPECT_EQ(seat.recorder->delivered.size(), 51U);
    EXPECT_EQ(seat.recorder->delivered.back(), "after");
  }
  EXPECT_TRUE(
      std::equal(before.begin(), before.end(), members.seats[1].recorder->delivered.begin()));
}

boost::asio::awaitable<void> write_and_read(Group* group, std::vector<std::string>* log) {
  const auto ticket = group->propose({as_bytes("awaited")});
  const auto position = co_await async_delivered(*group, ticket, boost::asio::use_awaitable);
  const auto asked = group->read_barrier();
  const auto index = co_await async_readable(*group, asked, boost::asio::use_awaitable);
  log->push_back(position && index && index.value() >= position->index ? "seen" : "lost");
  const auto other = model::MemberId{model::NodeId(1), model::Incarnation(1)};
  const auto refused = group->transfer_leadership(other);
  const auto done = co_await async_done(*group, refused, boost::asio::use_awaitable);
  log->push_back(done ? "done" : "refused");
}

boost::asio::awaitable<void> write_too_late(Group* group, std::vector<std::string>* log) {
  const auto ticket = group->propose({as_bytes("late")});
  const auto position = co_await async_delivered(*group, ticket, boost::asio::use_awaitable);
  log->emplace_back(model::to_string(position.error().code));
}

void ignore(std::exception_ptr thrown) {
  EXPECT_FALSE(thrown);
}

TEST(Group, CanBeAwaited) {
  Members members(Durability::memory);
  members.start(1);
  std::vector<std::string> log;
  boost::asio::co_spawn(members.context, write_and_read(members.seats[0].group.get(), &log),
                        ignore);
  ASSERT_TRUE(members.wait([&] { return log.size() == 2; }));
  EXPECT_EQ(log, (std::vector<std::string>{"seen", "refused"}));
}

TEST(Group, KeepsTheExecutorOfWhoeverWaitsAtWork) {
  Members members(Durability::memory);
  members.start(1);
  Group& group = *members.seats[0].group;
  boost::asio::io_context elsewhere;
  std::optional<model::Result<model::Position>> delivered;
  const auto take = [&](model::Result<model::Position> position) { delivered = position; };
  async_delivered(group, group.propose({as_bytes("x")}),
                  boost::asio::bind_executor(elsewhere.get_executor(), take));
  std::thread waits([&] { elsewhere.run(); });
  EXPECT_TRUE(members.wait([&] { return members.all_delivered(1); }));
  waits.join();
  ASSERT_TRUE(delivered.has_value());
  EXPECT_TRUE(delivered->has_value());
}

TEST(Group, ThatStopsSaysOfWhatWasAwaitedThatItIsUnknown) {
  Members members(Durability::memory);
  members.start(1);
  std::vector<std::string> log;
  boost::asio::co_spawn(members.context, write_too_late(members.seats[0].group.get(), &log),
                        ignore);
  boost::asio::co_spawn(
      members.context,
      [](Members* all) -> boost::asio::awaitable<void> {
        all->seats[0].group->stop();
        co_return;
      }(&members),
      ignore);
  ASSERT_TRUE(members.wait([&] { return log.size() == 1; }));
  EXPECT_EQ(log[0], "outcome_unknown");
  EXPECT_EQ(members.seats[0].group->propose({as_bytes("x")}).error().code,
            model::ErrorCode::closed);
}

TEST(Group, ThatIsStoppedInACallbackCallsNobodyAfterIt) {
  Members all(Durability::memory);
  all.start(3);
  Recorder& recorder = *all.seats[0].recorder;
  const std::size_t told = recorder.views_told;
  const std::size_t installed = recorder.views.size();
  EXPECT_GT(told, 0U);
  recorder.on_install = [&] { all.seats[0].group->stop(); };
  all.kill(2);
  ASSERT_TRUE(all.wait([&] { return recorder.views.size() > installed; }));
  EXPECT_EQ(recorder.views_told, told);
}

TEST(Group, StopsAMemberWhoseApplicationCannotApply) {
  Members members(Durability::memory);
  members.start(3);
  auto& seat = members.seats[members.wait_for_leader()];
  seat.recorder->refuses = true;
  ASSERT_TRUE(seat.group->propose({as_bytes("x")}));
  ASSERT_TRUE(members.wait([&] { return seat.recorder->failure.has_value(); }));
  EXPECT_EQ(seat.recorder->failure->detail, "no room");
  EXPECT_EQ(seat.group->read_barrier().error().code, model::ErrorCode::closed);
  seat.group.reset();
  // The others have the message, and go on without the member.
  ASSERT_TRUE(members.wait([&] { return members.all_delivered(1); }));
}

/// As much as eight messages may be delivered and not applied, and four in one batch.
void start_with_little_at_a_time(Members& members, std::size_t count) {
  members.config.apply_bytes_max = 80'000;
  members.config.deliver_bytes_max = 40'000;
  members.start(count);
}

/// Proposes messages and waits until all are ordered.
void order(Members& members, std::size_t count) {
  const std::string message(10'000, 'm');
  Group& group = *members.seats[members.wait_for_leader()].group;
  const model::Index before = group.status().commit;
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(group.propose({as_bytes(message)}));
  ASSERT_TRUE(members.wait([&] { return group.status().commit - before >= count; }));
}

/// Lets what is ready now, and what comes of it, be done.
void run_some_turns(Members& members) {
  int left = 100;
  std::function<void()> turn = [&] {
    if (--left > 0) boost::asio::post(members.context, turn);
  };
  boost::asio::post(members.context, turn);
  ASSERT_TRUE(members.wait([&] { return left == 0; }));
}

class GroupOfCount : public testing::TestWithParam<std::size_t> {};

TEST_P(GroupOfCount, GivesLittleToAnApplicationThatIsBehindUntilItIsNot) {
  Members members(Durability::memory);
  start_with_little_at_a_time(members, GetParam());
  Recorder& recorder = *members.seats[members.wait_for_leader()].recorder;
  recorder.behind = true;
  order(members, 20);
  run_some_turns(members);
  const std::size_t given = recorder.delivered.size();
  EXPECT_GT(given, 0U);
  EXPECT_LT(given, 14U);
  recorder.behind = false;
  EXPECT_TRUE(members.wait([&] { return members.all_delivered(20); }));
}

INSTANTIATE_TEST_SUITE_P(Members, GroupOfCount, testing::Values(1, 3));

TEST(Group, DeliversMuchInSeveralTurnsSoThatOtherWorkComesInBetween) {
  Members members(Durability::memory);
  start_with_little_at_a_time(members, 1);
  Recorder& recorder = *members.seats[0].recorder;
  recorder.behind = true;
  order(members, 40);
  recorder.behind = false;
  std::size_t between = 0;
  std::function<void()> other_work = [&] {
    const std::size_t delivered = recorder.delivered.size();
    if (delivered == 40) return;
    between += delivered > 20 ? 1 : 0;
    boost::asio::post(members.context, other_work);
  };
  boost::asio::post(members.context, other_work);
  EXPECT_TRUE(members.wait([&] { return members.all_delivered(40); }));
  EXPECT_GT(between, 0U);
}

TEST(Group, EndsWhatAFollowerCannotHaveOrdered) {
  Members members(Durability::memory);
  members.start(3);
  const std::size_t leader = members.wait_for_leader();
  auto& follower = members.seats[(leader + 1) % 3];
  members.kill(leader);
  members.kill((leader + 2) % 3);
  ASSERT_TRUE(
      members.wait([&] { return follower.group->status().role != core::RoleName::follower; }));
  const auto ticket = follower.group->propose({as_bytes("x")});
  ASSERT_TRUE(ticket.has_value());
  ASSERT_TRUE(members.wait([&] { return follower.recorder->ended.contains(ticket.value()); }));
  EXPECT_EQ(follower.recorder->ended[ticket.value()]->code, model::ErrorCode::not_leader);
}

TEST(Group, SaysWhatIsWrongWithItsOptions) {
  boost::asio::io_context context;
  Recorder recorder;
  GroupOptions options;
  options.durability = Durability::memory;
  const auto code = [&] {
    const auto opened = Group::open(context, options, {recorder, recorder, recorder});
    EXPECT_FALSE(opened.has_value());
    return opened ? model::ErrorCode::io : opened.error().code;
  };
  EXPECT_EQ(code(), model::ErrorCode::invalid_argument) << "no name";
  options.name = std::string(model::kMemberNameBytesMax + 1, 'n');
  EXPECT_EQ(code(), model::ErrorCode::invalid_argument);
  options.name = "n1";
  options.listen_address = "nowhere";
  EXPECT_EQ(code(), model::ErrorCode::invalid_argument);
  options.listen_address = "0.0.0.0:0";
  EXPECT_EQ(code(), model::ErrorCode::invalid_argument) << "not an address to advertise";
  options.listen_address = "127.0.0.1:0";
  for (const char* wrong : {"nonsense", "127.0.0.1:", "127.0.0.1:0", ":7500", "127.0.0.1:70000"}) {
    options.join_addresses = {"127.0.0.1:7500", wrong};
    EXPECT_EQ(code(), model::ErrorCode::invalid_argument) << "not an address to join at: " << wrong;
  }
  options.join_addresses.clear();
  options.durability = Durability::disk;
  options.directory = "/nonexistent/groupkv";
  EXPECT_EQ(code(), model::ErrorCode::not_found);
}

TEST(Group, APortInUseAndADirectoryInUseAreConflicts) {
  Members members(Durability::disk);
  members.start(1);
  Recorder recorder;
  const Group::Ports ports{recorder, recorder, recorder};
  const GroupOptions& options = members.seats[0].options;
  const auto same = Group::open(members.context, options, ports);
  ASSERT_FALSE(same.has_value());
  EXPECT_EQ(same.error().code, model::ErrorCode::conflict);
  EXPECT_EQ(initialise(options).error().code, model::ErrorCode::conflict);
  GroupOptions other = options;
  other.durability = Durability::memory;
  const auto taken = Group::open(members.context, other, ports);
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, model::ErrorCode::conflict);
}

}  // namespace
}  // namespace gms
