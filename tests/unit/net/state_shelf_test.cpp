#include "gms/net/state_shelf.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <random>

#include "gms/net/address.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/unit/net/transfer_fixture.hpp"

namespace gms::net {
namespace {

using boost::asio::io_context;
using boost::asio::ip::tcp;
using boost::system::error_code;

/// Somebody who speaks for themselves on a state connection.
class Stranger {
 public:
  Stranger(io_context& context, const std::string& address) : socket_(context) {
    const auto target = parse_address(address);
    socket_.connect({boost::asio::ip::make_address(target->host), target->port});
    socket_.non_blocking(true);
  }
  void write(wire::FrameWriter& frames) {
    while (!frames.empty()) {
      const model::ByteSpan part = frames.parts().spans[0];
      write(part);
      frames.consume(part.size());
    }
  }
  void write(model::ByteSpan bytes) {
    error_code ignored;
    boost::asio::write(socket_, boost::asio::const_buffer(bytes.data(), bytes.size()), ignored);
  }
  void say_hello(const model::SnapshotMeta& meta, std::uint64_t from = 2) {
    wire::FrameWriter frames;
    add_state_hello(
        frames, {kTransferGroup, transfer_member(from), model::BootSeq(1), meta.source, meta.id});
    write(frames);
  }
  /// Takes what has come; whether the other end has closed.
  bool is_closed() {
    error_code error;
    while (!error) {
      const auto space = reader_.space();
      reader_.received(
          socket_.read_some(boost::asio::mutable_buffer(space.data(), space.size()), error));
      for (auto next = reader_.next(); next && *next; next = reader_.next())
        received.push_back(**std::move(next));
    }
    return error != boost::asio::error::would_block;
  }
  bool has(std::size_t count) {
    static_cast<void>(is_closed());
    return received.size() >= count;
  }
  bool is_refused() const {
    return !received.empty() &&
           received.back().type == static_cast<std::uint8_t>(wire::PeerFrame::state_refusal);
  }

  std::vector<wire::Frame> received;

 private:
  tcp::socket socket_;
  wire::FrameReader reader_;
};

TEST(StateShelf, AnswersPullsInTheirOrderWhateverTheirPlace) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto contents = contents_of({100, 1000});
  const auto meta = source.put(5, contents);
  Stranger stranger(context, source.address());
  stranger.say_hello(meta);
  ASSERT_TRUE(run_until(context, [&] { return stranger.has(1); }));
  wire::FrameWriter pulls;
  for (const wire::StatePull pull : {wire::StatePull{1, 990, 10}, {0, 0, 100}, {1, 0, 1000}})
    add_state_pull(pulls, pull);
  stranger.write(pulls);
  ASSERT_TRUE(run_until(context, [&] { return stranger.has(4); }));
  const auto page = wire::decode_state_parts(stranger.received[0].body.bytes());
  EXPECT_EQ(page->parts.size(), 2U);
  const auto chunk = wire::decode_state_chunk(stranger.received[1].body);
  EXPECT_EQ(chunk->offset, 990U);
  EXPECT_TRUE(std::ranges::equal(chunk->bytes.bytes(), std::span(contents[1]).subspan(990)));
  const auto whole = wire::decode_state_chunk(stranger.received[3].body);
  EXPECT_TRUE(std::ranges::equal(whole->bytes.bytes(), contents[1]));
}

TEST(StateShelf, RefusesPullsOfWhatNoPartHas) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({100}));
  for (const wire::StatePull pull :
       {wire::StatePull{1, 0, 1}, {0, 100, 1}, {0, 101, 1}, {0, 99, 2}, {0, UINT64_MAX, 2}}) {
    Stranger stranger(context, source.address());
    stranger.say_hello(meta);
    ASSERT_TRUE(run_until(context, [&] { return stranger.has(1); }));
    wire::FrameWriter frames;
    add_state_pull(frames, pull);
    stranger.write(frames);
    ASSERT_TRUE(run_until(context, [&] { return stranger.is_closed(); }));
    EXPECT_TRUE(stranger.is_refused());
    EXPECT_EQ(stranger.received.size(), 2U);
  }
  EXPECT_EQ(source.fate.bytes, 0U);
  EXPECT_EQ(source.shelf().serving_count(), 0U);
}

TEST(StateShelf, KeepsWhatIsBeingPulledThoughItIsReleased) {
  io_context context;
  auto settings = transfer_settings(1);
  settings.kept_after_release = 0ms;
  SourceEnd source(context, settings);
  const auto contents = contents_of({100});
  const auto meta = source.put(5, contents);
  Stranger stranger(context, source.address());
  stranger.say_hello(meta);
  ASSERT_TRUE(run_until(context, [&] { return stranger.has(1); }));
  source.shelf().release(meta.id);
  ASSERT_FALSE(source.fate.destroyed);
  wire::FrameWriter frames;
  add_state_pull(frames, {0, 0, 100});
  stranger.write(frames);
  ASSERT_TRUE(run_until(context, [&] { return stranger.has(2); }));
  const auto chunk = wire::decode_state_chunk(stranger.received[1].body);
  EXPECT_TRUE(std::ranges::equal(chunk->bytes.bytes(), contents[0]));
}

TEST(StateShelf, DropsRandomBytesAndGoesOnWithOthers) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({100}));
  std::mt19937_64 random(11);
  for (int round = 0; round < 100; ++round) {
    Stranger stranger(context, source.address());
    stranger.say_hello(meta);
    ASSERT_TRUE(run_until(context, [&] { return stranger.has(1); }));
    model::Bytes noise(wire::kFrameHeaderBytes + random() % 500);
    for (auto& byte : noise) byte = static_cast<std::byte>(random());
    stranger.write(noise);
    ASSERT_TRUE(run_until(context, [&] { return stranger.is_closed(); }));
  }
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_TRUE(fetcher.staged);
}

TEST(StateShelf, TakesNothingBeforeItHasAnsweredTheHello) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({100}));
  Stranger stranger(context, source.address());
  wire::FrameWriter frames;
  add_state_hello(frames,
                  {kTransferGroup, transfer_member(2), model::BootSeq(1), meta.source, meta.id});
  add_state_pull(frames, {0, 0, 100});
  stranger.write(frames);
  ASSERT_TRUE(run_until(context, [&] { return stranger.is_closed(); }));
  EXPECT_EQ(source.refused, 1U);
  EXPECT_EQ(source.fate.bytes, 0U);
}

TEST(StateShelf, ClosesAConnectionOnWhichNothingIsPulled) {
  io_context context;
  auto settings = transfer_settings(1);
  settings.serving_idle_max = 5ms;
  SourceEnd source(context, settings);
  const auto meta = source.put(5, contents_of({100}));
  Stranger stranger(context, source.address());
  stranger.say_hello(meta);
  ASSERT_TRUE(run_until(context, [&] { return stranger.is_closed(); }));
  EXPECT_EQ(stranger.received.size(), 1U);
  ASSERT_TRUE(run_until(context, [&] { return source.shelf().serving_count() == 0; }));
}

/// A connection whose other end has reset it.
tcp::socket reset_connection(io_context& context) {
  auto acceptor = listen_at(context, tests::any_own_port());
  tcp::socket other(context);
  other.connect(acceptor->local_endpoint());
  tcp::socket accepted = acceptor->accept();
  other.set_option(boost::asio::socket_base::linger(true, 0));
  other.close();
  return accepted;
}

TEST(StateShelf, KeepsNoPlaceForAConnectionThatIsGoneAtItsFirstWrite) {
  io_context context;
  auto settings = transfer_settings(1);
  settings.kept_after_release = 1ms;
  SourceEnd source(context, settings);
  const auto meta = source.put(5, contents_of({100}));
  std::size_t served = 0;
  for (std::size_t i = 0; i <= settings.serving_max; ++i) {
    // Where connections come from: the loop, in which a coroutine begins at once.
    boost::asio::post(context, [&] {
      source.shelf().serve(reset_connection(context), meta.id);
      ++served;
    });
    ASSERT_TRUE(
        run_until(context, [&] { return served > i && source.shelf().serving_count() == 0; }));
  }
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_TRUE(fetcher.staged);
  source.shelf().release(meta.id);
  ASSERT_TRUE(run_until(context, [&] { return source.fate.destroyed; })) << "nobody pulls it";
}

TEST(StateShelf, CallsNobodyForAConnectionThatItGaveUpAtOnce) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({100}));
  boost::asio::post(context, [&] {
    source.shelf().serve(reset_connection(context), meta.id);
    source.shelf().withdraw();
  });
  ASSERT_TRUE(run_until(context, [&] { return source.fate.destroyed; }));
  run_for(context, 1ms);
  EXPECT_EQ(source.shelf().serving_count(), 0U);
}

TEST(StateShelf, KeepsAReleasedSnapshotWhileItIsPulledAndForAWhileAfter) {
  io_context context;
  auto settings = transfer_settings(1);
  settings.kept_after_release = 20ms;
  SourceEnd source(context, settings);
  const auto meta = source.put(5, contents_of({100}));
  Stranger stranger(context, source.address());
  stranger.say_hello(meta);
  ASSERT_TRUE(run_until(context, [&] { return stranger.has(1); }));
  source.shelf().release(meta.id);
  run_for(context, 30ms);
  EXPECT_FALSE(source.fate.destroyed) << "it is still connected";
  stranger = Stranger(context, source.address());
  ASSERT_TRUE(run_until(context, [&] { return source.shelf().serving_count() == 0; }));
  stranger.say_hello(meta);
  ASSERT_TRUE(run_until(context, [&] { return source.fate.destroyed || stranger.has(1); }));
  stranger = Stranger(context, source.address());
  ASSERT_TRUE(run_until(context, [&] { return source.fate.destroyed; }));
  EXPECT_EQ(source.shelf().snapshot_count(), 0U);
}

TEST(StateShelf, KeepsASnapshotThatWasNotReleasedAndFewThatWere) {
  io_context context;
  auto settings = transfer_settings(1);
  settings.kept_after_release = 1h;
  settings.released_max = 2;
  SourceEnd source(context, settings);
  for (std::uint64_t id = 1; id <= 5; ++id) static_cast<void>(source.put(id, contents_of({1})));
  for (std::uint64_t id = 1; id <= 4; ++id) source.shelf().release(model::SnapshotId(id));
  EXPECT_EQ(source.shelf().snapshot_count(), 3U) << "the two released last, and the fifth";
  FetchEnd early(context, transfer_settings(2),
                 {model::SnapshotId(1), transfer_member(1), source.address(), {}, 1});
  FetchEnd late(context, transfer_settings(2),
                {model::SnapshotId(4), transfer_member(1), source.address(), {}, 1});
  ASSERT_TRUE(run_until(context, [&] { return early.is_over() && late.is_over(); }));
  EXPECT_EQ(early.failure->code, model::ErrorCode::not_found);
  EXPECT_TRUE(late.staged);
}

}  // namespace
}  // namespace gms::net
