#include <gmock/gmock.h>

#include <vector>

#include "tests/unit/client/client_fixture.hpp"

namespace client::testing {
namespace {

namespace api = kvstore::api;
using gms::model::as_text;
using ::testing::HasSubstr;

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

TEST_F(ClientTest, SaysUnknownWhenTheAnswerToAWriteCannotBeRead) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) return server.carry_out(request);
    server.answer(request, gms::model::Bytes(3));
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto reply = put(*connect());
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::outcome_unknown);
  EXPECT_THAT(reply.error().detail, HasSubstr("its answer cannot be read"));
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

class ClientThatIsRefused : public ClientTest, public ::testing::WithParamInterface<ErrorCode> {};

TEST_P(ClientThatIsRefused, ByOneMemberSaysUnknownOfAWriteThatAnotherTook) {
  n1.on_request([](FakeServer& server, const Received& request) {
    if (request.is_registration()) return server.carry_out(request);
    server.crash();
  });
  const auto refuse = [&](FakeServer& server, const Received& request) {
    if (request.is_registration()) return redirect_to(n1)(server, request);
    server.refuse(request, GetParam(), "not here");
  };
  n2.on_request(refuse);
  n3.on_request(refuse);
  const auto client = connect();
  const auto reply = put(*client);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), (Error{ErrorCode::outcome_unknown, "not here"}));
}

// Limits may differ where members are of two versions.
INSTANTIATE_TEST_SUITE_P(Codes, ClientThatIsRefused,
                         ::testing::Values(ErrorCode::corrupt, ErrorCode::too_large,
                                           ErrorCode::invalid_argument),
                         [](const auto& code) { return std::string(to_string(code.param)); });

TEST_F(ClientTest, SaysOfAReadThatNobodyAnswersThatItIsUnavailable) {
  for (FakeServer* server : {&n1, &n2, &n3})
    server->on_request([](FakeServer& self, const Received& request) {
      self.refuse(request, ErrorCode::unavailable, "an election is running");
    });
  const auto client = connect(milliseconds(800));
  std::optional<Result<std::optional<Value>>> ended;
  client->get("key", {}, [&](Result<std::optional<Value>> value) { ended = std::move(value); });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, ErrorCode::unavailable);
  EXPECT_THAT(ended->error().detail, HasSubstr("an election is running"));
}

TEST_F(ClientTest, TimesOutWhenAReadIsNotAnsweredForNoKnownReason) {
  for (FakeServer* server : {&n1, &n2, &n3}) server->on_request(keep_silent);
  const auto client = connect(milliseconds(500));
  std::optional<Result<std::optional<Value>>> ended;
  client->get("key", {}, [&](Result<std::optional<Value>> value) { ended = std::move(value); });
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().code, ErrorCode::timed_out);
}

TEST_F(ClientTest, SaysWhyThereIsNoSessionAsItIsNow) {
  bool is_full = true;
  const auto refuse = [&](FakeServer& server, const Received& request) {
    if (is_full) return server.refuse(request, ErrorCode::busy, "the disk is full");
    server.refuse(request, ErrorCode::unavailable, "no leader is known");
  };
  for (FakeServer* server : {&n1, &n2, &n3}) server->on_request(refuse);
  const auto client = connect(milliseconds(2500));
  std::optional<Result<WriteReply>> ended;
  put(*client, "key", ended);
  ASSERT_TRUE(run_until([&] { return !n1.received().empty(); }));
  is_full = false;
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_NE(ended->error().code, ErrorCode::busy) << ended->error().detail;
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
  EXPECT_EQ(n1.calls().size(), 3u) << "nothing is sent between two sessions";
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

/// Carries out one call, whose reply takes all the room of the session until it is acknowledged.
class SmallSession {
 public:
  void operator()(FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (!call) return server.carry_out(request);
    std::erase_if(held_, [&](api::CallNumber number) { return number <= call->acknowledged; });
    if (!held_.empty() && !held_.contains(call->number))
      return server.answer(request, api::CommandReply{Outcome::busy, {}, {}});
    held_.insert(call->number);
    server.carry_out(request);
  }

 private:
  std::set<api::CallNumber> held_;
};

TEST_F(ClientTest, GivesACallAnotherNumberThatItsSessionHasNoRoomFor) {
  // With the number that it had it would keep the calls that overtake it from being acknowledged,
  // and they would have the room that it waits for.
  n1.on_request(SmallSession());
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect(milliseconds(2000));
  std::vector<Result<WriteReply>> ended;
  std::function<void(Result<WriteReply>)> next = [&](Result<WriteReply> reply) {
    ended.push_back(std::move(reply));
    if (ended.size() < 40) client->put("key", "value", {}, next);
  };
  for (int i = 0; i < 3; ++i) client->put("key", "value", {}, next);
  ASSERT_TRUE(run_until([&] { return ended.size() == 42; }));
  for (const auto& reply : ended) EXPECT_TRUE(reply) << reply.error().detail;
}

TEST_F(ClientTest, AcknowledgesAnewWhenItAsksABusyMemberAgain) {
  // A copy of the second call was lost and may be executed, so it keeps its number.
  std::optional<Received> first;
  bool lost = false;
  n1.on_request([&](FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (!call) return server.carry_out(request);
    if (call->number == api::CallNumber(1)) return void(first = request);
    if (!std::exchange(lost, true)) return server.disconnect();
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
    if (server.calls().size() > 2) return server.carry_out(request);
    server.answer(request, api::CommandReply{Outcome::session_expired, {}, {}});
  });
  n2.on_request(redirect_to(n1));
  n3.on_request(redirect_to(n1));
  const auto client = connect();
  const auto reply = put(*client);
  ASSERT_FALSE(reply) << "it may be done twice";
  EXPECT_EQ(reply.error().code, ErrorCode::outcome_unknown);
  EXPECT_EQ(n1.calls().size(), 2u);
}

}  // namespace
}  // namespace client::testing
