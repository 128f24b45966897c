#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <iostream>
#include <sstream>
#include <thread>

#include "client/kvctl/context.hpp"
#include "client/kvctl/importer.hpp"
#include "kvstore/api/inspection.hpp"
#include "tests/unit/client/fake_server.hpp"

namespace kvctl {
namespace {

namespace api = kvstore::api;
namespace json = boost::json;
using client::ErrorCode;
using client::testing::FakeServer;
using client::testing::Received;
using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::ByteWriter;
using ::testing::HasSubstr;

/// What a command printed.
struct Ran {
  int exit_code = 0;
  std::string out;
  std::string err;
};

/// Catches what goes to a stream.
class Capture {
 public:
  explicit Capture(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  ~Capture() { stream_.rdbuf(before_); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* before_;
};

api::StatusReply status_of(const FakeServer& server, const gms::model::View& view) {
  api::StatusReply status;
  status.name = server.name();
  status.member = view.find_name(server.name())->id;
  status.role = server.name() == "n1" ? "leader" : "follower";
  status.leader = "n1";
  status.epoch = gms::model::Epoch(3);
  status.commit = status.applied = gms::model::Index(40);
  status.digest = api::Digest(0xABC);
  status.view = {view, {gms::model::Epoch(2), gms::model::Index(9)}};
  status.counters = {{"log.queue_depth", 4}};
  return status;
}

/// The view that n1 does not know the reason of, and n2 does.
api::ViewsReply views_of(const FakeServer& server, gms::model::View view) {
  api::ViewsReply reply;
  view.cause = gms::model::ViewCause::down;
  view.subject = view.members.back().id;
  const bool knows = server.name() == "n2";
  reply.views.push_back({{view, {gms::model::Epoch(2), gms::model::Index(9)}},
                         "n3",
                         knows ? api::ViewReason::crashed : api::ViewReason::unknown,
                         knows ? 2'000U : 1'000U});
  return reply;
}

/// kvctl against two fake members, one of which leads; a third is down.
class KvctlRunTest : public ::testing::Test {
 protected:
  KvctlRunTest() {
    n3.crash();
    view = client::testing::view_of({&n1, &n2, &n3});
    view.up.pop_back();
    for (FakeServer* server : {&n1, &n2}) server->set_view(view);
    n1.on_request([this](FakeServer& server, const Received& request) { lead(server, request); });
    n2.on_request([this](FakeServer& server, const Received& request) {
      const bool is_own =
          request.kind == api::RequestKind::status || request.kind == api::RequestKind::views;
      if (is_own) return lead(server, request);
      server.refuse(request, ErrorCode::not_leader, "n1 leads", {n1.name(), n1.address()});
    });
    thread = std::thread([this] { context.run(); });
  }
  ~KvctlRunTest() override {
    context.stop();
    thread.join();
  }

  void lead(FakeServer& server, const Received& request) {
    ByteWriter out;
    switch (request.kind) {
      case api::RequestKind::status: encode(status_of(server, view), out); break;
      case api::RequestKind::views: encode(views_of(server, view), out); break;
      case api::RequestKind::admin: return administer(server, request);
      case api::RequestKind::get: {
        const auto query = api::decode_get_query(request.body);
        api::GetReply reply;
        if (as_text(query->key) == "here")
          reply.found = api::Versioned{api::Revision(7), as_bytes("a\xff")};
        encode(reply, out);
        break;
      }
      case api::RequestKind::write: return write(server, request);
      default: return server.refuse(request, ErrorCode::io, "not in the script");
    }
    server.answer(request, out.take());
  }

  /// Refuses but maintenance.
  static void administer(FakeServer& server, const Received& request) {
    const auto query = api::decode_admin_query(request.body);
    if (query->action != api::AdminAction::maintenance)
      return server.refuse(request, ErrorCode::conflict, "the floor is 3");
    server.answer(request, gms::model::Bytes());
  }

  void write(FakeServer& server, const Received& request) {
    const auto call = request.call();
    if (!call) return server.carry_out(request);
    if (const auto* put = std::get_if<api::Put>(&call->operation)) {
      if (std::holds_alternative<api::IfAbsent>(put->condition))
        return server.answer(
            request, api::CommandReply{api::Outcome::condition_failed, api::Revision(7), {}});
      return server.carry_out(request);
    }
    server.answer(request, api::CommandReply{api::Outcome::not_found, {}, {}});
  }

  Ran kvctl(std::vector<std::string> line) {
    line.insert(line.end(), {"-e", n1.address() + "," + n2.address(), "--timeout", "2s"});
    const Capture out(std::cout);
    const Capture err(std::cerr);
    const ExitCode code = run(line);
    return {static_cast<int>(code), out.text(), err.text()};
  }

  boost::asio::io_context context;
  FakeServer n1{context, "n1"};
  FakeServer n2{context, "n2"};
  FakeServer n3{context, "n3"};
  gms::model::View view;
  std::thread thread;
};

TEST_F(KvctlRunTest, PrintsTheStatusAsItsDocumentedJson) {
  const Ran ran = kvctl({"status", "-o", "json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const json::object status = json::parse(ran.out).as_object();
  EXPECT_EQ(status.at("leader"), "n1");
  const json::object& shown = status.at("view").as_object();
  EXPECT_EQ(shown.at("seq"), 1);
  EXPECT_EQ(shown.at("voters"), (json::array{"n1", "n2", "n3"}));
  EXPECT_EQ(shown.at("up"), (json::array{"n1", "n2"}));
  const json::array& members = status.at("members").as_array();
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].at("name"), "n1");
  EXPECT_EQ(members[0].at("role"), "leader");
  EXPECT_EQ(members[0].at("up"), true);
  EXPECT_EQ(members[0].at("applied"), 40);
  EXPECT_EQ(members[0].at("digest"), "0000000000000abc");
  EXPECT_EQ(members[1].at("role"), "follower");
  EXPECT_EQ(members[2].at("role"), "unreachable");
  EXPECT_EQ(members[2].at("up"), false);
  EXPECT_TRUE(members[2].at("applied").is_null());
  EXPECT_EQ(members[2].at("error"), "connection refused");
}

TEST_F(KvctlRunTest, PrintsMoreOfTheStatusWhenAsked) {
  const Ran ran = kvctl({"status", "-v", "-o", "json"});
  const json::value status = json::parse(ran.out);
  EXPECT_EQ(status.at("members").at(0).at("counters").at("log.queue_depth"), 4);
  EXPECT_THAT(kvctl({"status", "-v", "-o", "plain"}).out, HasSubstr("n1\tlog.queue_depth\t4\n"));
}

TEST_F(KvctlRunTest, TellsAViewOnceWithTheReasonThatSomeMemberKnows) {
  EXPECT_EQ(kvctl({"view", "history", "-o", "plain"}).out,
            "1\t2:9\tdown\tn3\tcrashed\t1970-01-01T00:00:01.000Z\tn1, n2, n3 (down)\n");
  const json::value history = json::parse(kvctl({"view", "history", "-o", "json"}).out);
  EXPECT_EQ(history.at("views").as_array().size(), 1u);
  EXPECT_EQ(history.at("views").at(0).at("reason"), "crashed");
}

TEST_F(KvctlRunTest, SaysWhyAMemberIsNotEvictedAndWhatToTypeNext) {
  const Ran ran = kvctl({"member", "evict", "n3"});
  EXPECT_EQ(ran.exit_code, 4);
  EXPECT_EQ(ran.err,
            "error: member evict n3: the floor is 3. Not applied. Try: kvctl member evict n3 "
            "--explain\n");
  EXPECT_EQ(kvctl({"member", "evict", "n9"}).exit_code, 3);
}

TEST_F(KvctlRunTest, ExplainsWithoutAskingForAnything) {
  // The leader says nothing of the others here: it has heard none.
  const Ran ran = kvctl({"member", "leave", "n3", "--explain", "-o", "plain"});
  EXPECT_EQ(ran.exit_code, 6);
  EXPECT_THAT(ran.out,
              ::testing::StartsWith("before\t3\t2\t2\t0\nafter\t2\t2\t2\t0\nrefused\tof "));
  EXPECT_EQ(kvctl({"member", "transfer", "n2", "--explain", "-o", "plain"}).out,
            "before\t3\t2\t2\t0\nafter\t3\t2\t2\t0\ndone\n");
}

TEST_F(KvctlRunTest, TakesOneWishForMaintenance) {
  EXPECT_EQ(kvctl({"member", "maintenance", "n3", "--for", "10m"}).exit_code, 0);
  EXPECT_EQ(kvctl({"member", "maintenance", "n3", "--end"}).exit_code, 0);
  for (const std::vector<std::string>& wish :
       std::vector<std::vector<std::string>>{{}, {"--for", "10m", "--end"}, {"--for", "0s"}}) {
    std::vector<std::string> line{"member", "maintenance", "n3"};
    line.insert(line.end(), wish.begin(), wish.end());
    EXPECT_EQ(kvctl(line).exit_code, 2);
  }
}

TEST_F(KvctlRunTest, WaitsForTheViewAndSaysWhatItWas) {
  EXPECT_EQ(kvctl({"member", "wait", "n1"}).exit_code, 0);
  EXPECT_EQ(kvctl({"member", "wait", "n3", "--down"}).exit_code, 0);
  EXPECT_EQ(kvctl({"member", "wait", "n9", "--gone"}).exit_code, 0);
  EXPECT_EQ(kvctl({"member", "wait", "n1", "--up", "--down"}).exit_code, 2);
}

TEST_F(KvctlRunTest, PutsAndTellsTheRevision) {
  const Ran ran = kvctl({"put", "key", "value", "-o", "json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("key"), "key");
  EXPECT_TRUE(json::parse(ran.out).at("revision").is_number());
  EXPECT_EQ(kvctl({"put", "key", "value", "-q"}).out, "");
}

TEST_F(KvctlRunTest, GetsAValueInEveryFormat) {
  EXPECT_EQ(kvctl({"get", "here", "-o", "raw"}).out, "a\xff");
  EXPECT_EQ(kvctl({"get", "here", "-o", "plain"}).out, "a\\xff\n");
  EXPECT_EQ(kvctl({"get", "here", "-o", "json"}).out,
            "{\"key\":\"here\",\"value_b64\":\"Yf8=\",\"revision\":7}\n");
}

TEST_F(KvctlRunTest, PrintsNothingForAKeyThatIsNotThere) {
  const Ran ran = kvctl({"get", "absent"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "error: get absent: there is no key absent.\n");
  EXPECT_EQ(kvctl({"del", "absent"}).exit_code, 3);
}

TEST_F(KvctlRunTest, EndsWithFourWhenAConditionIsFalse) {
  const Ran ran = kvctl({"put", "key", "value", "--if-absent"});
  EXPECT_EQ(ran.exit_code, 4);
  EXPECT_THAT(ran.err, HasSubstr("the key is at revision 7"));
}

TEST_F(KvctlRunTest, EndsWithTwoWhenOptionsContradict) {
  EXPECT_EQ(kvctl({"put", "key", "value", "--if-absent", "--if-value", "x"}).exit_code, 2);
  EXPECT_EQ(kvctl({"del", "prefix", "--prefix"}).exit_code, 2);
  EXPECT_EQ(kvctl({"get", "key", "--read", "sometimes"}).exit_code, 2);
}

TEST_F(KvctlRunTest, MeasuresAndPrintsTheDocumentedFigures) {
  const Ran ran =
      kvctl({"bench", "put", "--clients", "2", "--outstanding", "8", "--ops", "500", "-o", "json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const json::value figures = json::parse(ran.out);
  EXPECT_EQ(figures.at("ops"), 500);
  for (const char* name : {"ops_per_s", "p50_us", "p99_us", "client_cpu_ns_per_op"})
    EXPECT_TRUE(figures.at(name).is_int64()) << name;
}

TEST_F(KvctlRunTest, ImportsEachPairOnceAndKeepsTheLastOfAKey) {
  client::Options options;
  options.endpoints = {n1.address()};
  {
    client::Client client(options);
    Importer importer(client, PairFormat::tsv);
    std::istringstream in("a\t1\nb\t2\na\t3\n\na\t4\n");
    const auto count = importer.run(in, [](std::uint64_t) {});
    ASSERT_TRUE(count) << count.error().detail;
    EXPECT_EQ(*count, 4u);
  }
  context.stop();
  thread.join();
  std::vector<std::string> values;
  for (const api::Call& call : n1.calls()) {
    const auto& put = std::get<api::Put>(call.operation);
    if (as_text(put.key) == "a") values.emplace_back(as_text(put.value));
  }
  EXPECT_THAT(values, ::testing::ElementsAre("1", "3", "4"));
  thread = std::thread([] {});
}

TEST_F(KvctlRunTest, EndsAClientWhileRepliesAreUnderWay) {
  client::Options options;
  options.endpoints = {n1.address(), n2.address()};
  for (int round = 0; round < 300; ++round) {
    client::Client client(options);
    EXPECT_TRUE(client.members());
  }
}

TEST_F(KvctlRunTest, ImportNamesTheLineThatIsNoPair) {
  client::Options options;
  options.endpoints = {n1.address()};
  client::Client client(options);
  Importer importer(client, PairFormat::tsv);
  std::istringstream in("a\t1\nb\n");
  const auto count = importer.run(in, [](std::uint64_t) {});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(count.error().detail, HasSubstr("line 2: "));
}

}  // namespace
}  // namespace kvctl
