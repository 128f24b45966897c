#include <gmock/gmock.h>

#include "client/call_table.hpp"
#include "client/endpoint_book.hpp"
#include "client/own_calls.hpp"
#include "client/session_calls.hpp"

namespace client::testing {
namespace {

using gms::model::View;
using ::testing::HasSubstr;

std::unique_ptr<PendingCall> some_call() {
  return std::make_unique<RegistrationCall>([](const auto&) {});
}

View view_at(std::uint64_t seq, const std::vector<std::string>& addresses) {
  View view;
  view.seq = gms::model::ViewSeq(seq);
  for (const std::string& address : addresses) {
    const gms::model::NodeId node(view.members.size() + 1);
    view.members.push_back({{node, gms::model::Incarnation(1)}, address, "", address});
  }
  return view;
}

TEST(CallTable, ALateReplyDoesNotFindTheCallThatTookThePlace) {
  CallTable table;
  const auto first = table.add(some_call()).id;
  EXPECT_NE(table.find(first), nullptr);
  (void)table.remove(first);
  EXPECT_EQ(table.find(first), nullptr);
  PendingCall& second = table.add(some_call());
  EXPECT_EQ(table.find(first), nullptr);
  EXPECT_EQ(table.find(second.id), &second);
}

TEST(SessionCalls, HaveHalfAsManyUnderWayOnceTheirSessionIsFull) {
  namespace api = kvstore::api;
  SessionCalls calls;
  calls.open(api::SessionId(7));
  for (int i = 0; i < 8; ++i) (void)calls.take();
  EXPECT_FALSE(calls.has_room(8));
  EXPECT_TRUE(calls.has_room(9));
  calls.narrow();
  for (std::uint64_t number = 1; number <= 4; ++number) calls.finish(api::CallNumber(number));
  EXPECT_EQ(calls.in_flight(), 4U);
  EXPECT_TRUE(calls.has_room(100)) << "four were finished, so there may be five";
  (void)calls.take();
  EXPECT_FALSE(calls.has_room(100));
  for (std::uint64_t number = 5; number <= 9; ++number) calls.finish(api::CallNumber(number));
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(calls.has_room(100));
    (void)calls.take();
  }
  EXPECT_FALSE(calls.has_room(100));
  calls.narrow();
  for (std::uint64_t number = 10; number <= 15; ++number) calls.finish(api::CallNumber(number));
  for (int i = 0; i < 20; ++i) (void)calls.take();
  calls.narrow();
  for (std::uint64_t number = 16; number <= 31; ++number) calls.finish(api::CallNumber(number));
  EXPECT_EQ(calls.in_flight(), 4U);
  for (int i = 0; i < 3; ++i) (void)calls.take();
  EXPECT_FALSE(calls.has_room(100)) << "such an answer never means that there is more room";
  calls.open(api::SessionId(8));
  for (int i = 0; i < 50; ++i) (void)calls.take();
  EXPECT_TRUE(calls.has_room(51)) << "a new session has all its room";
}

TEST(EndpointBook, KeepsTheNewestViewThatItWasTold) {
  EndpointBook book({});
  book.learn(view_at(3, {"a", "b"}));
  book.learn(view_at(2, {"a", "b", "c"}));
  EXPECT_THAT(book.missing(Clock::now()), HasSubstr("0 of 2 members"));
  book.learn(view_at(4, {"a", "b", "c"}));
  EXPECT_THAT(book.missing(Clock::now()), HasSubstr("0 of 3 members"));
}

}  // namespace
}  // namespace client::testing
