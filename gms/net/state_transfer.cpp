#include "gms/net/state_transfer.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace gms::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using model::Error;
using model::SnapshotId;
namespace asio = boost::asio;

namespace {

/// For an io_context that one thread runs.
constexpr int kOneThread = 1;

}  // namespace

StateTransfer::StateTransfer(asio::io_context& group, TransferSettings settings,
                             model::Application& application, Owner& owner)
    : group_(group),
      settings_(std::move(settings)),
      application_(application),
      owner_(owner),
      context_(std::make_unique<asio::io_context>(kOneThread)),
      work_(context_->get_executor()),
      shelf_(std::make_shared<StateShelf>(*context_, settings_, counters_)) {}

StateTransfer::~StateTransfer() {
  stop();
}

void StateTransfer::stop() {
  if (std::exchange(stopped_, true)) return;
  drop_fetch();
  if (thread_.joinable()) order([shelf = shelf_] { shelf->stop(); });
  shelf_.reset();
  work_.reset();
  if (thread_.joinable()) thread_.join();
  context_.reset();
}

template <class Act>
void StateTransfer::order(Act act) {
  asio::post(*context_, std::move(act));
  if (!thread_.joinable()) thread_ = std::thread([context = context_.get()] { context->run(); });
}

// ---- snapshots for others

void StateTransfer::put(SnapshotId id, std::unique_ptr<model::StateSource> source) {
  if (stopped_) return;
  order([shelf = shelf_, id, source = std::move(source)]() mutable {
    shelf->put(id, std::move(source));
  });
}

void StateTransfer::release(SnapshotId id) {
  if (stopped_) return;
  order([shelf = shelf_, id] { shelf->release(id); });
}

void StateTransfer::withdraw() {
  if (stopped_ || !shelf_) return;
  order([shelf = shelf_] { shelf->withdraw(); });
}

void StateTransfer::serve(tcp::socket socket, SnapshotId id) {
  if (stopped_) return;
  error_code error;
  const auto protocol = socket.local_endpoint(error).protocol();
  const auto handle = error ? tcp::socket::native_handle_type() : socket.release(error);
  if (error) return;
  tcp::socket moved(*context_, protocol, handle);
  order([shelf = shelf_, moved = std::move(moved), id]() mutable {
    shelf->serve(std::move(moved), id);
  });
}

// ---- a snapshot of another

void StateTransfer::fetch(const model::SnapshotMeta& meta) {
  if (stopped_) return;
  drop_fetch();
  StateFetch::Owner& owner = *this;
  fetch_ = std::make_shared<StateFetch>(*context_, settings_, meta, owner, counters_);
  order([fetch = fetch_] { fetch->start(); });
}

void StateTransfer::cancel(SnapshotId id) {
  if (fetch_ && fetch_->meta().id == id) drop_fetch();
}

void StateTransfer::drop_fetch() {
  staged_ = false;
  if (fetch_) order([fetch = std::move(fetch_)] { fetch->stop(); });
  fetch_.reset();
}

std::unique_ptr<model::StateSink> StateTransfer::take_staged(SnapshotId id) {
  if (!staged_ || fetch_->meta().id != id) return nullptr;
  staged_ = false;
  auto sink = fetch_->take_sink();
  fetch_.reset();
  return sink;
}

template <class Act>
void StateTransfer::tell(StateFetch& fetch, Act act) {
  // What waits for the group's thread may outlive the transfer's context: it keeps nothing alive
  // that belongs to that.
  asio::post(group_,
             [self = shared_from_this(), fetch = fetch.weak_from_this(), act = std::move(act)] {
               if (self->stopped_ || !self->fetch_ || fetch.lock() != self->fetch_) return;
               act(*self);
             });
}

void StateTransfer::on_parts(StateFetch& fetch) {
  tell(fetch, [](StateTransfer& self) { self.receive_state(); });
}

void StateTransfer::receive_state() noexcept {
  auto sink = application_.receive_state(fetch_->parts());
  order([fetch = fetch_, sink = std::move(sink)]() mutable { fetch->begin(std::move(sink)); });
}

void StateTransfer::on_progress(StateFetch& fetch, std::uint64_t bytes) {
  tell(fetch, [bytes](StateTransfer& self) {
    self.owner_.on_transfer_input(core::SnapshotProgress{self.fetch_->meta().id, bytes});
  });
}

void StateTransfer::on_staged(StateFetch& fetch) {
  tell(fetch, [](StateTransfer& self) {
    self.staged_ = true;
    self.owner_.on_transfer_input(core::SnapshotStaged{self.fetch_->meta().id});
  });
}

void StateTransfer::on_fetch_failed(StateFetch& fetch, const Error& error) {
  tell(fetch, [error](StateTransfer& self) {
    const SnapshotId id = self.fetch_->meta().id;
    self.fetch_.reset();
    ++self.fetches_failed_;
    self.owner_.on_transfer_input(core::SnapshotFetchFailed{id, error});
  });
}

void StateTransfer::on_attempt_failed(StateFetch& fetch, const std::string& why) {
  tell(fetch,
       [why](StateTransfer& self) { self.owner_.on_source_unreachable(self.fetch_->meta(), why); });
}

TransferStatistics StateTransfer::statistics() const {
  TransferStatistics out;
  out.bytes_sent = counters_.bytes_sent.load(std::memory_order_relaxed);
  out.bytes_received = counters_.bytes_received.load(std::memory_order_relaxed);
  out.serving = counters_.serving.load(std::memory_order_relaxed);
  out.fetching = fetch_ != nullptr && !staged_;
  out.fetches_failed = fetches_failed_;
  return out;
}

}  // namespace gms::net
