#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <future>
#include <iostream>
#include <sstream>
#include <thread>

#include "client/kvctl/context.hpp"
#include "kvstore/api/inspection.hpp"
#include "kvstore/api/query.hpp"
#include "tests/unit/client/fake_server.hpp"

namespace kvctl::testing {

namespace api = kvstore::api;
using client::ErrorCode;
using client::testing::FakeServer;
using client::testing::Received;
using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::ByteWriter;

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

/// Runs kvctl in this process.
inline Ran run_line(const std::vector<std::string>& line) {
  const Capture out(std::cout);
  const Capture err(std::cerr);
  const ExitCode code = run(line);
  return {static_cast<int>(code), out.text(), err.text()};
}

inline api::StatusReply status_of(const FakeServer& server, const gms::model::View& view) {
  api::StatusReply status;
  status.name = server.name();
  status.member = view.find_name(server.name())->id;
  status.role_code = server.name() == "n1" ? api::MemberRole::leader : api::MemberRole::follower;
  status.role = api::to_string(status.role_code);
  status.leader = "n1";
  status.epoch = gms::model::Epoch(3);
  status.commit = status.applied = gms::model::Index(40);
  status.digest = api::Digest(0xABC);
  status.view = {view, {gms::model::Epoch(2), gms::model::Index(9)}};
  status.counters = {{"log.queue_depth", 4}};
  return status;
}

/// The view that n1 does not know the reason of, and n2 does.
inline api::ViewsReply views_of(const FakeServer& server, gms::model::View view) {
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
class KvctlGroupTest : public ::testing::Test {
 protected:
  KvctlGroupTest() {
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
  ~KvctlGroupTest() override {
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
      case api::RequestKind::range: encode_keys(out); break;
      case api::RequestKind::write: return write(server, request);
      default: return server.refuse(request, ErrorCode::io, "not in the script");
    }
    server.answer(request, out.take());
  }

  /// Every range has the keys p1, p2 and p3.
  static void encode_keys(ByteWriter& out) {
    ByteWriter keys;
    for (const char* key : {"p1", "p2", "p3"})
      api::encode_pair({as_bytes(key), {}}, api::RangeContent::keys, keys);
    encode(api::RangePage{{}, {}, api::RangeContent::keys, 3, keys.bytes()}, out);
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
    const std::string key(as_text(std::get<api::Erase>(call->operation).key));
    if (key == "p1") return server.carry_out(request);
    if (key == "p3" && p3_fails) return server.refuse(request, ErrorCode::unavailable, "no");
    server.answer(request, api::CommandReply{api::Outcome::not_found, {}, {}});
  }

  /// Does something on the members' thread.
  template <class Work>
  void change(Work work) {
    std::promise<void> done;
    boost::asio::post(context, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  /// Ends the members, so that what they have received can be looked at.
  void stop() {
    context.stop();
    thread.join();
    thread = std::thread([] {});
  }

  Ran kvctl(std::vector<std::string> line) {
    line.insert(line.end(), {"-e", n1.address() + "," + n2.address(), "--timeout", "2s"});
    return run_line(line);
  }

  boost::asio::io_context context;
  FakeServer n1{context, "n1"};
  FakeServer n2{context, "n2"};
  FakeServer n3{context, "n3"};
  gms::model::View view;
  std::atomic<bool> p3_fails = false;
  std::thread thread;
};

}  // namespace kvctl::testing
