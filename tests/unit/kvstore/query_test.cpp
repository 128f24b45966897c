#include "kvstore/api/query.hpp"

#include <gtest/gtest.h>

#include <random>

#include "kvstore/api/client_protocol.hpp"
#include "kvstore/api/command.hpp"
#include "kvstore/api/inspection.hpp"

namespace kvstore::api {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::ErrorCode;
using gms::model::Index;

template <class Value>
Bytes encoded(const Value& value) {
  ByteWriter out;
  encode(value, out);
  return out.take();
}

TEST(Query, ARangeKeepsAllItsParts) {
  const Bytes bytes = encoded(RangeQuery{{ReadLevel::local, Revision(5)},
                                         {as_bytes("a"), as_bytes("b")},
                                         Direction::descending,
                                         RangeContent::keys,
                                         17,
                                         1000});
  const auto query = decode_range_query(bytes);
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->freshness, (Freshness{ReadLevel::local, Revision(5)}));
  EXPECT_EQ(as_text(query->bounds.from), "a");
  EXPECT_EQ(as_text(query->bounds.to), "b");
  EXPECT_EQ(query->direction, Direction::descending);
  EXPECT_EQ(query->content, RangeContent::keys);
  EXPECT_EQ(query->limit, 17U);
  EXPECT_EQ(query->page_bytes, 1000U);
}

TEST(Query, PagesAreCutToTheServersLimit) {
  RangeQuery query;
  query.page_bytes = 0xFFFFFFFF;
  EXPECT_EQ(decode_range_query(encoded(query))->page_bytes, kPageBytesMax);
}

TEST(Query, NothingIsAskedForWithALimitOfZero) {
  RangeQuery query;
  query.limit = 0;
  EXPECT_EQ(decode_range_query(encoded(query)).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(decode_get_query(encoded(GetQuery{})).error().code, ErrorCode::invalid_argument);
}

TEST(Query, AKeyOverTheLimitIsTooLarge) {
  const std::string key(kKeyBytesMax + 1, 'k');
  EXPECT_EQ(decode_get_query(encoded(GetQuery{{}, as_bytes(key)})).error().code,
            ErrorCode::too_large);
}

TEST(Query, PrefixEndsWhereNoLongerKeyBeginsWithIt) {
  EXPECT_EQ(as_text(prefix_end(as_bytes("ab"))), "ac");
  EXPECT_EQ(as_text(prefix_end(as_bytes("a\xFF"))), "b");
  EXPECT_TRUE(prefix_end(as_bytes("\xFF\xFF")).empty());
  EXPECT_TRUE(prefix_end({}).empty());
}

TEST(Query, PairsOfAPageComeBackInOrder) {
  ByteWriter pairs;
  encode_pair({as_bytes("a"), {Revision(1), as_bytes("one")}}, RangeContent::pairs, pairs);
  encode_pair({as_bytes("b"), {Revision(2), {}}}, RangeContent::pairs, pairs);
  const Bytes bytes =
      encoded(RangePage{CursorId(4), Index(9), RangeContent::pairs, 2, pairs.bytes()});
  const auto page = decode_range_page(bytes);
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->cursor, CursorId(4));
  EXPECT_EQ(page->state, Index(9));
  PairReader reader(*page);
  EXPECT_EQ(as_text(reader.next()->row.value), "one");
  EXPECT_EQ(as_text(reader.next()->key), "b");
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_TRUE(reader.ok());
}

TEST(Query, APairThatIsCutOffEndsThePageAsMalformed) {
  ByteWriter pairs;
  encode_pair({as_bytes("a"), {Revision(1), as_bytes("one")}}, RangeContent::pairs, pairs);
  for (std::size_t size = 1; size < pairs.bytes().size(); ++size) {
    RangePage page;
    page.pairs = ByteSpan(pairs.bytes()).first(size);
    PairReader reader(page);
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_FALSE(reader.ok());
  }
}

StatusReply status_sample() {
  StatusReply status;
  status.group = {1, 2};
  status.member = {gms::model::NodeId(3), gms::model::Incarnation(4)};
  status.name = "n1";
  status.role_code = MemberRole::leader;
  status.role = "leader";
  status.epoch = gms::model::Epoch(5);
  status.leader = "n1";
  status.last = Index(9);
  status.commit = Index(8);
  status.applied = Index(7);
  status.digest = Digest(6);
  status.view.view.seq = gms::model::ViewSeq(1);
  status.view.view.members = {{status.member, "n1", "127.0.0.1:7500", "127.0.0.1:7400"}};
  status.view.view.up = {status.member};
  status.view.view.subject = status.member;
  status.clock = gms::model::GroupClock(10);
  status.heard_within = gms::model::Duration(11);
  status.maintenance_max = gms::model::Duration(12);
  status.write_refusal = WriteRefusal::disk_low;
  status.refusing_writes = "the disk is full";
  status.diverged = true;
  status.peers = {{status.member, "n2", Index(1), Index(2), gms::model::Duration(3), true, false,
                   true, false, 4},
                  {status.member, "n3", Index(1), Index(2), gms::model::Duration(3), false, true,
                   false, true, std::nullopt}};
  status.counters = {{"log.syncs", 12}};
  return status;
}

TEST(Inspection, EncodingIsReversedByDecoding) {
  const StatusReply status = status_sample();
  EXPECT_EQ(decode_status_reply(encoded(status)).value(), status);
  const MembersReply members{status.view, "n1"};
  EXPECT_EQ(decode_members_reply(encoded(members)).value(), members);
  const DigestReply digest{DigestState::ready, DigestDepth::deep, Digest(1), Digest(2), 3};
  EXPECT_EQ(decode_digest_reply(encoded(digest)).value(), digest);
  const EventsReply events{{{EventSeq(1), 2, "view", "n2 is down"}}};
  EXPECT_EQ(decode_events_reply(encoded(events)).value(), events);
  const ViewsReply views{{{status.view, "n3", ViewReason::asked, 13}}};
  EXPECT_EQ(decode_views_reply(encoded(views)).value(), views);
  const AdminQuery leave{AdminAction::leave, "n2"};
  EXPECT_EQ(decode_admin_query(encoded(leave)).value(), leave);
  const AdminQuery rest{AdminAction::maintenance, "n2", gms::model::Duration(600'000)};
  EXPECT_EQ(decode_admin_query(encoded(rest)).value(), rest);
}

TEST(Inspection, EveryTruncationIsRefused) {
  const Bytes bytes = encoded(status_sample());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_status_reply(ByteSpan(bytes).first(size)).has_value()) << size;
}

TEST(Inspection, AnUnknownRoleOrRefusalIsRefused) {
  StatusReply status = status_sample();
  for (const auto role : {MemberRole(0), MemberRole(7)}) {
    status.role_code = role;
    EXPECT_FALSE(decode_status_reply(encoded(status)).has_value());
  }
  status = status_sample();
  for (const auto refusal : {WriteRefusal(0), WriteRefusal(5)}) {
    status.write_refusal = refusal;
    EXPECT_FALSE(decode_status_reply(encoded(status)).has_value());
  }
}

TEST(Inspection, ARoleHasTheNameThatTheProtocolGivesIt) {
  EXPECT_EQ(to_string(MemberRole::joiner), "joiner");
  EXPECT_EQ(to_string(MemberRole::precandidate), "precandidate");
  EXPECT_EQ(to_string(MemberRole::leader), "leader");
}

TEST(Inspection, AClaimedLengthIsNotAllocated) {
  ByteWriter out;
  out.u32(0xFFFFFFFF);
  EXPECT_FALSE(decode_events_reply(out.bytes()).has_value());
}

TEST(ClientProtocol, EncodingIsReversedByDecoding) {
  const Hello hello{kClientProtocolVersion, {1, 2}};
  EXPECT_EQ(decode_hello(encoded(hello)).value(), hello);
  Welcome welcome;
  welcome.name = "n1";
  EXPECT_EQ(decode_welcome(encoded(welcome)).value(), welcome);

  const Bytes request_bytes = encoded(
      Request{RequestId(9), std::chrono::milliseconds(250), RequestKind::get, as_bytes("body")});
  const auto request = decode_request(request_bytes);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->id, RequestId(9));
  EXPECT_EQ(request->deadline, std::chrono::milliseconds(250));
  EXPECT_EQ(request->kind, RequestKind::get);
  EXPECT_EQ(as_text(request->body), "body");

  const Bytes reply_bytes = encoded(
      Reply{RequestId(9), ErrorCode::io, Index(3), {"n2", "127.0.0.1:7401"}, as_bytes("why")});
  const auto reply = decode_reply(reply_bytes);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->error, ErrorCode::io);
  EXPECT_EQ(reply->applied, Index(3));
  EXPECT_EQ(reply->leader, (LeaderHint{"n2", "127.0.0.1:7401"}));
  EXPECT_EQ(as_text(reply->body), "why");
}

TEST(ClientProtocol, TheWelcomeTellsTheLimitsThatAServerEnforces) {
  const Welcome welcome;
  for (const std::size_t over : {0, 1}) {
    const Bytes key(welcome.key_bytes_max + over);
    EXPECT_EQ(decode_get_query(encoded(GetQuery{{}, key})).has_value(), over == 0);
    const Bytes value(welcome.value_bytes_max + over);
    const Call put{SessionId(1), CallNumber(1), {}, Put{as_bytes("key"), value, {}, {}}};
    EXPECT_EQ(decode_command(encoded(Command(put))).has_value(), over == 0);
    RangeQuery range;
    range.page_bytes = welcome.page_bytes_max + static_cast<std::uint32_t>(over);
    EXPECT_EQ(decode_range_query(encoded(range))->page_bytes, welcome.page_bytes_max);
  }
  EXPECT_EQ(welcome.unacknowledged_calls_max, kUnacknowledgedCallsMax);
}

TEST(ClientProtocol, ABusyReplyTellsWhenToAskAgain) {
  const std::chrono::milliseconds retry_after(1500);
  const Bytes bytes = encoded(
      Reply{RequestId(9), ErrorCode::busy, Index(3), {"n2", "a"}, as_bytes("why"), retry_after});
  const auto reply = decode_reply(bytes);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->error, ErrorCode::busy);
  EXPECT_EQ(reply->retry_after, retry_after);
  EXPECT_EQ(reply->applied, Index(3));
  EXPECT_EQ(reply->leader, (LeaderHint{"n2", "a"}));
  EXPECT_EQ(as_text(reply->body), "why");
}

TEST(ClientProtocol, AnUnknownKindOrCodeIsRefused) {
  Bytes request = encoded(Request{RequestId(9), {}, RequestKind::get, {}});
  request[12] = std::byte{99};
  EXPECT_FALSE(decode_request(request).has_value());
  Bytes reply = encoded(Reply{});
  reply[8] = std::byte{99};
  EXPECT_FALSE(decode_reply(reply).has_value());
}

TEST(ClientProtocol, AHelloOfAnotherVersionTellsItsVersion) {
  ByteWriter out;
  out.u32(99);
  out.raw(as_bytes("what it says we do not know"));
  EXPECT_EQ(decode_hello(out.bytes())->version, 99U);
  EXPECT_EQ(decode_welcome(out.bytes())->version, 99U);
}

TEST(ClientProtocol, RandomBytesNeverCrashADecoder) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 50'000; ++round) {
    Bytes bytes(random() % 96);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 7);
    (void)decode_hello(bytes);
    (void)decode_welcome(bytes);
    (void)decode_request(bytes);
    (void)decode_reply(bytes);
    (void)decode_get_query(bytes);
    (void)decode_range_query(bytes);
    (void)decode_get_reply(bytes);
    (void)decode_status_reply(bytes);
    (void)decode_members_reply(bytes);
    (void)decode_digest_reply(bytes);
    (void)decode_events_reply(bytes);
    (void)decode_views_reply(bytes);
    (void)decode_admin_query(bytes);
    if (const auto page = decode_range_page(bytes)) {
      PairReader reader(*page);
      while (reader.next()) continue;
    }
  }
}

}  // namespace
}  // namespace kvstore::api
