#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "client/kvctl/exporter.hpp"
#include "kvstore/api/query.hpp"
#include "tests/unit/client/kvctl_group.hpp"

namespace kvctl {
namespace {

namespace api = kvstore::api;
using client::ErrorCode;
using client::testing::FakeServer;
using client::testing::Received;
using gms::model::as_bytes;
using gms::model::ByteWriter;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;

/// How long commands take and go on.
class KvctlTimeTest : public testing::KvctlGroupTest {
 protected:
  void answer_with(FakeServer::Script script) {
    change([&] { n1.on_request(std::move(script)); });
  }
  void tell_events() {
    const auto script = [this](FakeServer& server, const Received& request) {
      if (request.kind != api::RequestKind::events) return lead(server, request);
      api::EventsReply reply;
      reply.events.push_back({api::EventSeq(1), 5, "started", "text"});
      ByteWriter out;
      encode(reply, out);
      server.answer(request, out.take());
    };
    answer_with(script);
  }

  static void answer_page(FakeServer& server, const Received& request, std::uint64_t cursor) {
    ByteWriter pairs;
    encode_pair({as_bytes("key"), {api::Revision(1), as_bytes("value")}}, api::RangeContent::pairs,
                pairs);
    api::RangePage page;
    page.count = 1;
    page.cursor = api::CursorId(cursor);
    page.pairs = pairs.bytes();
    ByteWriter out;
    encode(page, out);
    server.answer(request, out.take());
  }
};

TEST_F(KvctlTimeTest, NoCallOfACommandIsAllowedMoreThanTheCommand) {
  EXPECT_EQ(testing::run_line({"status", "--timeout", "300ms", "-e", n1.address()}).exit_code, 0);
  stop();
  ASSERT_FALSE(n1.received().empty());
  for (const Received& request : n1.received()) EXPECT_LE(request.deadline, milliseconds(300));
}

TEST_F(KvctlTimeTest, CallsEndByTheEndOfAllCalls) {
  client::Options options;
  options.endpoints = {n1.address()};
  options.ends_by = client::Clock::now();
  client::Client client(options);
  const auto written = client.put("key", "value");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::timed_out);
  EXPECT_EQ(written.error().detail, "no time was left to ask");
}

TEST_F(KvctlTimeTest, AnExportIsBegunAnewOnlyOnceItHadBegun) {
  std::atomic<int> ranges = 0;
  answer_with([&](FakeServer& server, const Received& request) {
    ranges += request.kind == api::RequestKind::range ? 1 : 0;
    server.refuse(request, ErrorCode::not_found, "lost");
  });
  EXPECT_EQ(kvctl({"export"}).exit_code, 3);
  EXPECT_EQ(ranges, 1);
  answer_with([&](FakeServer& server, const Received& request) {
    if (request.kind != api::RequestKind::range)
      return server.refuse(request, ErrorCode::not_found, "lost");
    answer_page(server, request, ++ranges < 4 ? 7 : 0);
  });
  EXPECT_EQ(kvctl({"export"}).out, "{\"key\":\"key\",\"value\":\"value\"}\n");
  EXPECT_EQ(ranges, 4);
}

TEST_F(KvctlTimeTest, AnExportSaysWhyItsOutputCannotBeWritten) {
  answer_with([](FakeServer& server, const Received& request) { answer_page(server, request, 0); });
  client::Options options;
  options.endpoints = {n1.address()};
  client::Client client(options);
  Exporter exporter(client, PairFormat::jsonl);
  std::ofstream full("/dev/full");
  const auto count = exporter.run("", full, [](std::uint64_t) {});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, ErrorCode::io);
  EXPECT_EQ(count.error().detail, "the output could not be written: No space left on device");
}

TEST_F(KvctlTimeTest, SaysWhichRevisionWasWaitedFor) {
  answer_with([](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::unavailable, "revision 99 was not applied here in time");
  });
  const Ran ran = testing::run_line({"get", "x", "--min-revision", "99", "--timeout", "300ms", "-e",
                                     n1.address() + "," + n2.address()});
  EXPECT_EQ(ran.exit_code, 5);
  EXPECT_THAT(ran.err, HasSubstr("n1: revision 99 was not applied here in time"));
  EXPECT_THAT(ran.err, Not(HasSubstr("no leader")));
}

TEST_F(KvctlTimeTest, RefusesEndpointsThatAreNone) {
  for (const char* endpoint : {"127.0.0.1:65536", "127.0.0.1:0", "127.0.0.1:", ":7400", "1:2:3"}) {
    const Ran ran = testing::run_line({"get", "x", "-e", endpoint});
    EXPECT_EQ(ran.exit_code, 2) << endpoint;
    EXPECT_THAT(ran.err, HasSubstr("is not host:port")) << endpoint;
  }
  const auto refusal = [](std::vector<std::string> endpoints, milliseconds deadline) {
    client::Options options;
    options.endpoints = std::move(endpoints);
    options.deadline = deadline;
    client::Client client(options);
    const auto read = client.get("x");
    return read ? ErrorCode::io : read.error().code;
  };
  EXPECT_EQ(refusal({}, milliseconds(5000)), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({n1.address(), "host"}, milliseconds(5000)), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({n1.address()}, milliseconds(-1)), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({"[::1]:99999"}, milliseconds(5000)), ErrorCode::invalid_argument);
}

TEST_F(KvctlTimeTest, NamesAMemberOfWhichThereAreNoEvents) {
  tell_events();
  EXPECT_EQ(kvctl({"events", "--member", "n1", "-o", "plain"}).out,
            "1970-01-01T00:00:00.005Z\tn1\tstarted\ttext\n");
  const Ran ran = kvctl({"events", "--member", "n9"});
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_THAT(ran.err, HasSubstr("there is no member n9 in the view"));
}

TEST_F(KvctlTimeTest, AJoinerAloneKnowsNoGroup) {
  change([this] {
    n1.set_view({});
    n2.set_view({});
  });
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"view", "show"}, {"events"}, {"status"}}) {
    const Ran ran = kvctl(line);
    EXPECT_EQ(ran.exit_code, 5) << line.front();
    EXPECT_EQ(ran.out, "");
  }
}

TEST_F(KvctlTimeTest, FollowsNoLongerThanSomebodyReads) {
  tell_events();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  fflush(stdout);
  const int before = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  close(ends[0]);
  const Ran ran = kvctl({"events", "--follow", "-o", "plain"});
  dup2(before, STDOUT_FILENO);
  close(before);
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("started"));
}

TEST_F(KvctlTimeTest, AWrongUseIsExplainedByTheCommandsHelp) {
  EXPECT_THAT(kvctl({"put", "key", "value", "--if-absent", "--if-value", "x"}).err,
              HasSubstr("at most. Try: kvctl put --help\n"));
}

TEST_F(KvctlTimeTest, NothingIsDoneToAClusterThatIsNot) {
  for (const char* command : {"down", "destroy", "status"}) {
    const Ran ran = testing::run_line({"--dir", ::testing::TempDir() + "/typo", "local", command});
    EXPECT_EQ(ran.exit_code, 3) << command;
    EXPECT_THAT(ran.err, HasSubstr("there is no cluster in "));
  }
}

}  // namespace
}  // namespace kvctl
