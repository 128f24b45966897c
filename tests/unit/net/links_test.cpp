#include "gms/net/links.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <random>

#include "gms/net/address.hpp"
#include "gms/net/socket.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/unit/net/event_loop.hpp"

namespace gms::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::io_context;
using boost::asio::ip::tcp;
using boost::system::error_code;
using model::BootSeq;
using model::Epoch;
using model::MemberId;

const model::GroupId kGroup{7, 8};

MemberId member(std::uint64_t number) {
  return {model::NodeId(number), model::Incarnation(100 + number)};
}

/// One member's links and what they told.
class End : private LinksListener, private EventSink {
 public:
  End(io_context& context, LinkSettings settings,
      const std::string& address = tests::any_own_port())
      : self_(settings.self) {
    auto acceptor = listen_at(context, address);
    EXPECT_TRUE(acceptor.has_value());
    address_ = to_string(acceptor->local_endpoint());
    settings.advertised_address = address_;
    links_ = Links::start(context, settings, *std::move(acceptor), {*this, *this});
  }
  ~End() override { links_->stop(); }

  Links& links() { return *links_; }
  const std::string& address() const { return address_; }
  const MemberId& id() const { return self_; }

  std::vector<core::Input> inputs;
  std::vector<LinkEvent> events;
  std::vector<std::pair<tcp::socket, wire::StateHello>> state_connections;

  template <class T>
  std::size_t count() const {
    std::size_t count = 0;
    for (const auto& input : inputs) count += std::holds_alternative<T>(input) ? 1 : 0;
    return count;
  }
  template <class T>
  const T* last() const {
    for (auto input = inputs.rbegin(); input != inputs.rend(); ++input)
      if (const T* found = std::get_if<T>(&*input)) return found;
    return nullptr;
  }
  std::size_t count(LinkEventKind kind) const {
    std::size_t count = 0;
    for (const auto& event : events) count += event.kind == kind ? 1 : 0;
    return count;
  }
  /// Of the messages received.
  std::vector<std::uint64_t> epochs() const {
    std::vector<std::uint64_t> out;
    for (const auto& input : inputs)
      if (const auto* received = std::get_if<core::Received>(&input))
        out.push_back(received->message.epoch.value());
    return out;
  }

 private:
  void on_link_input(core::Input input) override { inputs.push_back(std::move(input)); }
  void on_state_connection(tcp::socket socket, const wire::StateHello& hello) override {
    state_connections.emplace_back(std::move(socket), hello);
  }
  void on_links_broken(model::Error error) override { FAIL() << error.detail; }
  void on_trace(const core::TraceEvent&) override {}
  void on_link(const LinkEvent& event) override { events.push_back(event); }

  MemberId self_;
  std::string address_;
  std::shared_ptr<Links> links_;
};

LinkSettings settings_of(std::uint64_t number, std::uint64_t boot = 1) {
  LinkSettings settings;
  settings.group = kGroup;
  settings.self = member(number);
  settings.boot = BootSeq(boot);
  settings.seed = number;
  settings.handshake_deadline = 200ms;
  return settings;
}

core::Message message(std::uint64_t from, std::uint64_t to, std::uint64_t epoch,
                      core::MessageBody body = core::Heartbeat{}) {
  return {kGroup, member(from), BootSeq(1), member(to), Epoch(epoch), std::move(body)};
}

core::Append append_of(std::size_t bytes) {
  model::EntryRunBuilder builder;
  const std::string body(bytes, 'e');
  builder.append(model::EntryKind::command, {model::as_bytes(body)});
  core::Append append;
  append.entries.push_back(builder.seal({}, Epoch(1), model::GroupClock(1)));
  return append;
}

/// A connection of somebody who is no member.
class Stranger {
 public:
  Stranger(io_context& context, const std::string& address) : socket_(context) {
    const auto target = parse_address(address);
    socket_.connect({boost::asio::ip::make_address(target->host), target->port});
    socket_.non_blocking(true);
  }
  void write(model::ByteSpan bytes) {
    error_code ignored;
    boost::asio::write(socket_, boost::asio::const_buffer(bytes.data(), bytes.size()), ignored);
  }
  void write(wire::FrameWriter& frames) {
    while (!frames.empty()) {
      const model::ByteSpan part = frames.parts().spans[0];
      write(part);
      frames.consume(part.size());
    }
  }
  void finish() { socket_.shutdown(tcp::socket::shutdown_send); }
  /// Whether the other end closed; reads what came before.
  bool is_closed() {
    std::array<char, 4096> bytes;
    error_code error;
    while (!error) received += socket_.read_some(boost::asio::buffer(bytes), error);
    return error != boost::asio::error::would_block;
  }

  std::size_t received = 0;

 private:
  tcp::socket socket_;
};

wire::Hello hello_from(std::uint64_t number) {
  return {kGroup, member(number), BootSeq(1), {}, "127.0.0.1:1"};
}

TEST(Links, MessagesArriveInOrderOnceBothEndsKnowEachOther) {
  io_context context;
  End a(context, settings_of(1));
  End b(context, settings_of(2));
  a.links().know(b.id(), b.address());
  std::vector<std::uint64_t> sent;
  for (std::uint64_t epoch = 1; epoch <= 100; ++epoch) {
    a.links().send(message(
        1, 2, epoch, epoch % 10 == 0 ? core::MessageBody(append_of(300'000)) : core::Heartbeat{}));
    sent.push_back(epoch);
  }
  a.links().flush();
  ASSERT_TRUE(run_until(context, [&] { return b.epochs().size() == 100; }));
  EXPECT_EQ(b.epochs(), sent);
  EXPECT_EQ(a.last<core::PeerConnected>()->member, b.id());
  EXPECT_EQ(b.last<core::PeerConnected>()->member, a.id());
  EXPECT_EQ(b.count<core::PeerConnected>(), 1U);
}

TEST(Links, ManyMessagesLeaveInOneWrite) {
  io_context context;
  End a(context, settings_of(1));
  End b(context, settings_of(2));
  a.links().know(b.id(), b.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  const auto before = a.links().statistics().writes;
  for (std::uint64_t epoch = 1; epoch <= 500; ++epoch) a.links().send(message(1, 2, epoch));
  a.links().flush();
  EXPECT_EQ(a.links().statistics().writes, before + 1);
  ASSERT_TRUE(run_until(context, [&] { return b.epochs().size() == 500; }));
  EXPECT_LE(b.links().statistics().reads, 3U);
}

TEST(Links, AnAnswerFindsItsWayToWhoeverSaidHello) {
  io_context context;
  End a(context, settings_of(1));
  End b(context, settings_of(2));
  a.links().send_to_address(b.address(), message(1, 0, 1));
  a.links().flush();
  ASSERT_TRUE(run_until(context, [&] { return b.count<core::PeerConnected>() == 1; }));
  b.links().send(message(2, 1, 9));
  b.links().flush();
  ASSERT_TRUE(run_until(context, [&] { return a.epochs().size() == 1; }));
  EXPECT_EQ(b.epochs(), std::vector<std::uint64_t>{1});
}

TEST(Links, AMemberWhoseProcessIsGoneIsDownAfterItsLastMessage) {
  io_context context;
  End a(context, settings_of(1));
  auto b = std::make_unique<End>(context, settings_of(2, 5));
  a.links().know(b->id(), b->address());
  b->links().know(a.id(), a.address());
  ASSERT_TRUE(run_until(context, [&] {
    return a.links().statistics().links[0].inbound_open == 1 &&
           a.links().statistics().links[0].outbound_open &&
           b->links().statistics().links[0].outbound_open;
  }));
  for (std::uint64_t epoch = 1; epoch <= 50; ++epoch) {
    auto last_words = message(2, 1, epoch, append_of(20'000));
    last_words.from_boot = BootSeq(5);
    b->links().send(last_words);
  }
  b->links().flush();
  b.reset();
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerDown>() == 1; }));
  EXPECT_EQ(a.last<core::PeerDown>()->boot, BootSeq(5));
  EXPECT_EQ(a.epochs().size(), 50U);
  EXPECT_TRUE(std::holds_alternative<core::PeerDown>(a.inputs.back()));
  EXPECT_EQ(a.count<core::PeerDisconnected>(), 1U);
}

TEST(Links, AMemberThatOnlyLostItsConnectionIsNotDown) {
  io_context context;
  End a(context, settings_of(1));
  End b(context, settings_of(2));
  a.links().know(b.id(), b.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  auto forged = message(3, 2, 1);
  a.links().send(forged);
  forged.to = b.id();
  a.links().flush();
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 2; }));
  EXPECT_EQ(a.count<core::PeerDisconnected>(), 1U);
  EXPECT_EQ(a.count<core::PeerDown>(), 0U);
  EXPECT_TRUE(b.epochs().empty()) << "a message in another's name is not handed on";
  EXPECT_EQ(b.count(LinkEventKind::refused), 1U);
}

TEST(Links, AMemberThatCameBackIsConnectedUnderItsNewBoot) {
  io_context context;
  End a(context, settings_of(1));
  auto b = std::make_unique<End>(context, settings_of(2, 5));
  a.links().know(b->id(), b->address());
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  const std::string address = b->address();
  b.reset();
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerDown>() == 1; }));
  b = std::make_unique<End>(context, settings_of(2, 6), address);
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 2; }));
  EXPECT_EQ(a.last<core::PeerConnected>()->boot, BootSeq(6));
}

TEST(Links, AMemberTellsItsNewAddressItself) {
  io_context context;
  End a(context, settings_of(1));
  End b(context, settings_of(2));
  a.links().know(b.id(), "127.0.0.1:1");
  b.links().know(a.id(), a.address());
  ASSERT_TRUE(run_until(context, [&] {
    const auto links = a.links().statistics().links;
    return links[0].outbound_open && links[0].address == b.address();
  }));
}

TEST(Links, AnEarlierBootIsRefused) {
  io_context context;
  End a(context, settings_of(1));
  End later(context, settings_of(2, 6));
  later.links().know(a.id(), a.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  End earlier(context, settings_of(2, 5));
  earlier.links().know(a.id(), a.address());
  ASSERT_TRUE(run_until(context, [&] { return earlier.count(LinkEventKind::unreachable) > 0; }));
  EXPECT_EQ(a.count<core::PeerConnected>(), 1U);
  EXPECT_EQ(earlier.count<core::PeerDown>(), 0U);
}

TEST(Links, AnotherGroupAndAnotherIncarnationAreRefused) {
  io_context context;
  End a(context, settings_of(1));
  LinkSettings foreign = settings_of(2);
  foreign.group = {1, 1};
  End b(context, foreign);
  b.links().know(a.id(), a.address());
  End c(context, settings_of(3));
  c.links().know({a.id().node, model::Incarnation(1)}, a.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::refused) >= 2; }));
  ASSERT_TRUE(run_until(context, [&] {
    return b.count(LinkEventKind::unreachable) > 0 && c.count(LinkEventKind::unreachable) > 0;
  }));
  EXPECT_TRUE(a.inputs.empty());
  EXPECT_TRUE(b.inputs.empty());
  EXPECT_TRUE(c.inputs.empty());
}

TEST(Links, AJoinerWithoutAGroupIsWelcome) {
  io_context context;
  End a(context, settings_of(1));
  LinkSettings joiner = settings_of(2);
  joiner.group = {};
  End b(context, joiner);
  b.links().send_to_address(a.address(), message(2, 0, 1));
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
}

TEST(Links, SomebodyWhoSaysNothingIsDroppedAtTheDeadline) {
  io_context context;
  End a(context, settings_of(1));
  Stranger stranger(context, a.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::refused) == 1; }));
  EXPECT_TRUE(stranger.is_closed());
}

TEST(Links, InboundConnectionsAreBoundedAndFurtherOnesWait) {
  io_context context;
  LinkSettings settings = settings_of(1);
  settings.inbound_max = 4;
  End a(context, settings);
  std::vector<std::unique_ptr<Stranger>> strangers;
  for (int i = 0; i < 8; ++i) strangers.push_back(std::make_unique<Stranger>(context, a.address()));
  wire::FrameWriter hello;
  add_hello(hello, wire::PeerFrame::hello, hello_from(9));
  strangers.back()->write(hello);
  run_for(context, 50ms);
  EXPECT_EQ(a.count<core::PeerConnected>(), 0U) << "the fifth waits to be accepted";
  // The idle ones lose their places at the deadline.
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
}

TEST(Links, AMemberKeepsFewInboundConnections) {
  io_context context;
  End a(context, settings_of(1));
  std::vector<std::unique_ptr<Stranger>> strangers;
  for (int i = 0; i < 10; ++i) {
    strangers.push_back(std::make_unique<Stranger>(context, a.address()));
    wire::FrameWriter hello;
    add_hello(hello, wire::PeerFrame::hello, hello_from(9));
    strangers.back()->write(hello);
  }
  ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::accepted) == 10; }));
  EXPECT_EQ(a.links().statistics().links[0].inbound_open, 4U);
  EXPECT_TRUE(strangers.front()->is_closed());
  EXPECT_FALSE(strangers.back()->is_closed());
}

TEST(Links, RandomBytesAreDroppedWithALineEachAndTheOthersGoOn) {
  io_context context;
  End a(context, settings_of(1));
  End b(context, settings_of(2));
  b.links().know(a.id(), a.address());
  std::mt19937_64 random(5);
  for (std::size_t round = 0; round < 200; ++round) {
    Stranger stranger(context, a.address());
    model::Bytes noise(1 + random() % 2000);
    for (auto& byte : noise) byte = static_cast<std::byte>(random());
    noise.resize(std::max<std::size_t>(noise.size(), wire::kFrameHeaderBytes));
    stranger.write(noise);
    ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::refused) == round + 1; }));
    EXPECT_TRUE(stranger.is_closed());
    b.links().send(message(2, 1, round + 1));
    b.links().flush();
    ASSERT_TRUE(run_until(context, [&] { return a.epochs().size() == round + 1; }));
  }
}

TEST(Links, NoFlippedBitInValidFramesGetsThrough) {
  io_context context;
  End a(context, settings_of(1));
  wire::FrameWriter frames;
  add_hello(frames, wire::PeerFrame::hello, hello_from(9));
  wire::MessageEncoder().add_to(frames, message(9, 1, 1, append_of(50)));
  const model::ByteSpan valid = frames.parts().spans[0];
  ASSERT_EQ(valid.size(), frames.bytes());
  for (std::size_t bit = 0; bit < 8 * valid.size(); ++bit) {
    model::Bytes flipped(valid.begin(), valid.end());
    flipped[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    Stranger stranger(context, a.address());
    stranger.write(flipped);
    stranger.finish();
    ASSERT_TRUE(run_until(context, [&] { return stranger.is_closed(); })) << "bit " << bit;
  }
  EXPECT_TRUE(a.epochs().empty());
  Stranger last(context, a.address());
  last.write(valid);
  ASSERT_TRUE(run_until(context, [&] { return a.epochs().size() == 1; }));
}

TEST(Links, AFrameThatDoesNotEndEndsTheLinkAndASlowOneDoesNot) {
  io_context context;
  LinkSettings settings = settings_of(1);
  settings.frame_deadline = 200ms;
  End a(context, settings);
  wire::FrameWriter frames;
  add_hello(frames, wire::PeerFrame::hello, hello_from(9));
  Stranger stranger(context, a.address());
  stranger.write(frames);
  wire::MessageEncoder().add_to(frames, message(9, 1, 1));
  const model::ByteSpan whole = frames.parts().spans[0];
  model::Bytes longer(whole.begin(), whole.end());
  longer[2] ^= std::byte{16};
  // Whole frames keep the link, however late the next one's end.
  for (int i = 0; i < 4; ++i) {
    stranger.write(whole.first(20));
    run_for(context, 100ms);
    stranger.write(whole.subspan(20));
    run_for(context, 10ms);
  }
  EXPECT_EQ(a.epochs().size(), 4U);
  EXPECT_FALSE(stranger.is_closed());
  // One whose length says a megabyte more: what follows is taken for a part of it.
  for (int i = 0; i < 6 && !stranger.is_closed(); ++i) {
    stranger.write(longer);
    run_for(context, 100ms);
  }
  EXPECT_TRUE(stranger.is_closed());
  EXPECT_EQ(a.epochs().size(), 4U);
}

TEST(Links, AFrameLongerThanAHandshakeNeedsIsRefusedBeforeIt) {
  io_context context;
  End a(context, settings_of(1));
  Stranger stranger(context, a.address());
  wire::FrameWriter frame;
  frame.add(static_cast<std::uint8_t>(wire::PeerFrame::hello),
            model::Bytes(wire::kHandshakeBytesMax + 1));
  stranger.write(frame.parts().spans[0].first(wire::kFrameHeaderBytes));
  ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::refused) == 1; }));
}

TEST(Links, AQueueOverItsLimitIsDroppedAndTheLinkMadeAnew) {
  io_context context;
  LinkSettings settings = settings_of(1);
  settings.send_queue_bytes_max = 1 << 20;
  End a(context, settings);
  End b(context, settings_of(2));
  a.links().know(b.id(), b.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  for (std::uint64_t i = 0; i < 40; ++i) {
    a.links().send(message(1, 2, i, append_of(1 << 20)));
    a.links().flush();
    EXPECT_LE(a.links().statistics().links[0].queued_bytes, 3U << 20);
  }
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 2; }));
  EXPECT_GT(a.links().statistics().messages_dropped, 0U);
  EXPECT_EQ(a.count<core::PeerDown>(), 0U);
}

/// Asks at an address, as a joiner does, until `done`; false when it does not get there.
template <class Done>
bool ask_until(io_context& context, End& asks, const std::string& address, Done done) {
  const auto ask = [&] {
    asks.links().send_to_address(address, message(1, 0, 1));
    asks.links().flush();
    return done();
  };
  for (int i = 0; i < 500 && !ask(); ++i) run_for(context, 5ms);
  return done();
}

TEST(Links, AnAddressWhereNobodyListensIsOneEventUntilSomebodyDoes) {
  io_context context;
  LinkSettings settings = settings_of(1);
  settings.backoff = {1, 1ms, 2ms};
  settings.unused_after = 1s;
  End a(context, settings);
  auto b = std::make_unique<End>(context, settings_of(2));
  const std::string address = b->address();
  b.reset();
  const auto nobody_there = [&] {
    return std::ranges::count_if(a.events, [](const LinkEvent& event) {
      return event.kind == LinkEventKind::unreachable && event.detail == "Connection refused";
    });
  };
  EXPECT_TRUE(ask_until(context, a, address, [&] { return nobody_there() > 0; }));
  // Longer than links live that are not used: another one is made.
  run_for(context, 1100ms);
  a.links().send_to_address(address, message(1, 0, 1));
  run_for(context, 100ms);
  EXPECT_EQ(nobody_there(), 1);
  // Another reason is news, and so is the first one after that.
  LinkSettings foreign = settings_of(2);
  foreign.group = {1, 1};
  b = std::make_unique<End>(context, foreign, address);
  const auto refused = [&] { return a.events.back().detail.starts_with("refused"); };
  EXPECT_TRUE(ask_until(context, a, address, refused));
  b.reset();
  EXPECT_TRUE(ask_until(context, a, address, [&] { return nobody_there() == 2; }));
  b = std::make_unique<End>(context, settings_of(2), address);
  EXPECT_TRUE(ask_until(context, a, address, [&] { return a.count<core::PeerConnected>() == 1; }));
  ASSERT_TRUE(run_until(context, [&] { return a.links().statistics().links.empty(); }));
  b.reset();
  EXPECT_TRUE(ask_until(context, a, address, [&] { return nobody_there() == 3; }));
}

TEST(Links, WhoComesBackElsewhereIsWrittenToThereAtOnce) {
  io_context context;
  End a(context, settings_of(1));
  End before(context, settings_of(2, 1));
  a.links().know(before.id(), before.address());
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  // The host of the life before is gone and says nothing: as if this end were not there.
  End after(context, settings_of(2, 2));
  after.links().know(a.id(), a.address());
  ASSERT_TRUE(run_until(context, [&] { return after.count<core::PeerConnected>() == 1; }));
  const auto arrives = [&] {
    a.links().send(message(1, 2, 7));
    a.links().flush();
    return !after.epochs().empty();
  };
  EXPECT_TRUE(run_until(context, arrives));
}

TEST(Links, APortThatIsNotForPeersIsToldFromOneThatRefuses) {
  io_context context;
  End a(context, settings_of(1));
  auto acceptor = listen_at(context, tests::any_own_port());
  ASSERT_TRUE(acceptor.has_value());
  a.links().send_to_address(to_string(acceptor->local_endpoint()), message(1, 0, 1));
  tcp::socket other(context);
  acceptor->async_accept(other, [&](const error_code&) {
    // A reply of the protocol of clients: neither a welcome nor a refusal.
    wire::FrameWriter frames;
    frames.add(4, model::Bytes(20));
    const model::ByteSpan reply = frames.parts().spans[0];
    other.write_some(boost::asio::const_buffer(reply.data(), reply.size()));
  });
  ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::unreachable) == 1; }));
  EXPECT_EQ(a.events.back().detail, "no welcome: what listens there is no peer port");
}

TEST(Links, AMemberThatIsGoneIsOneEventUntilItIsBack) {
  io_context context;
  LinkSettings settings = settings_of(1);
  settings.backoff = {1, 1ms, 2ms};
  End a(context, settings);
  auto b = std::make_unique<End>(context, settings_of(2, 5));
  const std::string address = b->address();
  a.links().know(b->id(), address);
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  b.reset();
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerDown>() == 1; }));
  run_for(context, 100ms);
  EXPECT_EQ(a.count(LinkEventKind::unreachable), 1U);
  b = std::make_unique<End>(context, settings_of(2, 6), address);
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 2; }));
  b.reset();
  ASSERT_TRUE(run_until(context, [&] { return a.count(LinkEventKind::unreachable) == 2; }));
}

TEST(Links, WhoLetsAMemberInAndClosesIsNotKnockedAtWithoutAPause) {
  io_context context;
  End a(context, settings_of(1));
  auto acceptor = listen_at(context, tests::any_own_port());
  ASSERT_TRUE(acceptor.has_value());
  std::size_t accepted = 0;
  std::optional<tcp::socket> peer;
  std::array<char, 256> hello;
  // It closes when it has the hello: the other end sees no error.
  const auto close = [&](const error_code&, std::size_t) { peer.reset(); };
  std::function<void()> accept = [&] {
    acceptor->async_accept([&](const error_code& error, tcp::socket socket) {
      if (error) return;
      ++accepted;
      peer.emplace(std::move(socket));
      wire::Hello welcome = hello_from(2);
      welcome.address = to_string(acceptor->local_endpoint());
      wire::FrameWriter frames;
      add_hello(frames, wire::PeerFrame::welcome, welcome);
      (void)write_some(*peer, frames);
      peer->async_read_some(boost::asio::buffer(hello), close);
      accept();
    });
  };
  accept();
  a.links().know(member(2), to_string(acceptor->local_endpoint()));
  run_for(context, 400ms);
  EXPECT_GE(accepted, 3U);
  EXPECT_LE(accepted, 12U);
}

TEST(Links, AnUnusedLinkToSomebodyUnknownEnds) {
  io_context context;
  LinkSettings settings = settings_of(1);
  settings.unused_after = 1s;
  End a(context, settings);
  End b(context, settings_of(2));
  a.links().send_to_address(b.address(), message(1, 0, 1));
  ASSERT_TRUE(run_until(context, [&] { return a.count<core::PeerConnected>() == 1; }));
  ASSERT_EQ(a.links().statistics().links.size(), 1U);
  ASSERT_TRUE(run_until(context, [&] { return a.links().statistics().links.empty(); }));
}

}  // namespace
}  // namespace gms::net
