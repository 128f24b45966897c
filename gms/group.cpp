#include "gms/group.hpp"

#include "gms/group_parts.hpp"

namespace gms {

using model::Error;
using model::ErrorCode;
using model::Result;
using model::Ticket;

// ---- what the driver tells

void Group::Parts::on_completed(const core::Completed& completed) {
  // A proposal that ends without an error was delivered here before it was known to be one of this
  // member's: where it stands was not noted, and it must not pass for one that failed [C27].
  const Error untold{ErrorCode::outcome_unknown, "delivered before its place was told"};
  const Error& error = completed.error ? *completed.error : untold;
  deliveries.complete(completed.first, completed.count, error);
  reads.complete(completed.first, completed.count, error);
  const auto answer = completed.error ? Result<void>(error) : Result<void>();
  requests.complete(completed.first, completed.count, answer);
  if (stopped) return;
  listener.completed(completed.first, completed.count, completed.error, completed.leader);
}

void Group::Parts::on_read_ready(const core::ReadReady& ready) {
  reads.complete(ready.ticket, 1, ready.index);
  if (stopped) return;
  listener.read_ready(ready.ticket, ready.index);
}

void Group::Parts::on_delivered(const model::DeliveryBatch& batch) {
  if (deliveries.empty()) return;
  for (const model::Delivery& delivery : batch.deliveries)
    if (delivery.ticket != Ticket()) deliveries.complete(delivery.ticket, 1, delivery.position);
}

void Group::Parts::on_view(const model::PlacedView& installed) {
  view = installed;
  listener.view_installed(installed);
}

void Group::Parts::on_restored(const model::PlacedView& restored) {
  view = restored;
  listener.restored(restored);
}

void Group::Parts::on_stopped(const Error& error) {
  stopped = true;
  durable_log = nullptr;
  forget_waiters();
  listener.stopped(error);
}

void Group::Parts::forget_waiters() {
  deliveries.clear();
  reads.clear();
  requests.clear();
}

// ---- what callers want

Group::Group(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Group::~Group() {
  stop();
}

Result<Ticket> Group::propose(std::initializer_list<model::ByteSpan> pieces) {
  return parts_->driver->add_draft(net::DraftKind::proposal, pieces);
}

Result<Ticket> Group::multicast(model::ByteSpan body) {
  return parts_->driver->add_draft(net::DraftKind::multicast, {body});
}

Result<Ticket> Group::read_barrier() {
  return parts_->driver->read();
}

Result<Ticket> Group::leave(model::MemberId member) {
  return parts_->driver->administer({core::AdminAction::leave, member, {}});
}

Result<Ticket> Group::transfer_leadership(model::MemberId member) {
  return parts_->driver->administer({core::AdminAction::transfer, member, {}});
}

Result<Ticket> Group::evict(model::MemberId member) {
  return parts_->driver->administer({core::AdminAction::evict, member, {}});
}

Result<Ticket> Group::set_maintenance(model::MemberId member, model::Duration ttl) {
  return parts_->driver->administer({core::AdminAction::maintenance, member, ttl});
}

void Group::report_damage() {
  parts_->driver->report_damage();
}

void Group::when_delivered(Ticket ticket, std::unique_ptr<Completion<model::Position>> completion) {
  parts_->deliveries.add(ticket, std::move(completion));
}

void Group::when_readable(Ticket ticket, std::unique_ptr<Completion<model::Index>> completion) {
  parts_->reads.add(ticket, std::move(completion));
}

void Group::when_done(Ticket ticket, std::unique_ptr<Completion<void>> completion) {
  parts_->requests.add(ticket, std::move(completion));
}

// ---- what is known

const model::Identity& Group::identity() const {
  return parts_->identity;
}
model::BootSeq Group::boot() const {
  return parts_->boot;
}
const model::Member& Group::self() const {
  return parts_->self;
}
const model::PlacedView& Group::view() const {
  return parts_->view;
}
core::Status Group::status() const {
  return parts_->driver->status();
}

net::LinkStatistics Group::link_statistics() const {
  return parts_->driver->link_statistics();
}

net::DriverStatistics Group::driver_statistics() const {
  return parts_->driver->statistics();
}

StorageStatistics Group::storage_statistics() const {
  if (parts_->durable_log == nullptr) return {};
  const log::LogStatistics log = parts_->durable_log->statistics();
  return {.syncs = log.syncs,
          .sync_time_total = log.sync_time_total,
          .sync_time_max = log.sync_time_max,
          .queue_depth = log.queue_depth,
          .bytes_written = log.bytes_written,
          .segments = log.segments,
          .segment_bytes = log.segment_bytes};
}

boost::asio::io_context& Group::context() const {
  return parts_->context;
}

void Group::stop() {
  parts_->stopped = true;
  parts_->durable_log = nullptr;
  parts_->driver->stop();
  parts_->forget_waiters();
}

}  // namespace gms
