#include "client/client.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <set>
#include <thread>

#include "kvstore/api/limits.hpp"
#include "tests/unit/client/fake_server.hpp"

namespace client::testing {
namespace {

namespace api = kvstore::api;
using gms::model::as_text;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

void carry_out(FakeServer& server, const Received& request) {
  server.carry_out(request);
}
void keep_silent(FakeServer&, const Received&) {}

/// Of a member of group {3, 4}, to a client of FakeServer's own group.
constexpr const char* kOfAnother =
    "this member is of group 00000000000000030000000000000004, not of group "
    "00000000000000010000000000000002";

/// A script that sends every request to `leader`.
FakeServer::Script redirect_to(const FakeServer& leader) {
  return [&leader](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::not_leader, "another member leads",
                  {leader.name(), leader.address()});
  };
}

class ClientTest : public ::testing::Test {
 protected:
  /// A client of all servers of the test.
  std::unique_ptr<Client> connect(milliseconds deadline = milliseconds(5000)) {
    Options options;
    options.endpoints.clear();
    for (const FakeServer* server : {&n1, &n2, &n3}) options.endpoints.push_back(server->address());
    options.deadline = deadline;
    return std::make_unique<Client>(context, options);
  }

  /// Runs the loop until `done`, for ten seconds at most.
  template <class Done>
  bool run_until(Done done) {
    const auto limit = Clock::now() + std::chrono::seconds(10);
    while (!done() && Clock::now() < limit) context.run_one_for(milliseconds(100));
    return done();
  }

  /// Starts a put, whose end `ended` gets.
  void put(Client& client, std::string key, std::optional<Result<WriteReply>>& ended) {
    client.put(key, "value", {}, [&ended](Result<WriteReply> reply) { ended = std::move(reply); });
  }
  Result<WriteReply> put(Client& client) {
    std::optional<Result<WriteReply>> ended;
    put(client, "key", ended);
    if (!run_until([&] { return ended.has_value(); })) return Error{ErrorCode::io, "it hangs"};
    return *ended;
  }

  boost::asio::io_context context;
  FakeServer n1{context, "n1"};
  FakeServer n2{context, "n2"};
  FakeServer n3{context, "n3"};
};

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

TEST_F(ClientTest, SaysThatAWriteWasNotAppliedWhenNobodyCanBeReached) {
  n1.crash();
  n2.crash();
  n3.fall_silent();
  const auto client = connect(milliseconds(200));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  EXPECT_THAT(reply.error().detail, HasSubstr("no quorum: 0 of 3 members reachable"));
  EXPECT_THAT(reply.error().detail, HasSubstr(n1.address() + ": connection refused"));
}

TEST_F(ClientTest, SaysThatAWriteWasNotAppliedWhenEveryMemberThatGotItSaidSo) {
  const auto refuse = [](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::unavailable, "no leader is known");
  };
  n1.on_request(refuse);
  n2.crash();
  n3.crash();
  n1.set_view(view_of({&n1, &n2, &n3}));
  const auto client = connect(milliseconds(200));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::unavailable);
  EXPECT_THAT(reply.error().detail,
              HasSubstr("no quorum: 1 of 3 members reachable (n2: connection refused"));
}

TEST_F(ClientTest, SaysUnknownWhenAMemberTookAWriteAndNobodyAnswered) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) server.carry_out(request);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect(milliseconds(200));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::outcome_unknown);
}

TEST_F(ClientTest, SaysUnknownWhenTheMemberThatTookAWriteIsGone) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) return server.carry_out(request);
    server.crash();
  });
  const auto refuse = [&](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::unavailable, "no leader is known");
  };
  n2.on_request(refuse);
  n3.on_request(refuse);
  const auto client = connect(milliseconds(300));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::outcome_unknown);
}

TEST_F(ClientTest, SaysUnknownWhenOneMemberTookAWriteAndAnotherRefusesIt) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) return server.carry_out(request);
    server.crash();
  });
  const auto refuse = [&](FakeServer& server, const Received& request) {
    if (request.is_registration()) return redirect_to(n1)(server, request);
    server.refuse(request, ErrorCode::corrupt, "its state is out of use");
  };
  n2.on_request(refuse);
  n3.on_request(refuse);
  const auto client = connect();
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), (Error{ErrorCode::outcome_unknown, "its state is out of use"}));
}

TEST_F(ClientTest, SaysOfAReadThatNobodyAnswersThatItIsUnavailable) {
  for (FakeServer* server : {&n1, &n2, &n3})
    server->on_request([](FakeServer& self, const Received& request) {
      self.refuse(request, ErrorCode::unavailable, "an election is running");
    });
  const auto client = connect(milliseconds(200));
  std::optional<Result<std::optional<Value>>> ended;
  client->get("key", {}, [&](Result<std::optional<Value>> value) { ended = std::move(value); });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, ErrorCode::unavailable);
  EXPECT_THAT(ended->error().detail, HasSubstr("an election is running"));
}

TEST_F(ClientTest, TimesOutWhenAReadIsNotAnsweredForNoKnownReason) {
  for (FakeServer* server : {&n1, &n2, &n3}) server->on_request(keep_silent);
  const auto client = connect(milliseconds(100));
  std::optional<Result<std::optional<Value>>> ended;
  client->get("key", {}, [&](Result<std::optional<Value>> value) { ended = std::move(value); });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, ErrorCode::timed_out);
}

TEST_F(ClientTest, TriesAgainAfterABusyAnswer) {
  std::size_t refused = 0;
  n1.on_request([&](FakeServer& server, const Received& request) {
    if (request.call() && refused++ < 3)
      return server.refuse(request, ErrorCode::busy, "the queue is full");
    server.carry_out(request);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  const auto calls = n1.calls();
  ASSERT_EQ(calls.size(), 4u);
  for (const api::Call& call : calls) EXPECT_EQ(call.number, api::CallNumber(1));
}

TEST_F(ClientTest, ReportsBusyAtTheDeadline) {
  n1.on_request([&](FakeServer& server, const Received& request) {
    if (request.call()) return server.refuse(request, ErrorCode::busy, "the disk is full");
    server.carry_out(request);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect(milliseconds(200));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), (Error{ErrorCode::busy, "the disk is full"}));
  EXPECT_LE(n1.calls().size(), 10u) << "its pauses double";
}

TEST_F(ClientTest, AsksABusyMemberAgainWhenItSaysSo) {
  constexpr milliseconds kRetryAfter(150);
  std::optional<std::chrono::steady_clock::time_point> refused;
  std::optional<std::chrono::steady_clock::duration> waited;
  n1.on_request([&](FakeServer& server, const Received& request) {
    if (!request.call()) return server.carry_out(request);
    const auto now = std::chrono::steady_clock::now();
    if (refused) {
      waited = waited.value_or(now - *refused);
      return server.carry_out(request);
    }
    refused = now;
    server.refuse(request, {ErrorCode::busy, "the disk is full"}, kRetryAfter);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  ASSERT_TRUE(waited);
  EXPECT_GE(*waited, kRetryAfter);
}

TEST_F(ClientTest, WaitsAsLongAsABusyMemberSaysWhileItKnowsNoLeader) {
  for (FakeServer* server : {&n1, &n2, &n3})
    server->on_request([](FakeServer& self, const Received& request) {
      self.refuse(request, {ErrorCode::busy, "the disk is full"}, milliseconds(1000));
    });
  const auto client = connect(milliseconds(1500));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), (Error{ErrorCode::busy, "the disk is full"}));
  for (const FakeServer* server : {&n1, &n2, &n3}) EXPECT_LE(server->received().size(), 2u);
}

TEST_F(ClientTest, WaitsAsLongAsABusyMemberSaysThoughOthersRefuseTheCall) {
  n1.on_request([](FakeServer& server, const Received& request) {
    server.refuse(request, {ErrorCode::busy, "the disk is full"}, milliseconds(1000));
  });
  std::vector<Received> held;
  n2.on_request([&](FakeServer&, const Received& request) { held.push_back(request); });
  n3.crash();
  const auto client = connect(milliseconds(1500));
  std::optional<Result<WriteReply>> write;
  put(*client, "key", write);
  ASSERT_TRUE(run_until([&] { return !n1.received().empty() && !held.empty(); }));
  while (context.poll_one() > 0) continue;
  n2.on_request([](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::unavailable, "an election is running");
  });
  n2.refuse(held[0], ErrorCode::unavailable, "an election is running");
  ASSERT_TRUE(run_until([&] { return write.has_value(); }));
  EXPECT_LE(n1.received().size(), 2u);
  EXPECT_LE(n2.received().size(), 2u);
}

TEST_F(ClientTest, GoesOnInANewSessionWhenItsSearchForTheLeaderMeetsThatItsOldOneHasExpired) {
  n1.on_request(carry_out);
  n2.crash();
  n3.crash();
  const auto client = connect();
  ASSERT_TRUE(put(*client));
  const api::SessionId old = n1.calls()[0].session;
  n1.on_request([&](FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (!call || call->session != old) return server.carry_out(request);
    server.answer(request, api::CommandReply{Outcome::session_expired, {}, {}});
  });
  n1.disconnect();
  while (context.poll_one() > 0) continue;
  const auto reply = put(*client);
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_NE(n1.calls().back().session, old);
}

TEST_F(ClientTest, ReportsAtTheDeadlineWhyItWasGivenNoSession) {
  n1.on_request([](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::busy, "the disk is full");
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect(milliseconds(300));
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), (Error{ErrorCode::busy, "the disk is full"}));
}

TEST_F(ClientTest, AcknowledgesAnewWhenItAsksABusyMemberAgain) {
  // The replies of a session's calls take room until they are acknowledged: a call that was busy
  // for want of room never ends if it does not say what was acknowledged meanwhile.
  std::optional<Received> first;
  n1.on_request([&](FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (!call) return server.carry_out(request);
    if (call->number == api::CallNumber(1)) return void(first = request);
    if (call->acknowledged == api::CallNumber(1)) return server.carry_out(request);
    server.answer(request, api::CommandReply{Outcome::busy, {}, {}});
    if (first) server.carry_out(*std::exchange(first, std::nullopt));
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect(milliseconds(2000));
  const std::string large(200'000, 'x');
  std::vector<std::optional<Result<WriteReply>>> ended(2);
  for (std::size_t i = 0; i < ended.size(); ++i)
    client->put("key" + std::to_string(i), large, {},
                [&end = ended[i]](Result<WriteReply> reply) { end = std::move(reply); });
  ASSERT_TRUE(run_until([&] { return ended[0].has_value() && ended[1].has_value(); }));
  EXPECT_TRUE(*ended[0]);
  ASSERT_TRUE(*ended[1]) << ended[1]->error().detail;
  EXPECT_EQ(n1.calls().back().number, api::CallNumber(2));
  EXPECT_EQ(as_text(std::get<api::Put>(n1.calls().back().operation).value), large);
}

TEST_F(ClientTest, GoesOnInANewSessionWhenItsOldOneHasExpired) {
  n1.on_request([](FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (call && call->session == api::SessionId(101))
      return server.answer(request, api::CommandReply{Outcome::session_expired, {}, {}});
    server.carry_out(request);
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  const auto reply = put(*client);
  ASSERT_TRUE(reply) << reply.error().detail;
  ASSERT_EQ(n1.calls().size(), 2u);
  EXPECT_EQ(n1.calls()[1].session, api::SessionId(102));
  EXPECT_EQ(n1.calls()[1].number, api::CallNumber(1));
}

TEST_F(ClientTest, SaysUnknownWhenTheSessionExpiredAfterACopyWasLost) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) return server.carry_out(request);
    if (server.calls().size() == 1) return server.disconnect();
    server.answer(request, api::CommandReply{Outcome::session_expired, {}, {}});
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::outcome_unknown);
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

TEST_F(ClientTest, NamesItsGroupAndRefusesAnother) {
  for (FakeServer* server : {&n1, &n2, &n3}) server->on_request(carry_out);
  n2.crash();
  n3.crash();
  const auto client = connect(milliseconds(1000));
  ASSERT_TRUE(put(*client));
  n1.set_group({3, 4});
  n1.disconnect();
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().detail, HasSubstr(kOfAnother));
  EXPECT_EQ(n1.hellos().back().group, (gms::model::GroupId{1, 2}));
}

TEST_F(ClientTest, CallsTheGroupThatItMeetsFirstAndNoOther) {
  // All are greeted before any answers, so that no Hello names a group.
  for (FakeServer* server : {&n1, &n2, &n3}) {
    server->on_request(carry_out);
    server->hold_welcomes();
  }
  n1.set_group({3, 4});
  const auto client = connect(milliseconds(1000));
  std::optional<Result<WriteReply>> first;
  put(*client, "key", first);
  ASSERT_TRUE(
      run_until([&] { return n1.hellos().size() + n2.hellos().size() + n3.hellos().size() == 3; }));
  // The search for the leader is on when the other group's member says who it is.
  std::vector<Received> held;
  n2.on_request([&](FakeServer&, const Received& request) { held.push_back(request); });
  n2.release_welcomes();
  ASSERT_TRUE(run_until([&] { return !held.empty(); }));
  n1.release_welcomes();
  n3.release_welcomes();
  ASSERT_TRUE(run_until([&] { return n1.hellos().size() >= 2 || !n1.received().empty(); }));
  n2.on_request(carry_out);
  for (const Received& request : held) n2.carry_out(request);
  ASSERT_TRUE(run_until([&] { return first.has_value(); }));
  ASSERT_TRUE(*first) << first->error().detail;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(*client));
  ASSERT_TRUE(n1.received().empty()) << "a call reached the other group";
  // What is left is the other group alone: nothing is sent to it, and the error says why.
  n2.crash();
  n3.crash();
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().detail, HasSubstr(kOfAnother));
  EXPECT_TRUE(n1.received().empty());
  EXPECT_LE(n1.hellos().size(), 12u) << "its pauses double";
}

TEST_F(ClientTest, DoesNotFollowAHintOrAViewIntoAnotherGroup) {
  n1.set_view(view_of({&n1, &n2}));
  n1.on_request(redirect_to(n2));
  n2.set_group({3, 4});
  n2.on_request(carry_out);
  Options options;
  options.endpoints = {n1.address()};
  options.deadline = milliseconds(500);
  Client client(context, options);
  const auto reply = put(client);
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().detail, HasSubstr(kOfAnother));
  EXPECT_TRUE(n2.received().empty());
}

TEST_F(ClientTest, CallsAMemberThatHasJoinedNoGroupOnceItHas) {
  n1.set_group({});
  n1.set_view(view_of({&n1}));
  n1.on_request(carry_out);
  n2.on_request(carry_out);
  n3.crash();
  const auto client = connect();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(*client));
  // By now it may be a member of any group, but its connection would not tell of which.
  EXPECT_TRUE(n1.received().empty());
  n1.set_group({1, 2});
  n2.crash();
  const auto reply = put(*client);
  ASSERT_TRUE(reply) << reply.error().detail;
  EXPECT_FALSE(n1.calls().empty());
}

TEST_F(ClientTest, AsksAMemberThatHasJoinedNoGroupHowItIs) {
  n1.set_group({});
  n1.on_request([](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::io, "asked");
  });
  n2.crash();
  n3.crash();
  const auto client = connect();
  std::optional<Result<api::StatusReply>> ended;
  client->status(n1.address(), {}, [&](Result<api::StatusReply> reply) { ended = reply; });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_EQ(ended->error(), (Error{ErrorCode::io, "asked"}));
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
