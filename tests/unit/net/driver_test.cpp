#include "gms/net/driver.hpp"

#include <gtest/gtest.h>

#include "gms/net/address.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/unit/core/log_samples.hpp"
#include "tests/unit/net/event_loop.hpp"
#include "tests/unit/net/group_fixture.hpp"

namespace gms::net {
namespace {

using boost::asio::io_context;
using core::member;
using model::BootSeq;
using model::Epoch;
using model::Index;

const model::GroupId kGroup{7, 7};
constexpr std::uint64_t kEpoch = 5;

/// What a log was asked for, and whom it tells that something is durable.
struct LogCalls {
  std::vector<std::string> names;
  model::PersistSeq last;
  model::LogListener* listener = nullptr;
};

/// A log that answers nothing by itself.
class SilentLog final : public model::Log {
 public:
  explicit SilentLog(LogCalls& calls) : calls_(calls) {}

  void persist(model::PersistRequest request) override {
    calls_.names.emplace_back("persist");
    calls_.last = request.seq;
  }
  void read(model::ReadRequest) override { calls_.names.emplace_back("read"); }
  void stop() override {}

 private:
  LogCalls& calls_;
};

/// The links of another member, and the bodies of the messages that it received.
class Peer final : private LinksListener, private EventSink {
 public:
  Peer(io_context& context, std::uint64_t number) : self_(member(number)) {
    auto acceptor = listen_at(context, tests::any_own_port());
    LinkSettings settings;
    settings.group = kGroup;
    settings.self = self_;
    settings.boot = BootSeq(1);
    settings.advertised_address = address = to_string(acceptor->local_endpoint());
    links_ = Links::start(context, settings, *std::move(acceptor), {*this, *this});
  }
  ~Peer() override { links_->stop(); }

  void know(const model::MemberId& other, const std::string& where) { links_->know(other, where); }
  void send(std::uint64_t epoch, core::MessageBody body) {
    links_->send({kGroup, self_, BootSeq(1), member(1), Epoch(epoch), std::move(body)});
    links_->flush();
  }
  template <class Body>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        received_, [](const auto& body) { return std::holds_alternative<Body>(body); }));
  }

  std::string address;

 private:
  void on_link_input(core::Input input) override {
    if (auto* received = std::get_if<core::Received>(&input))
      received_.push_back(std::move(received->message.body));
  }
  void on_state_connection(boost::asio::ip::tcp::socket, const wire::StateHello&) override {}
  void on_links_broken(model::Error error) override { FAIL() << error.detail; }
  void on_trace(const core::TraceEvent&) override {}
  void on_link(const LinkEvent&) override {}

  model::MemberId self_;
  std::shared_ptr<Links> links_;
  std::vector<core::MessageBody> received_;
};

/// Member 1 of a view of three, with a log of two entries that are not in memory; member 2 is this
/// test, and member 3 is not there.
class DriverTest : public testing::Test, private DriverListener {
 protected:
  DriverTest() : peer_(context_, 2) {
    model::View view = core::view_of(1, 3);
    view.members[1].peer_address = peer_.address;
    const auto first = core::view_entry({}, kEpoch, view);
    last_ = core::commands(first.head(), kEpoch, {"c"}).head();

    Driver::Settings settings;
    settings.engine.self = view.members[0];
    settings.state.identity = {kGroup, member(1), "m1"};
    settings.state.boot = BootSeq(1);
    settings.state.hard_state = {Epoch(kEpoch), {}};
    settings.state.log.head = last_;
    settings.state.log.epochs = {{Epoch(kEpoch), Index(1), Index(2), last_.hash}};
    settings.state.log.views = {{view, first.head().position}};
    settings.links.group = kGroup;
    settings.links.self = member(1);
    settings.links.boot = BootSeq(1);

    auto acceptor = listen_at(context_, tests::any_own_port());
    const std::string address = to_string(acceptor->local_endpoint());
    settings.links.advertised_address = address;
    const auto make_log = [this](model::LogListener& listener) {
      calls_.listener = &listener;
      return std::make_unique<SilentLog>(calls_);
    };
    driver_ = Driver::start(context_, std::move(settings), *std::move(acceptor), make_log,
                            {application_, *this, application_});
    peer_.know(member(1), address);
  }
  ~DriverTest() override { driver_->stop(); }

  /// One more entry behind the log.
  [[nodiscard]] core::Append next_append(Index commit) const {
    core::Append append;
    append.id = model::AppendId(1);
    append.previous = last_.position;
    append.previous_hash = last_.hash;
    append.entries = {core::commands(last_, kEpoch, {"next"})};
    append.commit = commit;
    return append;
  }
  template <class Done>
  [[nodiscard]] bool wait(Done done) {
    return run_until(context_, done);
  }

  io_context context_;
  LogCalls calls_;
  Peer peer_;
  Recorder application_;
  model::ChainHead last_;
  std::shared_ptr<Driver> driver_;

 private:
  void on_completed(const core::Completed&) override {}
  void on_read_ready(const core::ReadReady&) override {}
  void on_delivered(const model::DeliveryBatch&) override {}
  void on_view(const model::PlacedView&) override {}
  void on_restored(const model::PlacedView&) override {}
  void on_group(const model::GroupId&) override {}
  void on_stopped(const model::Error& error) override { FAIL() << error.detail; }
};

TEST_F(DriverTest, AMessageLeavesOnlyWhenWhatItStandsOnIsDurable) {
  peer_.send(kEpoch, next_append(Index()));
  // The answer to this stands on nothing.
  peer_.send(kEpoch, core::Heartbeat{model::HeartbeatSeq(1), Index()});
  ASSERT_TRUE(wait([&] { return peer_.count<core::HeartbeatReply>() == 1; }));
  EXPECT_EQ(peer_.count<core::AppendReply>(), 0U);
  ASSERT_EQ(calls_.names, std::vector<std::string>{"persist"});
  calls_.listener->on_durable(calls_.last);
  EXPECT_TRUE(wait([&] { return peer_.count<core::AppendReply>() == 1; }));
}

TEST_F(DriverTest, TheLogIsReadWhenItHasTheOrdersThatWereGivenBefore) {
  // What this commits is not in memory.
  peer_.send(kEpoch, next_append(Index(1)));
  ASSERT_TRUE(wait([&] { return calls_.names.size() == 2; }));
  EXPECT_EQ(calls_.names, (std::vector<std::string>{"persist", "read"}));
}

}  // namespace
}  // namespace gms::net
