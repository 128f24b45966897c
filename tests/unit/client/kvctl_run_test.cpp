#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <sstream>

#include "client/kvctl/importer.hpp"
#include "client/kvctl/load.hpp"
#include "tests/unit/client/kvctl_group.hpp"

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
using testing::Ran;

class KvctlRunTest : public testing::KvctlGroupTest {};

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
  EXPECT_EQ(kvctl({"range", "a", "b", "--prefix", "x"}).exit_code, 2);
  EXPECT_EQ(kvctl({"range", "--prefix", "x"}).exit_code, 0);
}

TEST_F(KvctlRunTest, AddsNoMemberThatItsCommandCouldNotStart) {
  for (const char* name : {"", "a b", "a\nb", "-n", "a,b", "n\xc3\xa4"})
    EXPECT_EQ(kvctl({"member", "add", "--", name}).exit_code, 2) << name;
  EXPECT_EQ(kvctl({"member", "add", "n9", "--client", "nowhere"}).exit_code, 2);
}

TEST(KvctlRun, TakesNoOtherGroupForAClusterThatIsNamedAndNotThere) {
  const std::string directory = ::testing::TempDir() + "/typo";
  const Ran ran = testing::run_line({"--dir", directory, "get", "key"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_THAT(ran.err, HasSubstr("there is no cluster in " + directory));
  // Endpoints that are named say which group is meant; files need none.
  for (const std::vector<std::string>& others : std::vector<std::vector<std::string>>{
           {"--dir", directory, "-e", "127.0.0.1:1", "--timeout", "100ms", "get", "key"},
           {"--dir", directory, "snapshot", "info", "/nowhere"},
           {"--dir", directory, "version"}})
    EXPECT_THAT(testing::run_line(others).err, ::testing::Not(HasSubstr("there is no cluster")));
}

TEST(KvctlRun, NamesNoNextStepThatHasJustBeenTried) {
  const auto failed = [](std::string_view subject) {
    return error_line(subject, {ErrorCode::unavailable, "nobody answers"}, Effect::reads);
  };
  EXPECT_EQ(failed("get key"), "get key: nobody answers. Try: kvctl status");
  EXPECT_EQ(failed("status"), "status: nobody answers.");
}

TEST(KvctlRun, EndsTheProcessAtOnceWithTheExitCodeAndAllOutput) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT((void)run({"get", "key", "-e", "127.0.0.1:1", "--timeout", "100ms"}, Ending::at_once),
              ::testing::ExitedWithCode(5), "get key: no quorum");
}

TEST_F(KvctlRunTest, DeletesAPrefixAndPrintsWhatItDeleted) {
  const Ran ran = kvctl({"del", "p", "--prefix", "--yes", "-o", "plain"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "p1\n") << "the others were gone when their turn came";
  EXPECT_EQ(kvctl({"del", "p", "--prefix", "--dry-run", "-o", "plain"}).out, "p1\np2\np3\n");
}

TEST_F(KvctlRunTest, DeletesNoKeyThatItWasOnlyToShow) {
  for (const char* option : {"--dry-run", "--yes"}) {
    const Ran ran = kvctl({"del", "p1", option});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, HasSubstr(std::string(option) + " goes with --prefix"));
  }
  EXPECT_TRUE(n1.calls().empty());
}

TEST_F(KvctlRunTest, DeletesNoPrefixUnderAConditionOrForItsValues) {
  const std::vector<std::vector<std::string>> wishes = {
      {"--if-value", "x"}, {"--if-revision", "7"}, {"--prev"}};
  for (const auto& wish : wishes) {
    std::vector<std::string> line{"del", "p", "--prefix", "--yes"};
    line.insert(line.end(), wish.begin(), wish.end());
    const Ran ran = kvctl(line);
    EXPECT_EQ(ran.exit_code, 2) << wish[0];
    EXPECT_THAT(ran.err, HasSubstr("--prefix goes with no " + wish[0]));
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(KvctlRunTest, SaysWhatADeleteOfAPrefixHasDoneWhenItFails) {
  p3_fails = true;
  const Ran ran = kvctl({"del", "p", "--prefix", "--yes", "-o", "plain"});
  EXPECT_EQ(ran.exit_code, 6) << "5 would say that nothing was applied";
  EXPECT_EQ(ran.out, "p1\n");
  EXPECT_THAT(ran.err, HasSubstr("Partly done: 1 keys deleted; to repeat it is safe."));
  EXPECT_THAT(ran.err, HasSubstr("key p3: "));
  EXPECT_THAT(ran.err, ::testing::Not(HasSubstr("Not applied")));
  EXPECT_THAT(ran.err, ::testing::Not(HasSubstr("it may have been applied")));
}

/// A page of keys, and more of them behind `cursor`.
void answer_keys(FakeServer& server, const Received& request, const std::vector<std::string>& keys,
                 api::CursorId cursor) {
  ByteWriter pairs;
  for (const std::string& key : keys)
    api::encode_pair({as_bytes(key), {}}, api::RangeContent::keys, pairs);
  ByteWriter out;
  encode(api::RangePage{cursor, {}, api::RangeContent::keys, keys.size(), pairs.bytes()}, out);
  server.answer(request, out.take());
}

/// A leader that holds every write until so many wait.
class HoldingLeader {
 public:
  explicit HoldingLeader(std::size_t count) : count_(count) {}

  /// Takes a write, and gives all those that it holds to `answer` once they are enough.
  template <class Answer>
  void take(FakeServer& server, const Received& request, Answer answer) {
    if (request.is_registration()) return server.carry_out(request);
    held_.push_back(request);
    if (held_.size() < count_) return;
    for (const Received& one : std::exchange(held_, {})) answer(one);
  }

 private:
  std::size_t count_;
  std::vector<Received> held_;
};

TEST_F(KvctlRunTest, DeletesThePagesOfAPrefixInTurnAndAllKeysOfOneTogether) {
  HoldingLeader leader(3);
  change([&] {
    n1.on_request([&](FakeServer& server, const Received& request) {
      if (request.kind == api::RequestKind::range)
        return answer_keys(server, request, {"p1", "p2", "p3"}, api::CursorId(7));
      if (request.kind == api::RequestKind::page)
        return answer_keys(server, request, {"p4", "p5", "p6"}, {});
      leader.take(server, request, [&](const Received& held) { server.carry_out(held); });
    });
  });
  const Ran ran = kvctl({"del", "p", "--prefix", "--yes", "-o", "plain"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, "p1\np2\np3\np4\np5\np6\n");
  stop();
  std::vector<api::RequestKind> kinds;
  for (const Received& request : n1.received())
    if (!request.is_registration()) kinds.push_back(request.kind);
  using enum api::RequestKind;
  EXPECT_THAT(kinds, ::testing::ElementsAre(range, write, write, write, page, write, write, write));
}

TEST_F(KvctlRunTest, GoesOnDeletingAPrefixWhereAnotherReplicaBegins) {
  std::vector<std::string> begun;
  change([&] {
    n1.on_request([&](FakeServer& server, const Received& request) {
      if (request.kind == api::RequestKind::page)
        return server.refuse(request, ErrorCode::unavailable, "it is gone");
      if (request.kind != api::RequestKind::range) return server.carry_out(request);
      begun.emplace_back(as_text(api::decode_range_query(request.body)->bounds.from));
      if (begun.size() == 1) return answer_keys(server, request, {"p1", "p2"}, api::CursorId(7));
      answer_keys(server, request, {"p3"}, {});
    });
  });
  const Ran ran = kvctl({"del", "p", "--prefix", "--yes", "-o", "json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(ran.out, R"({"deleted":[{"key":"p1"},{"key":"p2"},{"key":"p3"}]})"
                     "\n");
  stop();
  EXPECT_THAT(begun, ::testing::ElementsAre("p", "p2"));
}

TEST_F(KvctlRunTest, SaysThatADeleteOfAPrefixMayHaveDoneMoreThanItKnows) {
  HoldingLeader leader(3);
  change([&] {
    n1.on_request([&](FakeServer& server, const Received& request) {
      if (request.kind == api::RequestKind::range)
        return answer_keys(server, request, {"p1", "p2", "p3"}, api::CursorId(7));
      std::size_t answered = 0;
      leader.take(server, request, [&](const Received& held) {
        if (++answered == 1) return server.carry_out(held);
        if (answered == 2) return server.refuse(held, ErrorCode::invalid_argument, "no");
        // What cannot be read says nothing.
        server.answer(held, gms::model::Bytes(3));
      });
    });
  });
  const Ran ran = kvctl({"del", "p", "--prefix", "--yes", "-o", "plain"});
  EXPECT_EQ(ran.exit_code, 6);
  EXPECT_EQ(ran.out, "p1\n");
  EXPECT_THAT(ran.err, HasSubstr("key p3: its answer cannot be read"));
  EXPECT_THAT(ran.err, HasSubstr("The outcome is unknown of that. Partly done: 1 keys deleted"));
  stop();
  EXPECT_EQ(n1.received().back().kind, api::RequestKind::write) << "it stops with that";
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

TEST_F(KvctlRunTest, BenchOfReadsWritesNothing) {
  const Ran ran = kvctl({"bench", "get", "--clients", "2", "--ops", "50", "-o", "json"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("ops"), 50);
  EXPECT_TRUE(n1.calls().empty());
}

TEST_F(KvctlRunTest, BenchRefusesMoreCallsThanAClientMayHaveOpen) {
  const Ran calls = kvctl({"bench", "put", "--clients", "1", "--outstanding", "65537"});
  EXPECT_EQ(calls.exit_code, 2);
  EXPECT_THAT(calls.err, HasSubstr("a client has 65536 calls under way at most"));
  const Ran bytes =
      kvctl({"bench", "put", "--clients", "2", "--outstanding", "40", "--value-size", "16777216"});
  EXPECT_EQ(bytes.exit_code, 2);
  EXPECT_THAT(bytes.err, HasSubstr("a client has 268435456 bytes under way at most"));
}

TEST_F(KvctlRunTest, BenchOutlivesCallsThatAreRefusedAtOnce) {
  client::Options options;
  options.endpoints = {n1.address()};
  options.calls_max = 4;
  LoadPlan plan;
  plan.clients = 1;
  plan.outstanding = 100;
  plan.calls = 200'000;
  const auto report = run_load(options, plan);
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_GT(report->failed, 0u);
  EXPECT_EQ(report->failure->code, ErrorCode::busy);
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
  stop();
  std::vector<std::string> values;
  for (const api::Call& call : n1.calls()) {
    const auto& put = std::get<api::Put>(call.operation);
    if (as_text(put.key) == "a") values.emplace_back(as_text(put.value));
  }
  EXPECT_THAT(values, ::testing::ElementsAre("1", "3", "4"));
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

TEST_F(KvctlRunTest, ImportTellsOfAWriteThatMayHaveBeenDoneBeforeALineThatIsNoPair) {
  change([this] {
    n1.on_request([](auto& server, const auto& request) {
      if (request.is_registration()) server.carry_out(request);
    });
  });
  client::Options options;
  options.endpoints = {n1.address()};
  client::Client client(options);
  Importer importer(client, PairFormat::tsv, std::chrono::milliseconds(300));
  std::istringstream in("a\t1\nb\n");
  const auto count = importer.run(in, [](std::uint64_t) {});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, ErrorCode::outcome_unknown);
  EXPECT_THAT(count.error().detail, HasSubstr("key a: "));
}

TEST_F(KvctlRunTest, ImportStopsWithOneFailureWhileMoreWritesFail) {
  // As many as it has in flight at a time; it waits for room for the next one.
  HoldingLeader leader(512);
  change([&] {
    n1.on_request([&](FakeServer& server, const Received& request) {
      leader.take(server, request,
                  [&](const Received& held) { server.answer(held, gms::model::Bytes(3)); });
    });
  });
  client::Options options;
  options.endpoints = {n1.address()};
  client::Client client(options);
  Importer importer(client, PairFormat::tsv, std::chrono::milliseconds(10'000));
  std::stringstream in;
  for (int line = 0; line < 600; ++line) in << "key" << line << "\tvalue\n";
  const auto count = importer.run(in, [](std::uint64_t) {});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, ErrorCode::outcome_unknown);
  EXPECT_THAT(count.error().detail, HasSubstr("its answer cannot be read"));
  EXPECT_EQ(importer.settle(), 0U);
  stop();
  EXPECT_EQ(n1.calls().size(), 512U) << "after a failure no more are begun";
}

}  // namespace
}  // namespace kvctl
