#include "gms/model/view.hpp"

#include <gtest/gtest.h>

#include "gms/model/mark.hpp"

namespace gms::model {
namespace {

MemberId member_id(std::uint64_t node) {
  return {NodeId(node), Incarnation(node * 10)};
}

View three_members() {
  View view;
  view.seq = ViewSeq(4);
  for (const std::uint64_t node : {1U, 2U, 3U}) {
    const std::string name = "n" + std::to_string(node);
    view.members.push_back({member_id(node), name, name + ":7500", name + ":7400"});
  }
  view.up = {member_id(1), member_id(3)};
  view.maintenance = {{member_id(2), GroupClock(700)}};
  view.cause = ViewCause::down;
  view.subject = member_id(2);
  return view;
}

TEST(View, IsReadAsItWasWritten) {
  const View view = three_members();
  const auto read = decode_view(encode(view));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, view);
}

TEST(View, RefusesEveryTruncationAndAByteTooMany) {
  Bytes bytes = encode(three_members());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto read = decode_view(ByteSpan(bytes).first(size));
    ASSERT_FALSE(read.has_value()) << size << " bytes";
    EXPECT_EQ(read.error().code, ErrorCode::corrupt);
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(decode_view(bytes).has_value());
}

TEST(View, RefusesMembersOutOfOrderOrTwice) {
  View swapped = three_members();
  std::swap(swapped.members[0], swapped.members[1]);
  EXPECT_FALSE(decode_view(encode(swapped)).has_value());
  View twice = three_members();
  twice.members[1] = twice.members[0];
  EXPECT_FALSE(decode_view(encode(twice)).has_value());
}

TEST(View, RefusesSomebodyUpWhoIsNoVoter) {
  View view = three_members();
  view.up = {member_id(1), member_id(4)};
  EXPECT_FALSE(decode_view(encode(view)).has_value());
}

TEST(View, RefusesMaintenanceOfSomebodyWhoIsNoVoterAndOutOfOrder) {
  View view = three_members();
  view.maintenance = {{member_id(4), GroupClock(1)}};
  EXPECT_FALSE(decode_view(encode(view)).has_value());
  view.maintenance = {{member_id(3), GroupClock(1)}, {member_id(1), GroupClock(1)}};
  EXPECT_FALSE(decode_view(encode(view)).has_value());
  view.maintenance = {{member_id(3), GroupClock(1)}, {member_id(3), GroupClock(2)}};
  EXPECT_FALSE(decode_view(encode(view)).has_value());
}

TEST(View, OfADeadMemberAndItsSuccessorTheNameIsTheLivingOnes) {
  View view = three_members();
  view.members[1].name = "n3";
  EXPECT_EQ(view.find_name("n3"), view.find(member_id(3)));
  view.up = {member_id(1), member_id(2)};
  EXPECT_EQ(view.find_name("n3"), view.find(member_id(2)));
}

TEST(View, FindsItsVotersByIdAndByName) {
  const View view = three_members();
  ASSERT_NE(view.find(member_id(2)), nullptr);
  EXPECT_EQ(view.find(member_id(2))->name, "n2");
  EXPECT_EQ(view.find_name("n3"), view.find(member_id(3)));
  EXPECT_EQ(view.find_name("n4"), nullptr);
  EXPECT_TRUE(view.has_voter(member_id(2)));
  EXPECT_FALSE(view.is_up(member_id(2)));
  EXPECT_TRUE(view.is_up(member_id(3)));
}

TEST(View, AnotherIncarnationIsAnotherMember) {
  const View view = three_members();
  EXPECT_FALSE(view.has_voter({NodeId(2), Incarnation(21)}));
}

TEST(View, CountsTheVotersThatTwoViewsDoNotShare) {
  const View three = three_members();
  View two = three;
  two.members.pop_back();
  View other = two;
  other.members.push_back({member_id(5), "n5", "n5:7500", ""});
  EXPECT_EQ(voters_changed(three, three), 0U);
  EXPECT_EQ(voters_changed(three, two), 1U);
  EXPECT_EQ(voters_changed(two, three), 1U);
  EXPECT_EQ(voters_changed(three, other), 2U);
}

Mark some_mark() {
  return {{{Epoch(3), Index(9)}, EntryHash(77), GroupClock(5)},
          {three_members(), {Epoch(2), Index(4)}},
          {{member_id(1), BootSeq(2), MulticastSeq(8)}, {member_id(3), BootSeq(1), {}}}};
}

TEST(Mark, IsReadAsItWasWritten) {
  const auto read = decode_mark(encode(some_mark()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, some_mark());
}

TEST(Mark, RefusesEveryTruncation) {
  const Bytes bytes = encode(some_mark());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_mark(ByteSpan(bytes).first(size)).has_value()) << size << " bytes";
}

}  // namespace
}  // namespace gms::model
