#include "gms/net/state_fetch.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "gms/net/socket.hpp"

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::ErrorCode;
using model::Result;
namespace asio = boost::asio;

namespace {

/// The rate limit lets the bytes of so much time pass at once.
constexpr std::uint64_t kBurstsPerSecond = 10;

std::uint64_t burst_of(const TransferSettings& settings) {
  return std::max<std::uint64_t>(settings.bytes_per_second / kBurstsPerSecond,
                                 settings.chunk_bytes);
}

}  // namespace

StateFetch::StateFetch(asio::io_context& context, const TransferSettings& settings,
                       model::SnapshotMeta meta, Owner& owner, TransferCounters& counters)
    : owner_(&owner),
      settings_(settings),
      meta_(std::move(meta)),
      counters_(counters),
      backoff_(settings.backoff, settings.seed ^ meta_.id.value()),
      bucket_(settings.bytes_per_second, burst_of(settings), Clock::now()),
      socket_(context),
      timer_(context),
      watch_(context) {
  GMS_ASSERT(settings.chunk_bytes > 0 && settings.chunk_bytes <= wire::kStateChunkBytesMax,
             "TransferSettings::chunk_bytes");
  GMS_ASSERT(settings.window_chunks > 0, "TransferSettings::window_chunks");
}

// ---- beginning and end

void StateFetch::start() {
  if (is_stopped()) return;
  watch();
  spawn();
}

void StateFetch::begin(Result<std::unique_ptr<model::StateSink>> sink) {
  if (is_stopped()) return;
  if (!sink) return fail(sink.error());
  sink_ = *std::move(sink);
  spawn();
}

void StateFetch::stop() {
  owner_ = nullptr;
  disconnect();
  timer_.cancel();
  watch_.cancel();
  sink_.reset();
}

void StateFetch::spawn() {
  const auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
    if (thrown) self->fail({ErrorCode::io, "a transfer of state threw"});
  };
  asio::co_spawn(socket_.get_executor(), run(shared_from_this()), ended);
}

void StateFetch::fail(const Error& error) {
  if (is_stopped()) return;
  Owner* owner = owner_;
  stop();
  owner->on_fetch_failed(*this, error);
}

void StateFetch::finish() {
  disconnect();
  const Result<void> finished = sink_->finish();
  if (!finished) return fail(finished.error());
  watch_.cancel();
  // What is staged is the owner's from here on.
  Owner* owner = std::exchange(owner_, nullptr);
  owner->on_staged(*this);
}

void StateFetch::disconnect() {
  close(socket_);
  connected_ = false;
  deadline_.reset();
}

void StateFetch::watch() {
  watch_.expires_after(settings_.report_every);
  watch_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->is_stopped()) return;
    if (self->deadline_ && Clock::now() >= *self->deadline_) {
      self->timed_out_ = true;
      close(self->socket_);
    }
    if (std::exchange(self->reported_, self->bytes_) != self->bytes_)
      self->owner_->on_progress(*self, self->bytes_);
    if (!self->is_stopped()) self->watch();
  });
}

asio::awaitable<void> StateFetch::run(std::shared_ptr<StateFetch> self) {
  while (!self->is_stopped()) {
    const Result<void> attempt = co_await self->attempt();
    if (self->is_stopped()) co_return;
    if (attempt && self->sink_) co_return self->finish();
    // It goes on with begin().
    if (attempt) co_return self->owner_->on_parts(*self);
    self->disconnect();
    if (!self->may_try_again()) co_return self->fail(attempt.error());
    self->owner_->on_attempt_failed(*self, attempt.error().detail);
    const Clock::duration time = self->backoff_.next();
    co_await self->pause(time);
  }
}

bool StateFetch::may_try_again() {
  return !hopeless_ && ++failures_ < settings_.failures_max;
}

asio::awaitable<void> StateFetch::pause(Clock::duration time) {
  if (is_stopped() || time.count() <= 0) co_return;
  timer_.expires_after(time);
  co_await timer_.async_wait(kAwait);
}

// ---- one connection

asio::awaitable<Result<void>> StateFetch::attempt() {
  if (!connected_) {
    const Result<void> connected = co_await connect();
    if (!connected || is_stopped()) co_return connected;
    const Result<void> listed = co_await read_parts();
    if (!listed || is_stopped()) co_return listed;
    connected_ = true;
  }
  if (!sink_) co_return Result<void>();
  co_return co_await pull_all();
}

asio::awaitable<Result<void>> StateFetch::connect() {
  timed_out_ = false;
  reader_ = wire::FrameReader(wire::kStateFrameBytesMax);
  frames_.clear();
  deadline_ = Clock::now() + settings_.handshake_deadline;
  const auto executor = socket_.get_executor();
  const auto endpoints = co_await resolve(executor, meta_.address);
  if (!endpoints) co_return endpoints.error();
  const std::function<bool()> is_over = [this] { return is_stopped() || timed_out_; };
  const Endpoints tried = begun_with(*endpoints, failures_);
  const Result<void> connected = co_await net::connect(&socket_, tried, is_over);
  if (!connected) co_return broken(connected.error());
  add_state_hello(frames_,
                  {settings_.group, settings_.self, settings_.boot, meta_.source, meta_.id});
  const Result<void> written = co_await write_frames(&socket_, &frames_);
  if (!written) co_return broken(written.error());
  co_return Result<void>();
}

Error StateFetch::broken(const Error& error) const {
  if (timed_out_) return {ErrorCode::timed_out, "no answer in time"};
  return error;
}

asio::awaitable<Result<wire::Frame>> StateFetch::receive(wire::PeerFrame type,
                                                         std::chrono::milliseconds within) {
  deadline_ = Clock::now() + within;
  Result<wire::Frame> frame = co_await read_frame(&socket_, &reader_);
  deadline_.reset();
  if (!frame) co_return broken(frame.error());
  if (frame->type == static_cast<std::uint8_t>(wire::PeerFrame::state_refusal)) {
    const auto refusal = wire::decode_state_refusal(frame->body.bytes());
    if (!refusal) co_return refusal.error();
    hopeless_ = refusal->code != ErrorCode::busy;
    co_return Error{refusal->code, "refused: " + refusal->reason};
  }
  if (frame->type != static_cast<std::uint8_t>(type))
    co_return Error{ErrorCode::corrupt, "a frame of an unexpected type"};
  co_return frame;
}

// ---- which parts there are

asio::awaitable<Result<void>> StateFetch::read_parts() {
  listed_.clear();
  listed_total_.reset();
  while (!listed_total_ || listed_.size() < *listed_total_) {
    const Result<wire::Frame> frame =
        co_await receive(wire::PeerFrame::state_parts, settings_.handshake_deadline);
    if (!frame) co_return frame.error();
    if (is_stopped()) co_return Result<void>();
    const Result<void> added = add_page(*frame);
    if (!added) co_return added;
  }
  co_return accept_parts();
}

Result<void> StateFetch::add_page(const wire::Frame& frame) {
  auto page = wire::decode_state_parts(frame.body.bytes());
  if (!page) return page.error();
  if (page->first != listed_.size() || page->total != listed_total_.value_or(page->total))
    return Error{ErrorCode::corrupt, "pages of parts that do not belong together"};
  listed_total_ = page->total;
  std::ranges::move(page->parts, std::back_inserter(listed_));
  return {};
}

Result<void> StateFetch::accept_parts() {
  std::uint64_t sum = 0;
  for (const model::StatePart& part : listed_) {
    if (part.bytes > UINT64_MAX - sum) return Error{ErrorCode::corrupt, "parts without a sum"};
    sum += part.bytes;
  }
  if (!std::exchange(parts_known_, true)) {
    parts_ = std::move(listed_);
    return {};
  }
  hopeless_ = parts_ != listed_;
  if (hopeless_) return Error{ErrorCode::conflict, "the source has other parts than before"};
  return {};
}

// ---- pulling them

asio::awaitable<Result<void>> StateFetch::pull_all() {
  in_flight_.clear();
  if (auto passed = pass_whole_parts(); !passed) co_return passed;
  asked_ = written_;
  while (!is_complete()) {
    ask();
    const Result<void> written = co_await write_frames(&socket_, &frames_);
    if (is_stopped()) co_return Result<void>();
    if (!written) co_return broken(written.error());
    if (in_flight_.empty()) {
      const Clock::duration time = bucket_.wait(settings_.chunk_bytes, Clock::now());
      co_await pause(time);
      if (is_stopped()) co_return Result<void>();
      continue;
    }
    const Result<wire::Frame> frame =
        co_await receive(wire::PeerFrame::state_chunk, settings_.silence_max);
    if (is_stopped()) co_return Result<void>();
    if (!frame) co_return frame.error();
    const Result<void> taken = take_chunk(*frame);
    if (!taken) co_return taken;
  }
  co_return Result<void>();
}

void StateFetch::ask() {
  // Several at a time: a pull of its own for each chunk would cost a system call and a wake-up.
  if (in_flight_.size() > settings_.window_chunks / 2) return;
  while (in_flight_.size() < settings_.window_chunks) {
    const auto pull = next_pull();
    if (!pull || bucket_.wait(pull->bytes, Clock::now()).count() > 0) return;
    bucket_.take(pull->bytes);
    asked_ = {pull->part, pull->offset + pull->bytes};
    wire::add_state_pull(frames_, *pull);
    in_flight_.push_back(*pull);
  }
}

std::optional<wire::StatePull> StateFetch::next_pull() {
  while (asked_.part < parts_.size() && asked_.offset == parts_[asked_.part].bytes)
    asked_ = {asked_.part + 1, 0};
  if (asked_.part == parts_.size()) return std::nullopt;
  const std::uint64_t left = parts_[asked_.part].bytes - asked_.offset;
  const std::uint64_t bytes = std::min<std::uint64_t>(left, settings_.chunk_bytes);
  return wire::StatePull{static_cast<std::uint32_t>(asked_.part), asked_.offset,
                         static_cast<std::uint32_t>(bytes)};
}

Result<void> StateFetch::take_chunk(const wire::Frame& frame) {
  const auto chunk = wire::decode_state_chunk(frame.body);
  if (!chunk) return chunk.error();
  const wire::StatePull& pull = in_flight_.front();
  if (chunk->part != pull.part || chunk->offset != pull.offset || chunk->bytes.size() != pull.bytes)
    return Error{ErrorCode::corrupt, "a chunk that was not asked for"};
  in_flight_.pop_front();
  if (auto written = write(*chunk); !written) return written;
  return pass_whole_parts();
}

Result<void> StateFetch::write(const wire::StateChunk& chunk) {
  const auto written = sink_->write(chunk.part, chunk.offset, chunk.bytes.bytes());
  hopeless_ = !written;
  if (!written) return written.error();
  written_.offset += chunk.bytes.size();
  bytes_ += chunk.bytes.size();
  counters_.bytes_received += chunk.bytes.size();
  failures_ = 0;
  backoff_.reset();
  return {};
}

Result<void> StateFetch::pass_whole_parts() {
  while (!is_complete() && written_.offset == parts_[written_.part].bytes) {
    if (written_.offset == 0) {
      const auto written = sink_->write(written_.part, 0, {});
      hopeless_ = !written;
      if (!written) return written.error();
    }
    written_ = {written_.part + 1, 0};
  }
  return {};
}

}  // namespace gms::net
