#include "kvstore/server/request_service.hpp"

#include <gtest/gtest.h>

#include <map>

#include "kvstore/api/command.hpp"
#include "tests/unit/kvstore/damaged_store.hpp"

namespace kvstore::server {
namespace {

using namespace std::chrono_literals;
using api::RequestKind;
using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Instant;
using gms::model::MemberId;
using gms::model::Result;
using gms::model::Ticket;

const MemberContact kOther{"n2", "127.0.0.1:7402"};
const MemberId kOtherId{gms::model::NodeId(2), gms::model::Incarnation(2)};

/// A reply as a client would get it.
struct Got {
  std::uint64_t request = 0;
  std::optional<ErrorCode> error;
  std::string body;
  std::string leader;
  std::chrono::milliseconds retry_after{};
};

class RecordingReplies final : public ReplyPort {
 public:
  void reply(const Origin& origin, const api::Reply& reply) override {
    got.push_back({origin.request.value(), reply.error, std::string(as_text(reply.body)),
                   std::string(reply.leader.name), reply.retry_after});
  }
  bool is_open(ConnectionKey) const override { return open; }
  bool has_room(ConnectionKey) const override { return room; }

  std::vector<Got> got;
  bool open = true;
  bool room = true;
};

class FakeOrdering final : public Ordering {
 public:
  Result<Ticket> propose(ByteSpan command) override {
    if (failure) return *failure;
    proposed.emplace_back(command.begin(), command.end());
    return ++last;
  }
  Result<Ticket> read_barrier() override {
    if (failure) return *failure;
    if (!barrier) barrier = ++last;
    return *barrier;
  }
  Result<Ticket> administer(const api::AdminQuery& query) override {
    if (query.name != "n2") return Error{ErrorCode::not_found, "no such member"};
    return ++last;
  }

  std::optional<Error> failure;
  std::vector<Bytes> proposed;
  /// Of this turn.
  std::optional<Ticket> barrier;
  Ticket last;
};

class FakeInspection final : public Inspection {
 public:
  api::StatusReply status() const override {
    api::StatusReply status;
    status.view.view.members = {{kOtherId, "n2", "", ""}};
    status.view.view.up = {kOtherId};
    status.view.view.subject = kOtherId;
    status.counters = {{"figure.of_the_member", 1}};
    return status;
  }
  api::MembersReply members() const override { return {}; }
  api::EventsReply events(const api::EventsQuery&) const override { return {}; }
  api::ViewsReply views() const override { return {{api::ViewReport{{}, "n2", {}, 5}}}; }
  MemberContact contact(MemberId member) const override {
    return member == kOtherId ? kOther : MemberContact();
  }
};

class RequestServiceTest : public ::testing::Test {
 protected:
  RequestServiceTest() {
    limits.held_requests_max = 3;
    service = std::make_unique<RequestService>(
        RequestService::Parts{*replica, writes, answers, ordering, inspection}, limits);
  }

  void lead() { service->stand({LeaderPlace::here, {}, {}, {}, {}}, now); }
  void follow() { service->stand({LeaderPlace::elsewhere, kOther, {}, {}, {}}, now); }

  template <class Body>
  void take(std::uint64_t id, RequestKind kind, const Body& body, gms::model::Duration deadline) {
    gms::model::ByteWriter out;
    encode(body, out);
    const api::Request request{api::RequestId(id), deadline, kind, out.bytes()};
    service->take({{1, 1}, 10, request.id}, request, now);
  }
  void put(std::uint64_t id, const char* key, gms::model::Duration deadline = 1s) {
    const api::Call call{
        api::SessionId(1), api::CallNumber(id), {}, api::Put{as_bytes(key), as_bytes("v"), {}, {}}};
    take(id, RequestKind::write, api::Command(call), deadline);
  }
  void erase(std::uint64_t id, const char* key) {
    const api::Call call{
        api::SessionId(1), api::CallNumber(id), {}, api::Erase{as_bytes(key), {}, {}}};
    take(id, RequestKind::write, api::Command(call), 1s);
  }
  void get(std::uint64_t id, api::Freshness freshness) {
    take(id, RequestKind::get, api::GetQuery{freshness, as_bytes("key")}, 1s);
  }
  /// Asks for all keys, one a page.
  void range(std::uint64_t id) {
    api::RangeQuery query;
    query.freshness = {api::ReadLevel::local, {}};
    query.content = api::RangeContent::keys;
    query.page_bytes = 1;
    take(id, RequestKind::range, query, 1s);
  }
  using Figures = std::map<std::string, std::uint64_t>;
  /// The counters of the status that a client is told now.
  Figures figures_of_status() {
    const api::Request request{api::RequestId(99), {}, RequestKind::status, {}};
    service->take({{1, 1}, 10, request.id}, request, now);
    Figures figures;
    const auto status = api::decode_status_reply(as_bytes(got().back().body));
    for (const api::Counter& counter : status.value().counters)
      figures[counter.name] = counter.value;
    return figures;
  }
  /// Has two keys here.
  void store_two_keys() {
    lead();
    const gms::model::Bytes registration = encoded(api::RegisterSession{api::Nonce(1)});
    deliver({registration}, Ticket(1));
    for (std::uint64_t number = 1; number <= 2; ++number) {
      const std::string key = "key" + std::to_string(number);
      const api::Call call{api::SessionId(1),
                           api::CallNumber(number),
                           {},
                           api::Put{as_bytes(key), as_bytes("v"), {}, {}}};
      deliver({encoded(call)}, Ticket(1 + number));
    }
  }
  static gms::model::Bytes encoded(const api::Command& command) {
    gms::model::ByteWriter out;
    encode(command, out);
    return out.take();
  }
  /// Delivers the proposals to the replica as one batch, under their tickets from `first` on.
  void deliver(const std::vector<Bytes>& commands, Ticket first) {
    gms::model::DeliveryBatch batch;
    for (const Bytes& command : commands) {
      ++index;
      gms::model::Delivery delivery;
      delivery.position = {gms::model::Epoch(1), index};
      delivery.ticket = first;
      delivery.payload = command;
      batch.deliveries.push_back(delivery);
      ++first;
    }
    batch.last = index;
    batch.mark = Bytes(1);
    ASSERT_TRUE(replica->deliver(batch).has_value());
    service->on_applied(now);
  }
  [[nodiscard]] const std::vector<Got>& got() const { return replies.got; }

  Instant now{100s};
  ServiceLimits limits;
  RecordingReplies replies;
  Answers answers{replies};
  WriteDesk writes{answers};
  storage::MemoryImage image;
  storage::MemoryStore memory{image};
  storage::DamagedStore store{memory};
  std::unique_ptr<replica::Replica> replica = *replica::Replica::open(store, writes);
  FakeOrdering ordering;
  FakeInspection inspection;
  std::unique_ptr<RequestService> service;
  Index index;
};

TEST_F(RequestServiceTest, EndsTheRangesOfAClientThatIsGone) {
  store_two_keys();
  range(7);
  ASSERT_EQ(got().size(), 1u);
  ASSERT_EQ(got()[0].error, std::nullopt);
  EXPECT_EQ(replica->ranges().open_count(), 1u);
  service->on_closed({2, 1});
  EXPECT_EQ(replica->ranges().open_count(), 1u);
  service->on_closed({1, 1});
  EXPECT_EQ(replica->ranges().open_count(), 0u);
}

TEST_F(RequestServiceTest, TellsInTheStatusWhatWaitsHere) {
  store_two_keys();
  range(7);
  service->stand({}, now);
  put(8, "key");
  put(9, "key");
  EXPECT_EQ(figures_of_status(), (Figures{{"clients.held", 2},
                                          {"clients.reads_parked", 0},
                                          {"clients.reads_waiting", 0},
                                          {"figure.of_the_member", 1},
                                          {"store.cursors", 1}}));
  lead();
  get(11, {});
  get(12, {});
  get(13, {});
  get(14, {api::ReadLevel::local, api::Revision(1000)});
  service->on_closed({1, 1});
  EXPECT_EQ(figures_of_status(), (Figures{{"clients.held", 0},
                                          {"clients.reads_parked", 1},
                                          {"clients.reads_waiting", 3},
                                          {"figure.of_the_member", 1},
                                          {"store.cursors", 0}}));
}

TEST_F(RequestServiceTest, BeginsNoRangeForAClientThatIsGone) {
  store_two_keys();
  replies.open = false;
  range(7);
  EXPECT_EQ(replica->ranges().open_count(), 0u);
}

TEST_F(RequestServiceTest, ProposesAWriteAsItIsAndAnswersWhenItIsApplied) {
  lead();
  put(7, "key");
  ASSERT_EQ(ordering.proposed.size(), 1u);
  EXPECT_TRUE(got().empty());
  deliver(ordering.proposed, Ticket(1));
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].request, 7u);
  EXPECT_EQ(got()[0].error, std::nullopt);
  EXPECT_EQ(api::decode_command_reply(as_bytes(got()[0].body))->outcome,
            api::Outcome::session_expired);
}

TEST_F(RequestServiceTest, NamesTheLeaderOfWritesWhenItIsElsewhereAndReadsHereBehindItsBarrier) {
  follow();
  put(1, "key");
  get(2, {});
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::not_leader);
  EXPECT_EQ(got()[0].leader, "n2");
  EXPECT_TRUE(ordering.proposed.empty());
  ASSERT_TRUE(ordering.barrier.has_value());
  service->on_read_ready(*ordering.barrier, Instant());
  ASSERT_EQ(got().size(), 2u);
  EXPECT_FALSE(got()[1].error.has_value());
}

TEST_F(RequestServiceTest, HoldsRequestsUntilALeaderIsKnown) {
  put(1, "key");
  get(2, {});
  EXPECT_TRUE(got().empty());
  EXPECT_EQ(service->held(), 2u);
  lead();
  EXPECT_EQ(service->held(), 0u);
  EXPECT_EQ(ordering.proposed.size(), 1u);
  EXPECT_TRUE(ordering.barrier.has_value());
}

TEST_F(RequestServiceTest, TellsHeldRequestsWhoWasElected) {
  put(1, "key");
  follow();
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::not_leader);
}

TEST_F(RequestServiceTest, DropsHeldRequestsWhoseClientIsGone) {
  put(1, "key");
  put(2, "other");
  ASSERT_EQ(service->held(), 2u);
  service->on_closed({7, 7});
  EXPECT_EQ(service->held(), 2u) << "that was another client";
  EXPECT_TRUE(got().empty());
  service->on_closed({1, 1});
  EXPECT_EQ(service->held(), 0u);
  EXPECT_EQ(got().size(), 2u) << "the port counts as under way what is not answered";
  lead();
  EXPECT_TRUE(ordering.proposed.empty());
  put(3, "key");
  EXPECT_EQ(ordering.proposed.size(), 1u);
}

TEST_F(RequestServiceTest, AnswersAHeldRequestBeforeItsClientGivesUp) {
  put(1, "key", 1000ms);
  now += 700ms;
  service->expire(now);
  EXPECT_TRUE(got().empty());
  now += 150ms;
  service->expire(now);
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::unavailable);
  lead();
  EXPECT_TRUE(ordering.proposed.empty());
}

TEST_F(RequestServiceTest, DoesNotProposeAHeldRequestThatIsLate) {
  put(1, "key", 1000ms);
  now += 2s;
  lead();
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::unavailable);
  EXPECT_TRUE(ordering.proposed.empty());
}

TEST_F(RequestServiceTest, HoldsNoMoreThanItsLimit) {
  for (std::uint64_t i = 1; i <= 4; ++i) put(i, "key");
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].request, 4u);
  EXPECT_EQ(got()[0].error, ErrorCode::busy);
  EXPECT_EQ(got()[0].retry_after, kRetryAfterLoad);
}

TEST_F(RequestServiceTest, SharesOneBarrierAmongTheReadsOfATurn) {
  lead();
  get(1, {});
  get(2, {});
  EXPECT_EQ(ordering.last, Ticket(1));
  service->on_read_ready(Ticket(1), now);
  ASSERT_EQ(got().size(), 2u);
  EXPECT_EQ(got()[0].error, std::nullopt);
  EXPECT_EQ(service->reads().waiting(), 0u);
}

TEST_F(RequestServiceTest, ServesALocalReadAnywhereAtOnce) {
  follow();
  get(1, {api::ReadLevel::local, {}});
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, std::nullopt);
}

TEST_F(RequestServiceTest, MakesAReadWaitForItsRevision) {
  lead();
  get(1, {api::ReadLevel::local, api::Revision(1)});
  EXPECT_TRUE(got().empty());
  put(2, "key");
  deliver(ordering.proposed, Ticket(1));
  ASSERT_EQ(got().size(), 2u);
  EXPECT_EQ(got()[1].request, 1u);
  EXPECT_EQ(got()[1].error, std::nullopt);
}

TEST_F(RequestServiceTest, GivesUpOnARevisionThatDoesNotCome) {
  get(1, {api::ReadLevel::local, api::Revision(99)});
  now += 2s;
  service->expire(now);
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::unavailable);
  EXPECT_EQ(service->reads().parked(), 0u);
}

TEST_F(RequestServiceTest, PassesOnThatAnOutcomeIsUnknown) {
  lead();
  put(1, "a");
  put(2, "b");
  const Error unknown{ErrorCode::outcome_unknown, "the leader changed"};
  service->on_completed(Ticket(1), 2, unknown, kOtherId);
  ASSERT_EQ(got().size(), 2u);
  EXPECT_EQ(got()[0].error, ErrorCode::outcome_unknown);
  EXPECT_EQ(got()[1].leader, "n2");
}

TEST_F(RequestServiceTest, PassesOnThatAWriteWasNotOrdered) {
  lead();
  put(1, "a");
  service->on_completed(Ticket(1), 1, Error{ErrorCode::not_leader, "no more"}, kOtherId);
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::not_leader);
}

TEST_F(RequestServiceTest, AnswersReadsWhoseBarrierFailed) {
  lead();
  get(1, {});
  service->on_completed(Ticket(1), 1, Error{ErrorCode::not_leader, "no more"}, kOtherId);
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::not_leader);
}

TEST_F(RequestServiceTest, RefusesWritesWithTheReasonAndGoesOnReading) {
  service->stand({LeaderPlace::here, {}, {}, "disk full", {}}, now);
  put(1, "key");
  get(2, {});
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::busy);
  EXPECT_EQ(got()[0].body, "disk full");
  EXPECT_EQ(got()[0].retry_after, kRetryAfterRoom);
  service->on_read_ready(Ticket(1), now);
  EXPECT_EQ(got().back().error, std::nullopt);
}

TEST_F(RequestServiceTest, TakesDeletesAndSessionsWhileGrowthIsRefused) {
  service->stand({LeaderPlace::here, {}, {}, {}, "disk full for all but deletes"}, now);
  put(1, "key");
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::busy);
  EXPECT_EQ(got()[0].body, "disk full for all but deletes");
  EXPECT_EQ(got()[0].retry_after, kRetryAfterRoom);
  erase(2, "key");
  take(3, RequestKind::write, api::Command(api::RegisterSession{api::Nonce(1)}), 1s);
  take(4, RequestKind::write, api::Command(api::TakeDigest{}), 1s);
  EXPECT_EQ(ordering.proposed.size(), 3u);
  lead();
  put(5, "key");
  EXPECT_EQ(ordering.proposed.size(), 4u);
  EXPECT_EQ(got().size(), 1u);
}

TEST_F(RequestServiceTest, NamesTheLimitOfAKeyThatIsTooLarge) {
  lead();
  put(1, std::string(api::kKeyBytesMax + 1, 'k').c_str());
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::too_large);
  EXPECT_NE(got()[0].body.find("65536"), std::string::npos) << got()[0].body;
}

TEST_F(RequestServiceTest, RefusesBytesThatAreNoRequest) {
  lead();
  for (const RequestKind kind : {RequestKind::write, RequestKind::get, RequestKind::range,
                                 RequestKind::page, RequestKind::digest, RequestKind::admin}) {
    const api::Request request{api::RequestId(1), 1s, kind, as_bytes("\xFF\xFF garbage")};
    service->take({{1, 1}, 10, request.id}, request, now);
    EXPECT_EQ(got().back().error, ErrorCode::invalid_argument);
  }
  EXPECT_EQ(got().size(), 6u);
}

TEST_F(RequestServiceTest, LetsNoClientExpireSessions) {
  lead();
  take(1, RequestKind::write, api::Command(api::ExpireSessions{gms::model::GroupClock(9)}), 1s);
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::invalid_argument);
}

TEST_F(RequestServiceTest, AnswersAnOperatorWhenItIsDone) {
  take(1, RequestKind::admin, api::AdminQuery{api::AdminAction::transfer, "n2"}, 1s);
  take(2, RequestKind::admin, api::AdminQuery{api::AdminAction::leave, "n9"}, 1s);
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::not_found);
  service->on_completed(Ticket(1), 1, std::nullopt, {});
  ASSERT_EQ(got().size(), 2u);
  EXPECT_EQ(got()[1].error, std::nullopt);
}

TEST_F(RequestServiceTest, SendsReadsOfDamagedDataToOthersAndTellsOfTheDamageOnce) {
  EXPECT_EQ(service->take_damage(), std::nullopt);
  store.damaged = true;
  get(1, {api::ReadLevel::local, {}});
  ASSERT_EQ(got().size(), 1U);
  EXPECT_EQ(got()[0].error, ErrorCode::unavailable);
  EXPECT_EQ(got()[0].body, "data of this replica is damaged; ask another: block checksum");
  const auto damage = service->take_damage();
  ASSERT_TRUE(damage.has_value());
  EXPECT_EQ(damage->detail, "block checksum");
  EXPECT_EQ(service->take_damage(), std::nullopt);
}

TEST_F(RequestServiceTest, ServesReadsOverSeveralTurnsWhenTheyAreLarge) {
  limits.turn_reply_bytes_max = 1;
  service = std::make_unique<RequestService>(
      RequestService::Parts{*replica, writes, answers, ordering, inspection}, limits);
  lead();
  const std::size_t before = got().size();
  for (std::uint64_t id = 1; id <= 4; ++id) get(id, {});
  service->on_read_ready(*ordering.barrier, now);
  EXPECT_EQ(got().size(), before + 1);
  for (std::size_t served = 2; served <= 4; ++served) {
    EXPECT_TRUE(service->reads().has_passed());
    service->serve_reads(now);
    EXPECT_EQ(got().size(), before + served);
  }
  EXPECT_FALSE(service->reads().has_passed());
  EXPECT_EQ(service->reads().waiting(), 0u);
}

TEST_F(RequestServiceTest, ServesReadsOverSeveralTurnsWhenTheyAreManyAndRefused) {
  limits.turn_requests_max = 2;
  service = std::make_unique<RequestService>(
      RequestService::Parts{*replica, writes, answers, ordering, inspection}, limits);
  lead();
  const std::size_t before = got().size();
  for (std::uint64_t id = 1; id <= 5; ++id) get(id, {});
  // What is answered `busy` has no bytes that would be counted.
  replies.room = false;
  service->on_read_ready(*ordering.barrier, now);
  EXPECT_EQ(got().size(), before + 2);
  service->serve_reads(now);
  EXPECT_EQ(got().size(), before + 4);
  service->serve_reads(now);
  EXPECT_EQ(got().size(), before + 5);
  EXPECT_FALSE(service->reads().has_passed());
  EXPECT_EQ(got().back().error, ErrorCode::busy);
}

TEST_F(RequestServiceTest, RefusesTheReadsThatAreLeftWhenTheStateGoesOutOfUse) {
  limits.turn_reply_bytes_max = 1;
  service = std::make_unique<RequestService>(
      RequestService::Parts{*replica, writes, answers, ordering, inspection}, limits);
  lead();
  for (std::uint64_t id = 1; id <= 3; ++id) get(id, {});
  service->on_read_ready(*std::exchange(ordering.barrier, std::nullopt), now);
  get(4, {});
  get(5, {api::ReadLevel::local, api::Revision(1)});
  ASSERT_EQ(got().size(), 1u);
  service->serve_state(StateUse::quarantined);
  // Those behind a barrier that was passed, behind one that is passed now, and behind a revision.
  service->serve_reads(now);
  service->on_read_ready(*ordering.barrier, now);
  gms::model::ByteWriter command;
  encode(api::Command(api::RegisterSession{api::Nonce(1)}), command);
  deliver({command.take()}, Ticket(9));
  ASSERT_EQ(got().size(), 5u);
  for (const Got& one : got())
    EXPECT_EQ(one.error, one.request == 1 ? std::nullopt : std::optional(ErrorCode::unavailable))
        << one.request;
  EXPECT_FALSE(service->reads().has_passed());
}

TEST_F(RequestServiceTest, GivesNoMoreToAClientThatTakesNothing) {
  replies.room = false;
  get(1, {api::ReadLevel::local, {}});
  ASSERT_EQ(got().size(), 1u);
  EXPECT_EQ(got()[0].error, ErrorCode::busy);
}

TEST_F(RequestServiceTest, AStateThatIsOutOfUseIsNeitherReadNorWrittenTo) {
  lead();
  service->serve_state(StateUse::quarantined);
  get(1, {api::ReadLevel::local, {}});
  get(2, {});
  take(3, RequestKind::page, api::PageQuery{}, 1s);
  put(4, "key");
  ASSERT_EQ(got().size(), 4u);
  for (const Got& one : got()) EXPECT_EQ(one.error, ErrorCode::unavailable) << one.request;
  EXPECT_TRUE(ordering.proposed.empty());
  EXPECT_FALSE(ordering.barrier.has_value());
  // What tells of it is answered, and whoever leads elsewhere is named.
  take(5, RequestKind::digest, api::DigestQuery{}, 1s);
  EXPECT_EQ(got().back().error, std::nullopt);
  follow();
  put(6, "key");
  EXPECT_EQ(got().back().error, ErrorCode::not_leader);
  service->serve_state(StateUse::served);
  get(7, {api::ReadLevel::local, {}});
  EXPECT_EQ(got().back().error, std::nullopt);
}

}  // namespace
}  // namespace kvstore::server
