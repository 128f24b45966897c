#include "client/client.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "client/replica_rows.hpp"
#include "kvstore/api/limits.hpp"
#include "tests/unit/client/client_fixture.hpp"

namespace client::testing {
namespace {

namespace api = kvstore::api;
using gms::model::as_text;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ClientTest, RegistersASessionWithItsFirstWriteAndNumbersAllUnderIt) {
  n1.on_request(carry_out);
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  for (int i = 0; i < 3; ++i) {
    const auto reply = put(*client);
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->outcome, Outcome::done);
  }
  const auto calls = n1.calls();
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(std::ranges::count_if(n1.received(), &Received::is_registration), 1);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].session, api::SessionId(101));
    EXPECT_EQ(calls[i].number, api::CallNumber(i + 1));
    EXPECT_EQ(calls[i].acknowledged, api::CallNumber(i));
  }
}

TEST_F(ClientTest, AsksEveryMemberUntilItKnowsTheLeaderAndThenTheLeaderAlone) {
  n1.on_request(redirect_to(n3));
  n2.on_request(redirect_to(n3));
  n3.on_request(carry_out);
  const auto client = connect();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(put(*client));
  EXPECT_LE(n1.received().size(), 2u);
  EXPECT_LE(n2.received().size(), 2u);
  EXPECT_EQ(n3.calls().size(), 20u);
}

TEST_F(ClientTest, LearnsMembersThatItWasNotGiven) {
  n1.set_view(view_of({&n1, &n2, &n3}));
  n1.on_request(redirect_to(n3));
  n3.on_request(carry_out);
  Options options;
  options.endpoints = {n1.address()};
  Client client(context, options);
  const auto reply = put(client);
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_EQ(n3.calls().size(), 1u);
}

TEST_F(ClientTest, GoesStraightToTheMemberThatItsLeaderNames) {
  bool moved = false;
  n1.set_view(view_of({&n1, &n2, &n3}));
  n1.on_request([&](FakeServer& server, const Received& request) {
    if (moved) return redirect_to(n3)(server, request);
    server.carry_out(request);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(carry_out);
  Options options;
  options.endpoints = {n1.address()};
  Client client(context, options);
  // By then it is connected to all that the view has.
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(put(client));
  ASSERT_FALSE(n2.hellos().empty() || n3.hellos().empty());
  const std::size_t before = n2.received().size();
  moved = true;
  ASSERT_TRUE(put(client));
  EXPECT_EQ(n3.calls().size(), 1u);
  EXPECT_EQ(n2.received().size(), before);
}

TEST_F(ClientTest, SendsUnansweredWritesAgainUnderTheirNumbersWhenTheLeaderCrashes) {
  // n1 carries out the registration and takes ten writes without a word; then it dies.
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) server.carry_out(request);
    if (server.calls().size() == 10) server.crash();
  });
  n2.on_request([&](FakeServer& server, const Received& request) {
    if (n1.calls().size() < 10) return redirect_to(n1)(server, request);
    server.carry_out(request);
  });
  n3.on_request(redirect_to(n2));
  const auto client = connect();
  std::vector<std::optional<Result<WriteReply>>> ended(10);
  for (std::size_t i = 0; i < ended.size(); ++i) put(*client, "key" + std::to_string(i), ended[i]);
  ASSERT_TRUE(run_until(
      [&] { return std::ranges::all_of(ended, &decltype(ended)::value_type::has_value); }));
  for (const auto& reply : ended) ASSERT_TRUE(*reply) << reply->error().detail;
  std::map<api::CallNumber, std::string> first;
  for (const api::Call& call : n1.calls())
    first[call.number] = as_text(std::get<api::Put>(call.operation).key);
  std::map<api::CallNumber, std::string> second;
  for (const api::Call& call : n2.calls()) {
    EXPECT_EQ(call.session, n1.calls()[0].session);
    second[call.number] = as_text(std::get<api::Put>(call.operation).key);
  }
  EXPECT_EQ(first.size(), 10u);
  EXPECT_EQ(first, second);
}

TEST_F(ClientTest, SendsALocalReadAgainWhenItsConnectionIsClosed) {
  std::size_t asked = 0;
  const auto answer_the_second = [&](FakeServer& server, const Received& request) {
    ++asked;
    if (asked == 1) return server.disconnect();
    gms::model::ByteWriter reply;
    api::encode(api::GetReply{}, reply);
    server.answer(request, reply.take());
  };
  n1.on_request(answer_the_second);
  Options options;
  options.endpoints = {n1.address()};
  Client client(context, options);
  ReadOptions local;
  local.level = ReadLevel::local;
  std::optional<bool> found;
  client.get("key", local, [&](const auto& reply) { found = reply.has_value(); });
  ASSERT_TRUE(run_until([&] { return found.has_value(); }));
  EXPECT_TRUE(*found);
  EXPECT_EQ(asked, 2U);
}

TEST_F(ClientTest, ClosesWhatMembersBeganOfARangeThatAnotherAnswered) {
  // Nobody answers before all were asked; then each with a cursor of its own.
  const std::vector<FakeServer*> servers{&n1, &n2, &n3};
  std::map<FakeServer*, Received> asked;
  std::map<FakeServer*, api::CursorId> closed;
  const auto answer_all = [&asked] {
    std::uint64_t cursor = 10;
    for (auto& [server, request] : asked) {
      gms::model::ByteWriter out;
      api::RangePage page;
      page.content = api::RangeContent::count;
      page.cursor = api::CursorId(++cursor);
      encode(page, out);
      server->answer(request, out.take());
    }
  };
  for (FakeServer* one : servers)
    one->on_request([&](FakeServer& server, const Received& request) {
      if (request.kind == api::RequestKind::range) {
        asked.emplace(&server, request);
        if (asked.size() == servers.size()) answer_all();
        return;
      }
      ASSERT_EQ(request.kind, api::RequestKind::close_cursor);
      closed[&server] = api::decode_close_cursor_query(request.body)->cursor;
      server.answer(request, gms::model::Bytes());
    });
  const auto client = connect();
  std::optional<Result<Page>> ended;
  client->range({}, [&ended](Result<Page> page) { ended = std::move(page); });
  ASSERT_TRUE(run_until([&] { return ended && closed.size() == 2; }));
  ASSERT_TRUE(*ended) << ended->error().detail;
  ASSERT_TRUE((*ended)->next);
  std::set<std::uint64_t> cursors{(*ended)->next->id.value()};
  for (const auto& [server, cursor] : closed) cursors.insert(cursor.value());
  EXPECT_EQ(cursors, (std::set<std::uint64_t>{11, 12, 13}));
}

TEST_F(ClientTest, AsksForTheRowsOfAReplicaUnderTheNameThatToolsHaveForThem) {
  std::optional<api::RangeContent> content;
  for (FakeServer* one : {&n1, &n2, &n3})
    one->on_request([&](FakeServer& server, const Received& request) {
      content = api::decode_range_query(request.body)->content;
      server.refuse(request, ErrorCode::invalid_argument, "asked");
    });
  const auto client = connect();
  RangeOptions rows;
  rows.content = kReplicaRows;
  bool ended = false;
  client->range(rows, [&](const Result<Page>&) { ended = true; });
  ASSERT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(content, api::RangeContent::rows);
}

/// Whether `get` may be called with such a token.
template <class Token>
concept EndsAGet = requires(Client& client, Token token) { client.get("key", {}, token); };

TEST(Client, TakesTokensThatCanTakeTheResultAndNoOthers) {
  const auto of_a_get = [](Result<std::optional<Value>>) {};
  const auto of_a_put = [](Result<WriteReply>) {};
  EXPECT_TRUE(EndsAGet<decltype(of_a_get)>);
  EXPECT_FALSE(EndsAGet<decltype(of_a_put)>);
  EXPECT_FALSE(EndsAGet<int>);
}

TEST_F(ClientTest, GoesOnAfterACallbackHasThrown) {
  for (FakeServer* one : {&n1, &n2, &n3}) one->on_request(carry_out);
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  const std::size_t greeted = n1.hellos().size() + n2.hellos().size() + n3.hellos().size();
  client->put("key", "value", {}, [](const Result<WriteReply>&) { throw std::runtime_error("x"); });
  EXPECT_THROW(run_until([] { return false; }), std::runtime_error);
  ASSERT_TRUE(put(*client));
  EXPECT_EQ(n1.hellos().size() + n2.hellos().size() + n3.hellos().size(), greeted)
      << "no connection was lost over it";
}

TEST(Client, EndsTheProcessWhenACallbackThrowsOnItsOwnThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Options no_endpoints;
  no_endpoints.endpoints.clear();
  EXPECT_DEATH(
      {
        Client client(no_endpoints);
        client.members(
            [](const Result<api::MembersReply>&) { throw std::runtime_error("thrown"); });
      },
      "thrown");
}

/// Descriptors that are connected to that port, and those of them that children inherit.
struct Connected {
  std::size_t all = 0;
  std::size_t inherited = 0;
};

Connected connected_to(const std::string& address) {
  Connected found;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (!address.ends_with(":" + std::to_string(ntohs(peer.sin_port)))) continue;
    ++found.all;
    if ((::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) == 0) ++found.inherited;
  }
  return found;
}

TEST_F(ClientTest, KeepsItsConnectionsFromProgramsThatTheApplicationStarts) {
  for (FakeServer* one : {&n1, &n2, &n3}) one->on_request(carry_out);
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  std::size_t all = 0;
  for (const FakeServer* one : {&n1, &n2, &n3}) {
    all += connected_to(one->address()).all;
    EXPECT_EQ(connected_to(one->address()).inherited, 0U);
  }
  EXPECT_GT(all, 0U);
}

TEST_F(ClientTest, FollowsMembersThatPointAtEachOtherOnlyALittle) {
  n1.on_request(redirect_to(n2));
  n2.on_request(redirect_to(n1));
  n3.crash();
  const auto client = connect(milliseconds(300));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  EXPECT_LE(n1.received().size() + n2.received().size(), 60u);
}

TEST_F(ClientTest, LeavesASilentLeaderForTheNextOne) {
  bool paused = false;
  n1.on_request([&](FakeServer& server, const Received& request) {
    if (!paused) server.carry_out(request);
    if (paused) server.fall_silent();
  });
  n2.on_request([&](FakeServer& server, const Received& request) {
    if (!paused) return redirect_to(n1)(server, request);
    server.carry_out(request);
  });
  n3.on_request(redirect_to(n2));
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  paused = true;
  const auto reply = put(*client);
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_EQ(n2.calls().back().number, api::CallNumber(2));
}

TEST_F(ClientTest, DoesNotTakeAMemberThatHoldsACallForADeadOne) {
  // n1 holds everything, as a member without a leader does, but still answers what it can.
  n1.on_request(keep_silent);
  n2.crash();
  n3.crash();
  n1.set_view(view_of({&n1, &n2, &n3}));
  const auto client = connect(milliseconds(900));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().detail, HasSubstr("1 of 3 members reachable"));
  EXPECT_THAT(reply.error().detail, Not(HasSubstr("n1: no answer")));
}

TEST_F(ClientTest, RefusesWhatIsOverALimitAtOnce) {
  const auto client = connect();
  std::optional<Result<WriteReply>> ended;
  const std::string large(api::kValueBytesMax + 1, 'x');
  client->put("key", large, {}, [&](Result<WriteReply> reply) { ended = std::move(reply); });
  EXPECT_FALSE(ended.has_value());
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_EQ(ended->error().code, ErrorCode::too_large);
  EXPECT_THAT(ended->error().detail, HasSubstr("the limit is 16777216"));
}

TEST_F(ClientTest, CarriesLargeValuesWhole) {
  n1.on_request(carry_out);
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  std::optional<Result<WriteReply>> ended;
  std::string large(3 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31);
  client->put("large", large, {}, [&](Result<WriteReply> reply) { ended = std::move(reply); });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  ASSERT_TRUE(*ended);
  EXPECT_EQ(as_text(std::get<api::Put>(n1.calls().back().operation).value), large);
}

TEST_F(ClientTest, KeepsTheSessionsWindow) {
  // The first write is never answered: no number may be further from it than the window.
  n1.on_request([](FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (!call || call->number != api::CallNumber(1)) server.carry_out(request);
  });
  Options options;
  options.endpoints = {n1.address()};
  options.session.writes_in_flight_max = 8;
  Client client(context, options);
  std::vector<std::optional<Result<WriteReply>>> ended(20);
  for (auto& end : ended) put(client, "key", end);
  const auto count = [&] {
    return std::ranges::count_if(ended, [](const auto& end) { return end.has_value(); });
  };
  ASSERT_TRUE(run_until([&] { return count() == 7; }));
  context.poll();
  EXPECT_EQ(count(), 7);
  EXPECT_EQ(n1.calls().size(), 8u);
}

TEST_F(ClientTest, AsksAnotherForWhatAnyMemberMayAnswerWhenOneIsSilent) {
  bool paused = false;
  const auto answer = [&](FakeServer& server, const Received& request) {
    if (!std::exchange(paused, true)) return server.fall_silent();
    gms::model::ByteWriter out;
    encode(api::GetReply{}, out);
    server.answer(request, out.take());
  };
  for (FakeServer* server : {&n1, &n2, &n3}) server->on_request(answer);
  const auto client = connect(milliseconds(2000));
  std::optional<Result<std::optional<Value>>> ended;
  ReadOptions local;
  local.level = ReadLevel::local;
  client->get("key", local, [&](Result<std::optional<Value>> value) { ended = std::move(value); });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_TRUE(*ended) << ended->error().detail;
}

TEST_F(ClientTest, CallsNobodyBackBeforeACallHasReturned) {
  Options options;
  options.endpoints = {n1.address()};
  options.calls_max = 1;
  Client client(context, options);
  std::optional<Result<WriteReply>> first;
  put(client, "key", first);
  std::optional<Result<WriteReply>> second;
  boost::asio::post(context, [&] {
    put(client, "key", second);
    EXPECT_FALSE(second);
  });
  ASSERT_TRUE(run_until([&] { return second.has_value(); }));
  EXPECT_EQ(second->error().code, ErrorCode::busy);
}

TEST_F(ClientTest, HasNoLongestDeadline) {
  n1.on_request(carry_out);
  Options options;
  options.endpoints = {n1.address()};
  options.deadline = milliseconds::max();
  Client client(context, options);
  EXPECT_TRUE(put(client));
}

TEST_F(ClientTest, EndsWritesOnBothSidesOfItsRegistrationWhenItIsDestroyed) {
  for (FakeServer* server : {&n1, &n2, &n3}) server->crash();
  auto client = connect();
  std::optional<Result<WriteReply>> first;
  std::optional<Result<WriteReply>> second;
  put(*client, "key", first);
  context.run_for(milliseconds(50));
  put(*client, "key", second);
  context.run_for(milliseconds(50));
  client.reset();
  ASSERT_TRUE(run_until([&] { return first.has_value() && second.has_value(); }));
  EXPECT_EQ(first->error().code, ErrorCode::closed);
  EXPECT_EQ(second->error().code, ErrorCode::closed);
}

TEST_F(ClientTest, EndsWhatIsOpenWhenItIsDestroyed) {
  n1.on_request(keep_silent);
  n2.crash();
  n3.crash();
  auto client = connect();
  std::optional<Result<WriteReply>> write;
  put(*client, "key", write);
  ASSERT_TRUE(run_until([&] { return !n1.received().empty(); }));
  client.reset();
  ASSERT_TRUE(run_until([&] { return write.has_value(); }));
  EXPECT_EQ(write->error().code, ErrorCode::closed);
}

TEST_F(ClientTest, SaysUnknownOfAWriteThatIsOnItsWayWhenItIsDestroyed) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) server.carry_out(request);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  auto client = connect();
  std::optional<Result<WriteReply>> write;
  put(*client, "key", write);
  ASSERT_TRUE(run_until([&] { return !n1.calls().empty(); }));
  client.reset();
  ASSERT_TRUE(run_until([&] { return write.has_value(); }));
  EXPECT_EQ(write->error().code, ErrorCode::outcome_unknown);
}

TEST_F(ClientTest, RefusesMoreCallsThanItMayHaveOpen) {
  n1.on_request(keep_silent);
  Options options;
  options.endpoints = {n1.address()};
  options.calls_max = 3;
  Client client(context, options);
  std::vector<std::optional<Result<WriteReply>>> ended(4);
  for (auto& end : ended) put(client, "key", end);
  ASSERT_TRUE(run_until([&] { return ended[3].has_value(); }));
  EXPECT_EQ((*ended[3]).error().code, ErrorCode::busy);
  EXPECT_FALSE(ended[2].has_value());
}

TEST_F(ClientTest, AsksOneMemberAloneAndSaysWhyThatFailed) {
  n2.crash();
  const auto client = connect();
  std::optional<Result<api::StatusReply>> ended;
  client->status(n2.address(), {}, [&](Result<api::StatusReply> reply) { ended = reply; });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_EQ(ended->error(), (Error{ErrorCode::unavailable, "connection refused"}));
}

TEST_F(ClientTest, NeverSendsAnAdministratorsOrderTwice) {
  n1.on_request([](FakeServer& server, const Received&) { server.disconnect(); });
  n2.crash();
  n3.crash();
  const auto client = connect();
  std::optional<Result<void>> ended;
  client->admin({api::AdminAction::leave, "n3"}, [&](Result<void> done) { ended = done; });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_EQ(ended->error().code, ErrorCode::outcome_unknown);
  EXPECT_EQ(n1.received().size(), 1u);
}

TEST_F(ClientTest, TakesARefusalOfAnAdministratorsOrderForTheGroupsAnswer) {
  n1.on_request([](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::unavailable, "of the 3 voters 1 are heard");
  });
  n2.crash();
  n3.crash();
  const auto client = connect();
  std::optional<Result<void>> ended;
  client->admin({api::AdminAction::evict, "n3"}, [&](Result<void> done) { ended = done; });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_EQ(ended->error(), (Error{ErrorCode::unavailable, "of the 3 voters 1 are heard"}));
  EXPECT_EQ(n1.received().size(), 1u);
}

boost::asio::awaitable<std::string> write_and_read(Client& client) {
  const auto written = co_await client.put("key", "value", {}, boost::asio::use_awaitable);
  if (!written) co_return written.error().detail;
  const auto read = co_await client.get("key", {}, boost::asio::use_awaitable);
  if (!read) co_return read.error().detail;
  co_return (*read)->bytes;
}

TEST_F(ClientTest, ServesCoroutines) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.kind != api::RequestKind::get) return server.carry_out(request);
    gms::model::ByteWriter out;
    encode(api::GetReply{api::Versioned{api::Revision(5), gms::model::as_bytes("found")}}, out);
    server.answer(request, out.take());
  });
  const auto client = connect();
  auto text = boost::asio::co_spawn(context, write_and_read(*client), boost::asio::use_future);
  ASSERT_TRUE(run_until(
      [&] { return text.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
  EXPECT_EQ(text.get(), "found");
}

TEST_F(ClientTest, ServesThreadsThatWait) {
  n1.on_request(carry_out);
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  std::atomic<int> running = 4;
  std::atomic<int> done = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) done += client->put("key", "value").has_value() ? 1 : 0;
      --running;
    });
  ASSERT_TRUE(run_until([&] { return running == 0; }));
  EXPECT_EQ(done, 200);
  std::set<api::CallNumber> numbers;
  for (const api::Call& call : n1.calls()) numbers.insert(call.number);
  EXPECT_EQ(numbers.size(), 200u);
}

}  // namespace
}  // namespace client::testing
