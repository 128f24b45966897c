#include "benchmarks/multicast_member.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "gms/model/memory_application.hpp"

namespace benchmarks {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using gms::model::Error;
using gms::model::PlacedView;

constexpr std::size_t kMembers = 3;

void answer(const std::string& line) {
  std::cout << line << std::endl;
}

/// Counts what is delivered, and multicasts again for each of its own.
class MulticastMember final : public gms::model::MemoryApplication,
                              private gms::GroupListener,
                              private gms::net::EventSink {
 public:
  int run(const gms::GroupOptions& options) {
    auto opened = gms::Group::open(context_, options, {*this, *this, *this});
    if (!opened) {
      std::cerr << "multicast_bench: " << opened.error().detail << '\n';
      return 1;
    }
    group_ = *std::move(opened);
    answer("address " + group_->self().peer_address);
    asio::co_spawn(context_, obey(), [this](const std::exception_ptr&) { context_.stop(); });
    context_.run();
    group_->stop();
    return failed_ ? 1 : 0;
  }

 protected:
  gms::model::Result<void> apply(const gms::model::Delivery& delivery) override {
    ++delivered_;
    if (delivery.ticket == gms::model::Ticket()) return {};
    --under_way_;
    if (outstanding_ == 1) times_.push_back(Clock::now() - sent_at_);
    if (running_)
      multicast();
    else
      tell_if_stopped();
    return {};
  }
  gms::model::Bytes encode() const override { return {}; }
  gms::model::Result<void> decode(gms::model::ByteSpan) override { return {}; }

 private:
  asio::awaitable<void> obey() {
    asio::posix::stream_descriptor in(context_, ::dup(STDIN_FILENO));
    std::string buffer;
    while (true) {
      const auto [error, bytes] = co_await asio::async_read_until(
          in, asio::dynamic_buffer(buffer), '\n', asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      std::istringstream line(buffer.substr(0, bytes));
      buffer.erase(0, bytes);
      carry_out(line);
    }
  }

  void carry_out(std::istringstream& line) {
    std::string command;
    line >> command;
    if (command == "run") {
      std::size_t bytes = 0;
      line >> bytes >> outstanding_;
      body_.assign(bytes, std::byte{'m'});
      delivered_ = 0;
      times_.clear();
      running_ = outstanding_ > 0;
      for (std::size_t i = 0; i < outstanding_; ++i) multicast();
    } else if (command == "count") {
      answer("count " + std::to_string(delivered_) + ' ' + std::to_string(median_ns()));
      times_.clear();
    } else if (command == "stop") {
      running_ = false;
      stopping_ = true;
      tell_if_stopped();
    }
  }

  void multicast() {
    sent_at_ = Clock::now();
    if (group_->multicast(body_))
      ++under_way_;
    else
      fail("a multicast was refused");
  }

  void tell_if_stopped() {
    if (!stopping_ || under_way_ != 0) return;
    stopping_ = false;
    answer("stopped");
  }

  [[nodiscard]] std::int64_t median_ns() {
    if (times_.empty()) return 0;
    const auto middle = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
    std::ranges::nth_element(times_, middle);
    return std::chrono::nanoseconds(*middle).count();
  }

  void fail(const std::string& why) {
    std::cerr << "multicast_bench: " << why << '\n';
    failed_ = true;
    context_.stop();
  }

  void view_installed(const PlacedView& placed) override {
    if (placed.view.up.size() == kMembers) answer("ready");
  }
  void completed(gms::model::Ticket, std::uint64_t, const std::optional<Error>& error,
                 gms::model::MemberId) override {
    fail(error ? error->detail : "a multicast ended without its delivery");
  }
  void read_ready(gms::model::Ticket, gms::model::Index) override {}
  void stopped(const Error& error) override { fail(error.detail); }
  void on_trace(const gms::core::TraceEvent&) override {}
  void on_link(const gms::net::LinkEvent&) override {}

  asio::io_context context_;
  gms::model::Bytes body_;
  std::size_t outstanding_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t delivered_ = 0;
  bool running_ = false;
  bool stopping_ = false;
  bool failed_ = false;
  Clock::time_point sent_at_;
  std::vector<Clock::duration> times_;
  std::unique_ptr<gms::Group> group_;
};

}  // namespace

int run_multicast_member(const gms::GroupOptions& options) {
  MulticastMember member;
  return member.run(options);
}

}  // namespace benchmarks
