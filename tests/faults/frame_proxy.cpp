#include "tests/faults/frame_proxy.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <optional>
#include <random>
#include <stdexcept>

#include "gms/net/address.hpp"
#include "gms/net/socket.hpp"
#include "gms/wire/message_codec.hpp"
#include "gms/wire/state_codec.hpp"

namespace tests::faults {

using boost::asio::ip::tcp;
using gms::net::kAwait;
namespace asio = boost::asio;
namespace wire = gms::wire;

/// What one member opened to another, and what goes on from here to there.
struct FrameProxy::Connection {
  Connection(tcp::socket accepted, std::size_t target_member)
      : dialer(std::move(accepted)), listener(dialer.get_executor()), target(target_member) {}

  void end() {
    ended = true;
    gms::net::close(dialer);
    gms::net::close(listener);
    if (onward) onward->stop();
    if (back) back->stop();
  }

  tcp::socket dialer;
  tcp::socket listener;
  wire::FrameReader from_dialer;
  wire::FrameReader from_listener;
  std::string from;
  std::size_t target;
  std::optional<FramePump> onward;
  std::optional<FramePump> back;
  bool ended = false;
};

FrameProxy::FrameProxy(std::vector<Member> members, std::uint64_t seed)
    : members_(std::move(members)) {
  std::mt19937_64 seeds(seed);
  for (const Member& from : members_)
    for (const Member& to : members_)
      if (from.name != to.name)
        directions_.emplace(std::pair(from.name, to.name), std::make_shared<Direction>(seeds()));
  for (const Member& member : members_) {
    auto listening = gms::net::listen_at(context_, member.advertised);
    if (!listening) throw std::runtime_error(listening.error().detail);
    acceptors_.push_back(*std::move(listening));
  }
  for (std::size_t i = 0; i < members_.size(); ++i)
    asio::co_spawn(context_, accept_all(this, i), asio::detached);
  thread_ = std::thread([this] { context_.run(); });
}

FrameProxy::~FrameProxy() {
  run_there([this] {
    for (tcp::acceptor& acceptor : acceptors_) acceptor.close();
    for (const auto& connection : connections_) connection->end();
  });
  thread_.join();
}

void FrameProxy::run_there(const std::function<void()>& work) const {
  std::promise<void> done;
  asio::post(context_, [&work, &done] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

std::shared_ptr<Direction> FrameProxy::direction(const std::string& from,
                                                 const std::string& to) const {
  const auto found = directions_.find({from, to});
  if (found == directions_.end()) throw std::invalid_argument("no link " + from + " to " + to);
  return found->second;
}

// ---- what a test asks for

void FrameProxy::wake_all() {
  for (const auto& connection : connections_) {
    if (connection->onward) connection->onward->wake();
    if (connection->back) connection->back->wake();
  }
}

void FrameProxy::set(const std::string& from, const std::string& to, const LinkFaults& faults) {
  const auto where = direction(from, to);
  run_there([&] {
    where->faults = faults;
    wake_all();
  });
}

void FrameProxy::set_all(const LinkFaults& faults) {
  run_there([&] {
    for (auto& [pair, where] : directions_) where->faults = faults;
    wake_all();
  });
}

void FrameProxy::partition(const std::vector<std::vector<std::string>>& sides) {
  std::map<std::string, std::size_t> side_of;
  for (std::size_t side = 0; side < sides.size(); ++side)
    for (const std::string& name : sides[side]) side_of[name] = side;
  run_there([&] {
    for (auto& [pair, where] : directions_) {
      const auto from = side_of.find(pair.first);
      const auto to = side_of.find(pair.second);
      where->faults.blocked =
          from != side_of.end() && to != side_of.end() && from->second != to->second;
    }
    wake_all();
  });
}

void FrameProxy::disconnect(const std::string& one, const std::string& other) {
  run_there([&] {
    for (const auto& connection : connections_) {
      const std::string& to = members_[connection->target].name;
      if ((connection->from == one && to == other) || (connection->from == other && to == one))
        connection->end();
    }
  });
}

FaultCounts FrameProxy::counts() const {
  FaultCounts sum;
  run_there([&] {
    for (const auto& [pair, where] : directions_) sum.add(where->counts);
  });
  return sum;
}

FaultCounts FrameProxy::counts(const std::string& from, const std::string& to) const {
  FaultCounts counts;
  const auto where = direction(from, to);
  run_there([&] { counts = where->counts; });
  return counts;
}

std::uint64_t FrameProxy::frames(const std::string& from, const std::string& to) const {
  std::uint64_t frames = 0;
  const auto where = direction(from, to);
  run_there([&] { frames = where->frames; });
  return frames;
}

// ---- connections

asio::awaitable<void> FrameProxy::accept_all(FrameProxy* self, std::size_t member) {
  tcp::acceptor& acceptor = self->acceptors_[member];
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error) continue;
    const auto connection = std::make_shared<Connection>(std::move(socket), member);
    self->connections_.push_back(connection);
    asio::co_spawn(self->context_, serve(self, connection), asio::detached);
  }
}

asio::awaitable<void> FrameProxy::serve(FrameProxy* self, std::shared_ptr<Connection> there) {
  co_await forward(self, there);
  there->end();
  self->connections_.remove(there);
}

std::string FrameProxy::sender_of(const wire::Frame& first) {
  if (first.type == static_cast<std::uint8_t>(wire::PeerFrame::hello)) {
    const auto hello = wire::decode_hello(first.body.bytes());
    if (!hello) return "";
    const auto named = std::ranges::find(members_, hello->address, &Member::advertised);
    if (named == members_.end()) return "";
    known_[hello->from.node.value()] = named->name;
    return named->name;
  }
  const auto hello = wire::decode_state_hello(first.body.bytes());
  if (!hello) return "";
  const auto known = known_.find(hello->from.node.value());
  return known == known_.end() ? "" : known->second;
}

void FrameProxy::attach(Connection& connection) {
  const std::string& to = members_[connection.target].name;
  auto onward = std::make_shared<Direction>(0);
  auto back = onward;
  if (!connection.from.empty() && connection.from != to) {
    onward = direction(connection.from, to);
    back = direction(to, connection.from);
  }
  connection.onward.emplace(connection.dialer, connection.listener, onward);
  connection.back.emplace(connection.listener, connection.dialer, back);
}

asio::awaitable<void> FrameProxy::forward(FrameProxy* self, std::shared_ptr<Connection> there) {
  gms::net::prepare(there->dialer);
  const auto first = co_await gms::net::read_frame(&there->dialer, &there->from_dialer);
  if (!first) co_return;
  const std::string address = self->members_[there->target].listening;
  const auto endpoints = co_await gms::net::resolve(there->dialer.get_executor(), address);
  if (!endpoints) co_return;
  const std::function<bool()> is_over = [there] { return there->ended; };
  const auto connected = co_await gms::net::connect(&there->listener, *endpoints, is_over);
  if (!connected || there->ended) co_return;
  there->from = self->sender_of(*first);
  self->attach(*there);
  there->onward->take(*first);
  asio::co_spawn(self->context_, read_dialer(there), asio::detached);
  asio::co_spawn(self->context_, read_listener(there), asio::detached);
  asio::co_spawn(self->context_, write_dialer(there), asio::detached);
  co_await there->onward->write_all();
}

asio::awaitable<void> FrameProxy::read_dialer(std::shared_ptr<Connection> there) {
  co_await there->onward->read_all(&there->from_dialer);
}

asio::awaitable<void> FrameProxy::read_listener(std::shared_ptr<Connection> there) {
  co_await there->back->read_all(&there->from_listener);
}

asio::awaitable<void> FrameProxy::write_dialer(std::shared_ptr<Connection> there) {
  co_await there->back->write_all();
  there->end();
}

}  // namespace tests::faults
