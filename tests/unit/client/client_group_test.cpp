#include <gmock/gmock.h>

#include <vector>

#include "tests/unit/client/client_fixture.hpp"

namespace client::testing {
namespace {

namespace api = kvstore::api;
using ::testing::HasSubstr;

/// Of a member of group {3, 4}, to a client of FakeServer's own group.
constexpr const char* kOfAnother =
    "this member is of group 00000000000000030000000000000004, not of group "
    "00000000000000010000000000000002";

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
  // Nor is anything answered before it was asked again: a client with nothing to do connects
  // nowhere.
  n3.on_request(redirect_to(n2));
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

}  // namespace
}  // namespace client::testing
