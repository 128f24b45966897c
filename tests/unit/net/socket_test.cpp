#include "gms/net/socket.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>

#include "gms/net/address.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/unit/net/event_loop.hpp"

namespace gms::net {
namespace {

using boost::asio::ip::tcp;
using model::ErrorCode;
using model::Result;

class SocketTest : public ::testing::Test {
 protected:
  /// A port at which nobody listens any more.
  [[nodiscard]] tcp::endpoint nobody() {
    return listen_at(context_, tests::any_own_port())->local_endpoint();
  }
  /// Where nothing can be, so that the way there fails.
  [[nodiscard]] static tcp::endpoint nowhere() {
    return {boost::asio::ip::make_address("255.255.255.255"), 9};
  }
  [[nodiscard]] Result<void> connected(const Endpoints& endpoints) {
    std::optional<Result<void>> out;
    const auto is_over = [this] { return is_over_; };
    boost::asio::co_spawn(context_, connect(&socket_, endpoints, is_over),
                          [&](const std::exception_ptr&, Result<void> done) { out = done; });
    EXPECT_TRUE(run_until(context_, [&] { return out.has_value(); }));
    return out.value_or(Result<void>());
  }

  boost::asio::io_context context_;
  tcp::socket socket_{context_};
  bool is_over_ = false;
};

TEST_F(SocketTest, ConnectsWhereSomebodyListens) {
  const auto acceptor = listen_at(context_, tests::any_own_port());
  ASSERT_TRUE(acceptor.has_value());
  const tcp::endpoint there = acceptor->local_endpoint();
  EXPECT_TRUE(connected({nobody(), nowhere(), there}).has_value());
  EXPECT_EQ(socket_.remote_endpoint(), there);
}

TEST_F(SocketTest, IsNotInheritedByWhatTheProcessStarts) {
  auto acceptor = listen_at(context_, tests::any_own_port());
  ASSERT_TRUE(acceptor.has_value());
  ASSERT_TRUE(connected({acceptor->local_endpoint()}).has_value());
  tcp::socket accepted(context_);
  boost::system::error_code error;
  acceptor->accept(accepted, error);
  ASSERT_FALSE(error);
  prepare(accepted);
  for (const int socket :
       {acceptor->native_handle(), socket_.native_handle(), accepted.native_handle()})
    EXPECT_EQ(::fcntl(socket, F_GETFD), FD_CLOEXEC);
}

TEST_F(SocketTest, SendsUnpacedOverLoopback) {
  // Where the kernel's own choice does not pace, this holds of any socket.
  const auto acceptor = listen_at(context_, tests::any_own_port());
  ASSERT_TRUE(acceptor.has_value());
  ASSERT_TRUE(connected({acceptor->local_endpoint()}).has_value());
  std::array<char, 16> name{};
  socklen_t bytes = name.size();
  ASSERT_EQ(::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &bytes),
            0);
  EXPECT_THAT(name.data(), ::testing::AnyOf(::testing::StrEq("cubic"), ::testing::StrEq("reno")));
}

TEST_F(SocketTest, SaysThatNobodyListensOnlyWhenAllSayIt) {
  EXPECT_EQ(connected({nobody(), nobody()}).error().code, ErrorCode::closed);
  EXPECT_EQ(connected({nobody(), nowhere()}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(connected({nowhere(), nobody()}).error().code, ErrorCode::unavailable);
}

TEST_F(SocketTest, TriesNoFurtherWhenNobodyWaitsForIt) {
  const auto acceptor = listen_at(context_, tests::any_own_port());
  ASSERT_TRUE(acceptor.has_value());
  is_over_ = true;
  EXPECT_EQ(connected({acceptor->local_endpoint()}).error().code, ErrorCode::unavailable);
  EXPECT_FALSE(socket_.is_open());
}

TEST_F(SocketTest, BeginsEachAttemptWithTheNextOfAll) {
  const tcp::endpoint one(boost::asio::ip::make_address("127.0.0.1"), 1);
  const tcp::endpoint two(boost::asio::ip::make_address("127.0.0.2"), 1);
  const tcp::endpoint three(boost::asio::ip::make_address("127.0.0.3"), 1);
  EXPECT_EQ(begun_with({one, two, three}, 0), (Endpoints{one, two, three}));
  EXPECT_EQ(begun_with({one, two, three}, 4), (Endpoints{two, three, one}));
  EXPECT_EQ(begun_with({}, 4), Endpoints());
}

}  // namespace
}  // namespace gms::net
