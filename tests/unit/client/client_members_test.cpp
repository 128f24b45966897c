#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "client/endpoint_book.hpp"
#include "tests/unit/client/client_fixture.hpp"

namespace client::testing {
namespace {

namespace api = kvstore::api;
using ::testing::HasSubstr;

gms::model::View view_at(std::uint64_t seq, const std::vector<const FakeServer*>& servers) {
  gms::model::View view = view_of(servers);
  view.seq = gms::model::ViewSeq(seq);
  return view;
}

/// A client that was given n1 alone.
class ClientMembersTest : public ClientTest {
 protected:
  ClientMembersTest() {
    n1.on_request(carry_out);
    n2.on_request(carry_out);
    options.endpoints = {n1.address()};
    options.deadline = milliseconds(2000);
  }

  /// n1 has that view, and the client learns it. Its connection to n1 is another one then.
  void learn(Client& client, std::uint64_t seq, const std::vector<const FakeServer*>& servers) {
    const std::size_t greeted = n1.hellos().size();
    n1.set_view(view_at(seq, servers));
    n1.disconnect();
    while (n1.hellos().size() == greeted) await_answer(client, n1);
    // What was asked with the connection's first requests is answered before this.
    await_answer(client, n1);
  }
  void await_answer(Client& client, const FakeServer& server) {
    std::optional<Result<api::StatusReply>> ended;
    ask(client, server, ended);
    ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  }
  using ClientTest::put;
  /// Asks that member how it is; `ended` gets the answer.
  void ask(Client& client, const FakeServer& server,
           std::optional<Result<api::StatusReply>>& ended) {
    client.status(server.address(), {}, [&](Result<api::StatusReply> reply) { ended = reply; });
  }

  Options options;
};

TEST_F(ClientMembersTest, ReachesAGroupWhoseMembersWereReplacedMoreOftenThanItHasPlaces) {
  Client client(context, options);
  ASSERT_TRUE(put(client));
  std::vector<std::unique_ptr<FakeServer>> members;
  FakeServer* last = &n1;
  for (std::uint64_t seq = 1; seq <= EndpointBook::kEndpointsMax + 6; ++seq) {
    FakeServer& next = *members.emplace_back(std::make_unique<FakeServer>(context, "next"));
    next.on_request(carry_out);
    for (FakeServer* server : {last, &next}) server->set_view(view_at(seq, {&next}));
    last->on_request(redirect_to(next));
    last->disconnect();
    const auto reply = put(client);
    ASSERT_TRUE(reply) << reply.error().detail << " in view " << seq;
    last->crash();
    last = &next;
  }
}

TEST_F(ClientMembersTest, LeavesAFormerMemberAloneOnceItHasAnswered) {
  Client client(context, options);
  n2.on_request(redirect_to(n1));
  learn(client, 1, {&n1, &n2});
  std::vector<Received> held;
  n2.on_request([&](FakeServer&, const Received& request) { held.push_back(request); });
  std::optional<Result<api::StatusReply>> ended;
  ask(client, n2, ended);
  ASSERT_TRUE(run_until([&] { return !held.empty(); }));
  learn(client, 2, {&n1});
  EXPECT_FALSE(ended);
  n2.refuse(held[0], ErrorCode::io, "asked");
  ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
  EXPECT_EQ(ended->error(), (Error{ErrorCode::io, "asked"}));
  EXPECT_TRUE(run_until([&] { return n2.connections_open() == 0; }));
  // While calls are open, those that are of use are connected to again and again.
  const std::size_t greeted = n2.hellos().size();
  n1.crash();
  EXPECT_FALSE(put(client));
  EXPECT_EQ(n2.hellos().size(), greeted);
}

TEST_F(ClientMembersTest, ForgetsAnAddressThatNobodyAnswersAt) {
  Client client(context, options);
  learn(client, 1, {&n1});
  n2.crash();
  std::vector<std::unique_ptr<FakeServer>> dead;
  for (std::size_t i = 0; i <= EndpointBook::kEndpointsMax; ++i) {
    dead.push_back(std::make_unique<FakeServer>(context, "dead"));
    dead.back()->crash();
    std::optional<Result<api::StatusReply>> ended;
    ask(client, *dead.back(), ended);
    ASSERT_TRUE(run_until([&] { return ended.has_value(); }));
    EXPECT_EQ(ended->error(), (Error{ErrorCode::unavailable, "connection refused"}));
  }
}

TEST_F(ClientMembersTest, GivesAVoterThePlaceOfAnAddressThatIsOnlyAsked) {
  Client client(context, options);
  learn(client, 1, {&n1});
  std::vector<std::unique_ptr<FakeServer>> others;
  std::vector<std::optional<Result<api::StatusReply>>> ended(EndpointBook::kEndpointsMax);
  for (auto& one : ended) {
    others.push_back(std::make_unique<FakeServer>(context, "other"));
    ask(client, *others.back(), one);
  }
  const auto count_ended = [&] {
    return std::ranges::count_if(ended, [](const auto& one) { return one.has_value(); });
  };
  ASSERT_TRUE(run_until([&] { return count_ended() == 1; }));
  ASSERT_TRUE(ended.back()) << "all other places are taken";
  EXPECT_EQ(ended.back()->error(), (Error{ErrorCode::unavailable, "too many addresses"}));
  learn(client, 2, {&n1, &n2});
  EXPECT_TRUE(run_until([&] { return n2.connections_open() == 1; }));
  EXPECT_EQ(count_ended(), 2);
  ASSERT_TRUE(ended.front());
  EXPECT_EQ(ended.front()->error(), (Error{ErrorCode::unavailable, "too many addresses"}));
  EXPECT_TRUE(run_until([&] { return others.front()->connections_open() == 0; }));
}

TEST_F(ClientMembersTest, StaysWithItsLeaderWhateverTheViewSays) {
  n1.on_request(redirect_to(n2));
  n1.set_view(view_at(1, {&n1, &n2}));
  Client client(context, options);
  ASSERT_TRUE(put(client));
  learn(client, 2, {&n1});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(put(client));
  EXPECT_EQ(n2.hellos().size(), 1U);
}

}  // namespace
}  // namespace client::testing
