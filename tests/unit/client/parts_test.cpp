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

/// A book that was given `given`, with strangers in all other places.
EndpointBook full_book(const std::vector<std::string>& given) {
  EndpointBook book(given);
  book.learn(view_at(1, {"voter"}));
  for (int i = 0; book.at(std::to_string(i)) != nullptr;) ++i;
  return book;
}

TEST(EndpointBook, GivesThePlaceOfWhoIsRemovedToTheNext) {
  EndpointBook book = full_book({"given"});
  ASSERT_EQ(book.strangers().size(), EndpointBook::kEndpointsMax - 2);
  EXPECT_EQ(book.at("new"), nullptr);
  Endpoint& removed = *book.strangers()[7];
  const std::size_t place = removed.index;
  book.remove(removed);
  Endpoint* added = book.at("new");
  ASSERT_NE(added, nullptr);
  EXPECT_EQ(added->index, place);
  EXPECT_EQ(&book[place], added);
  EXPECT_EQ(book.at("newer"), nullptr);
  std::uint64_t bits = 0;
  for (const auto& endpoint : book) bits |= endpoint->bit();
  EXPECT_EQ(bits, ~std::uint64_t{0}) << "each has a bit of its own";
}

TEST(EndpointBook, CountsAFormerVoterAsAStrangerUnlessItWasGiven) {
  EndpointBook book({"given"});
  book.learn(view_at(1, {"given", "a", "b"}));
  EXPECT_TRUE(book.strangers().empty());
  book.learn(view_at(2, {"b"}));
  ASSERT_EQ(book.strangers().size(), 1U);
  EXPECT_EQ(book.strangers()[0]->address, "a");
}

TEST(EndpointBook, KnowsNoStrangersBeforeItKnowsAView) {
  EndpointBook book({"given"});
  (void)book.at("hinted");
  EXPECT_TRUE(book.strangers().empty());
  book.learn(view_at(1, {"given"}));
  EXPECT_EQ(book.strangers().size(), 1U);
}

TEST(EndpointBook, PutsVotersInThePlacesOfStrangersBeforeThoseOfTheGiven) {
  EndpointBook book = full_book({"given"});
  EXPECT_EQ(book.in_the_way(), nullptr);
  book.learn(view_at(2, {"voter", "x", "y"}));
  for (int i = 0; i < 2; ++i) {
    const Endpoint* stranger = book.in_the_way();
    ASSERT_NE(stranger, nullptr);
    EXPECT_TRUE(book.is_stranger(*stranger));
    book.remove(*stranger);
  }
  EXPECT_EQ(book.in_the_way(), nullptr);
  EXPECT_THAT(book.missing(Clock::now()), HasSubstr("0 of 3 members"));
}

TEST(EndpointBook, PutsAVoterInThePlaceOfAGivenOneWhereThatIsAllThereIs) {
  std::vector<std::string> given;
  for (std::size_t i = 0; i < EndpointBook::kEndpointsMax; ++i) given.push_back(std::to_string(i));
  EndpointBook book(given);
  std::vector<std::string> voters(given.begin(), given.end() - 1);
  voters.insert(voters.end(), {"x", "y"});
  book.learn(view_at(1, voters));
  const Endpoint* last = book.in_the_way();
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->address, given.back());
  book.remove(*last);
  EXPECT_EQ(book.in_the_way(), nullptr) << "all are voters";
}

}  // namespace
}  // namespace client::testing
