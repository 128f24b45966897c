#include "tests/unit/net/transfer_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "gms/net/address.hpp"
#include "gms/net/socket.hpp"
#include "tests/support/own_loopback.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Bytes;
using model::Error;
using model::ErrorCode;
using model::Result;
namespace asio = boost::asio;

std::vector<Bytes> contents_of(const std::vector<std::size_t>& sizes) {
  std::vector<Bytes> contents;
  for (const std::size_t size : sizes) {
    Bytes& part = contents.emplace_back(size);
    for (std::size_t i = 0; i < size; ++i)
      part[i] = static_cast<std::byte>((i * 2654435761U >> 11) + contents.size());
  }
  return contents;
}

BytesSource::BytesSource(std::vector<Bytes> contents, Fate& fate)
    : contents_(std::move(contents)), fate_(fate) {
  for (const Bytes& part : contents_)
    parts_.push_back({"part " + std::to_string(parts_.size()), part.size()});
}

Result<std::size_t> BytesSource::read(std::size_t part, std::uint64_t offset,
                                      std::span<std::byte> into) {
  const Bytes& from = contents_.at(part);
  const std::size_t count = std::min<std::size_t>(into.size(), from.size() - offset);
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
  fate_.bytes += count;
  return count;
}

Result<void> BytesSink::write(std::size_t part, std::uint64_t offset, model::ByteSpan bytes) {
  if (part == contents_.size()) contents_.emplace_back();
  EXPECT_EQ(part + 1, contents_.size());
  EXPECT_EQ(offset, contents_.back().size());
  if (fate_.bytes + bytes.size() > script_.full_at) return Error{ErrorCode::io, "no room"};
  contents_.back().insert(contents_.back().end(), bytes.begin(), bytes.end());
  fate_.bytes += bytes.size();
  script_.on_write();
  return {};
}

Result<void> BytesSink::finish() {
  if (script_.cannot_finish) return Error{ErrorCode::io, "cannot sync"};
  fate_.finished = true;
  return {};
}

TransferSettings transfer_settings(std::uint64_t number) {
  TransferSettings settings;
  settings.group = kTransferGroup;
  settings.self = transfer_member(number);
  settings.boot = model::BootSeq(1);
  settings.chunk_bytes = 4096;
  settings.window_chunks = 4;
  settings.backoff = {3, 1ms, 4ms};
  settings.failures_max = 5;
  settings.report_every = 1ms;
  return settings;
}

// ---- the source

SourceEnd::SourceEnd(asio::io_context& context, const TransferSettings& settings)
    : self_(settings.self), shelf_(std::make_shared<StateShelf>(context, settings, counters_)) {
  auto acceptor = listen_at(context, tests::any_own_port());
  EXPECT_TRUE(acceptor.has_value());
  address_ = to_string(acceptor->local_endpoint());
  LinkSettings links;
  links.group = settings.group;
  links.self = settings.self;
  links.boot = settings.boot;
  links.advertised_address = address_;
  links_ = Links::start(context, links, *std::move(acceptor), {*this, *this});
}

SourceEnd::~SourceEnd() {
  links_->stop();
  shelf_->stop();
}

model::SnapshotMeta SourceEnd::put(std::uint64_t id, std::vector<Bytes> contents) {
  const model::SnapshotId snapshot(id);
  model::SnapshotMeta meta{snapshot, self_, address_, {}, 0};
  for (const Bytes& part : contents) meta.bytes += part.size();
  shelf_->put(snapshot, std::make_unique<BytesSource>(std::move(contents), fate));
  return meta;
}

void SourceEnd::on_state_connection(tcp::socket socket, const wire::StateHello& hello) {
  shelf_->serve(std::move(socket), hello.snapshot);
}

void SourceEnd::on_link(const LinkEvent& event) {
  if (event.kind == LinkEventKind::refused) ++refused;
}

// ---- the fetcher

FetchEnd::FetchEnd(asio::io_context& context, const TransferSettings& settings,
                   model::SnapshotMeta meta)
    : context_(context) {
  StateFetch::Owner& owner = *this;
  fetch_ = std::make_shared<StateFetch>(context, settings, std::move(meta), owner, counters_);
  fetch_->start();
}

void FetchEnd::on_parts(StateFetch& fetch) {
  ++asked_for_place;
  Result<std::unique_ptr<model::StateSink>> sink = Error{ErrorCode::busy, "no place"};
  if (!refuses)
    sink = std::unique_ptr<model::StateSink>(std::make_unique<BytesSink>(contents, fate, script));
  asio::post(context_, [self = fetch.shared_from_this(), sink = std::move(sink)]() mutable {
    self->begin(std::move(sink));
  });
}

void FetchEnd::on_progress(StateFetch&, std::uint64_t bytes) {
  progress.push_back(bytes);
}

void FetchEnd::on_staged(StateFetch&) {
  EXPECT_FALSE(is_over());
  staged = true;
}

void FetchEnd::on_fetch_failed(StateFetch&, const Error& error) {
  EXPECT_FALSE(is_over());
  failure = error;
}

void FetchEnd::on_attempt_failed(StateFetch&, const std::string& why) {
  failed_attempts.push_back(why);
}

// ---- in between

struct Relay::Pair {
  Pair(tcp::socket accepted, asio::io_context& context)
      : fetcher(std::move(accepted)), source(context) {}

  tcp::socket fetcher;
  tcp::socket source;
  Fault fault;
};

namespace {

/// Copies until either end closes or the fault cuts, then closes both.
asio::awaitable<void> copy(tcp::socket* from, tcp::socket* to, Relay::Fault fault) {
  std::array<std::byte, 3000> bytes;
  std::size_t copied = 0;
  while (copied < fault.cut_at) {
    const asio::mutable_buffer space(bytes.data(), std::min(bytes.size(), fault.cut_at - copied));
    const auto [error, count] = co_await from->async_read_some(space, kAwait);
    if (error) break;
    if (fault.flip_at >= copied && fault.flip_at < copied + count)
      bytes[fault.flip_at - copied] ^= std::byte{4};
    const asio::const_buffer read(bytes.data(), count);
    const auto [write_error, written] = co_await asio::async_write(*to, read, kAwait);
    if (write_error) break;
    copied += written;
  }
  close(*from);
  close(*to);
}

void ignore(std::exception_ptr thrown) {
  EXPECT_FALSE(thrown);
}

}  // namespace

Relay::Relay(asio::io_context& context, std::string target, std::vector<Fault> faults)
    : context_(context),
      acceptor_(*listen_at(context, tests::any_own_port())),
      target_(std::move(target)),
      address_(to_string(acceptor_.local_endpoint())),
      faults_(std::move(faults)) {
  accept_next();
}

Relay::~Relay() {
  acceptor_.close();
  for (const auto& pair : pairs_) {
    close(pair->fetcher);
    close(pair->source);
  }
  // What is under way refers to the sockets.
  run_for(context_, 0ms);
}

void Relay::accept_next() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error) return;
    const auto pair = pairs_.emplace_back(std::make_shared<Pair>(std::move(socket), context_));
    if (pairs_.size() <= faults_.size()) pair->fault = faults_[pairs_.size() - 1];
    const auto target = parse_address(target_);
    pair->source.connect({asio::ip::make_address(target->host), target->port});
    asio::co_spawn(context_, copy(&pair->fetcher, &pair->source, {}), ignore);
    asio::co_spawn(context_, copy(&pair->source, &pair->fetcher, pair->fault), ignore);
    accept_next();
  });
}

// ---- a source with a script

namespace {

/// Reads until the other end closes: bytes that nobody read would end the connection too early.
asio::awaitable<void> answer(tcp::socket* socket, wire::FrameWriter frames) {
  co_await write_frames(socket, &frames);
  std::array<std::byte, 1000> ignored;
  while (true) {
    const asio::mutable_buffer space(ignored.data(), ignored.size());
    const auto [error, count] = co_await socket->async_read_some(space, kAwait);
    if (error) co_return;
  }
}

}  // namespace

ScriptedSource::ScriptedSource(asio::io_context& context, std::vector<wire::FrameWriter> answers)
    : context_(context),
      acceptor_(*listen_at(context, tests::any_own_port())),
      address_(to_string(acceptor_.local_endpoint())),
      answers_(std::move(answers)) {
  accept_next();
}

ScriptedSource::~ScriptedSource() {
  acceptor_.close();
  for (const auto& socket : sockets_) close(*socket);
  // What is under way refers to the sockets.
  run_for(context_, 0ms);
}

void ScriptedSource::accept_next() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket accepted) {
    if (error) return;
    ASSERT_LT(sockets_.size(), answers_.size());
    auto& socket = sockets_.emplace_back(std::make_unique<tcp::socket>(std::move(accepted)));
    asio::co_spawn(context_, answer(socket.get(), answers_[sockets_.size() - 1]), ignore);
    accept_next();
  });
}

}  // namespace gms::net
