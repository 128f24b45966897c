#include "gms/net/driver.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace gms::net {

using model::Error;
using model::ErrorCode;
using model::Instant;
using model::Result;
using model::Ticket;
namespace asio = boost::asio;

namespace {

/// Sampled anew for every input, after it was taken from its queue: a process that was stopped in
/// between must not act on an old time [DC6].
Instant now() {
  return Instant(std::chrono::duration_cast<model::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

Error is_closed() {
  return {ErrorCode::closed, "this member has stopped"};
}

/// Whether a state can be offered to others.
Result<void> check_taken(const Result<model::TakenState>& taken) {
  if (!taken) return taken.error();
  const auto& parts = taken->source->parts();
  const auto name_is_too_long = [](const model::StatePart& part) {
    return part.name.size() > model::kStatePartNameBytesMax;
  };
  if (parts.size() > model::kStatePartsMax || std::ranges::any_of(parts, name_is_too_long))
    return Error{ErrorCode::too_large, "a state of too many parts, or of parts with long names"};
  return {};
}

}  // namespace

std::shared_ptr<Driver> Driver::start(asio::io_context& context, Settings settings,
                                      asio::ip::tcp::acceptor acceptor, const MakeLog& make_log,
                                      Ports ports) {
  auto driver = std::make_shared<Driver>(context, std::move(settings), ports);
  driver->begin(std::move(acceptor), make_log);
  return driver;
}

Driver::Driver(asio::io_context& context, Settings settings, Ports ports)
    : context_(context),
      link_settings_(std::move(settings.links)),
      transfer_settings_(settings.transfer),
      ports_(ports),
      engine_(std::move(settings.engine), std::move(settings.state), now()),
      timer_(context),
      drafts_(settings.draft_bytes_max) {}

Driver::~Driver() {
  stop();
}

void Driver::begin(asio::ip::tcp::acceptor acceptor, const MakeLog& make_log) {
  LogInbox::Receiver& receiver = *this;
  inbox_ = std::make_shared<LogInbox>(context_, receiver);
  log_ = make_log(*inbox_);
  StateTransfer::Owner& owner = *this;
  transfer_ =
      std::make_shared<StateTransfer>(context_, transfer_settings_, ports_.application, owner);
  const Links::Ports ports{*this, ports_.events};
  links_ = Links::start(context_, link_settings_, std::move(acceptor), ports);
  asio::post(context_, [self = shared_from_this()] { self->start_engine(); });
}

void Driver::start_engine() noexcept {
  if (stopped_) return;
  engine_.start(effects_);
  carry_out_effects();
  take_sample();
  if (!stopped_ && !samples_.empty()) step(core::Applied{{}, std::exchange(samples_, {})});
  schedule_turn_end();
}

void Driver::stop() {
  if (std::exchange(stopped_, true)) return;
  timer_.cancel();
  if (links_) links_->stop();
  if (transfer_) transfer_->stop();
  if (log_) log_->stop();
  if (inbox_) inbox_->close();
  // What the log was made of need not outlive the operations that still hold this driver.
  log_.reset();
}

void Driver::fail(const Error& error) {
  if (stopped_) return;
  stop();
  ports_.listener.on_stopped(error);
}

void Driver::on_application_error(const Error& error) {
  if (error.code != ErrorCode::corrupt) return fail(error);
  // Nothing more is given to it, though what was decided before may be under way.
  takes_nothing_ = true;
  asio::post(context_, [self = shared_from_this(), error] { self->tell_of_damage(error); });
}

void Driver::tell_of_damage(const std::optional<Error>& error) {
  if (stopped_ || (error && !takes_nothing_)) return;
  take(core::DamageFound{});
  if (error && !engine_.status().diverged) fail(*error);
}

// ---- what callers want

void Driver::report_damage() {
  asio::post(context_, [self = shared_from_this()] { self->tell_of_damage(std::nullopt); });
}

Result<Ticket> Driver::add_draft(DraftKind kind, std::initializer_list<model::ByteSpan> pieces) {
  if (stopped_) return is_closed();
  schedule_turn_end();
  return drafts_.add(kind, pieces);
}

Result<Ticket> Driver::read() {
  if (stopped_) return is_closed();
  schedule_turn_end();
  if (!read_ticket_) read_ticket_ = drafts_.take_ticket();
  return *read_ticket_;
}

Result<Ticket> Driver::administer(const core::AdminRequest& request) {
  if (stopped_) return is_closed();
  const Ticket ticket = drafts_.take_ticket();
  asio::post(context_, [self = shared_from_this(), ticket, request] {
    self->take(core::Admin{ticket, request});
  });
  return ticket;
}

// ---- what arrives

void Driver::on_link_input(core::Input input) {
  take(std::move(input));
}

void Driver::on_state_connection(asio::ip::tcp::socket socket, const wire::StateHello& hello) {
  transfer_->serve(std::move(socket), hello.snapshot);
}

void Driver::on_transfer_input(core::Input input) {
  take(std::move(input));
}

void Driver::on_source_unreachable(const model::SnapshotMeta& meta, const std::string& why) {
  ports_.events.on_link(
      {LinkEventKind::unreachable, meta.source, meta.address, "for a snapshot: " + why});
}

void Driver::on_links_broken(Error error) {
  fail(error);
}

void Driver::take_durable(model::PersistSeq seq) {
  sync_clock_.durable(seq, SyncClock::Clock::now(), statistics_);
  gate_.open(seq, [this](const core::Message& message) { links_->send(message); });
  if (settling_ && settling_->order <= seq)
    ports_.application.state_settled(std::exchange(settling_, std::nullopt)->generation);
  take(core::Durable{seq});
}

void Driver::take_read(model::ReadAnswer answer) {
  take(core::EntriesRead{std::move(answer)});
}

void Driver::take_health(model::StorageHealth health) {
  take(core::LocalHealth{health});
}

void Driver::take_failure(Error error) {
  fail(error);
}

void Driver::take(core::Input input) {
  if (stopped_) return;
  step(std::move(input));
  schedule_turn_end();
}

void Driver::step(core::Input input) noexcept {
  GMS_ASSERT(!stepping_, "DC3");
  stepping_ = true;
  ++statistics_.steps;
  engine_.step(now(), std::move(input), effects_);
  carry_out_effects();
  stepping_ = false;
}

void Driver::carry_out_effects() {
  for (core::Effect& effect : effects_) {
    if (stopped_) break;
    std::visit([this](auto& one) { carry_out(one); }, effect);
  }
  effects_.clear();
  if (applied_) schedule_turn_end();
}

// ---- the end of a turn

void Driver::schedule_turn_end() {
  if (std::exchange(turn_end_posted_, true)) return;
  // Handlers that are ready now run before it, and what they bring shares its writes.
  asio::post(context_, [self = shared_from_this()] { self->end_turn(); });
}

void Driver::end_turn() {
  turn_end_posted_ = false;
  if (stopped_) return;
  ++statistics_.turns;
  tell_applied();
  propose_drafts();
  ask_read();
  tell_durable_state();
  if (stopped_ || inbox_->has_failed()) return;
  // Messages first: what takes longest is the way to a follower's disk and back.
  links_->flush();
  flush_orders();
  arm_timer();
}

/// Once a turn: what is delivered next comes behind whatever has arrived meanwhile, however much
/// there is to deliver.
void Driver::tell_applied() {
  if (!applied_ || ports_.application.is_behind()) return;
  const model::Index applied = *std::exchange(applied_, std::nullopt);
  step(core::Applied{applied, std::exchange(samples_, {})});
}

void Driver::propose_drafts() {
  while (!drafts_.empty() && !stopped_ && engine_.wants_proposals()) {
    DraftBatch batch = drafts_.take();
    if (batch.kind == DraftKind::proposal)
      step(core::Propose{batch.first, std::move(batch.drafts)});
    else
      step(core::Multicast{batch.first, std::move(batch.drafts)});
  }
}

void Driver::ask_read() {
  if (!read_ticket_ || stopped_) return;
  step(core::Read{*std::exchange(read_ticket_, std::nullopt)});
}

void Driver::tell_durable_state() {
  if (stopped_ || !std::exchange(durable_may_have_grown_, false)) return;
  const model::Index durable = ports_.application.durable();
  if (durable <= state_durable_) return;
  state_durable_ = durable;
  step(core::StateDurable{durable});
}

void Driver::flush_orders() {
  if (orders_.empty()) return;
  sync_clock_.given(orders_.back().seq, SyncClock::Clock::now());
  for (model::PersistRequest& order : orders_) log_->persist(std::move(order));
  orders_.clear();
}

void Driver::arm_timer() {
  const Instant deadline = engine_.next_deadline();
  // A timer that rings too early costs less than moving it with every step.
  if (timer_at_ && *timer_at_ <= deadline) return;
  timer_at_ = deadline;
  timer_.expires_at(std::chrono::steady_clock::time_point(deadline.time_since_epoch()));
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->on_timer();
  });
}

void Driver::on_timer() {
  timer_at_.reset();
  if (stopped_) return;
  if (now() < engine_.next_deadline()) return arm_timer();
  ++statistics_.ticks;
  durable_may_have_grown_ = true;
  take(core::Tick{});
}

// ---- effects

void Driver::carry_out(core::Persist& effect) {
  if (effect.request.group) {
    links_->set_group(*effect.request.group);
    transfer_->set_group(*effect.request.group);
    ports_.listener.on_group(*effect.request.group);
  }
  ++statistics_.persists;
  orders_.push_back(std::move(effect.request));
}

void Driver::carry_out(core::Send& effect) {
  if (gate_.is_open_for(effect.after))
    links_->send(effect.message);
  else
    gate_.hold(std::move(effect));
}

void Driver::carry_out(core::SendToAddress& effect) {
  links_->send_to_address(effect.address, effect.message);
}

void Driver::carry_out(core::KnowPeer& effect) {
  links_->know(effect.member, effect.address);
}

void Driver::carry_out(core::ForgetPeer& effect) {
  links_->forget(effect.member);
}

void Driver::carry_out(core::Deliver& effect) {
  if (takes_nothing_) return lose(effect.batch);
  ++statistics_.deliveries;
  statistics_.delivered_entries += effect.batch.deliveries.size();
  const auto delivered = ports_.application.deliver(effect.batch);
  if (stopped_) return;
  if (!delivered) {
    lose(effect.batch);
    return on_application_error(delivered.error());
  }
  applied_ = effect.batch.last;
  take_sample();
  durable_may_have_grown_ = true;
  ports_.listener.on_delivered(effect.batch);
}

void Driver::lose(const model::DeliveryBatch& batch) {
  const Error why{ErrorCode::outcome_unknown, "the state of this member went out of use"};
  for (const model::Delivery& delivery : batch.deliveries) {
    if (delivery.ticket == Ticket()) continue;
    core::Completed completed{delivery.ticket, 1, why, {}};
    ports_.listener.on_completed(completed);
    if (stopped_) return;
  }
}

void Driver::take_sample() {
  if (const auto sample = ports_.application.sample()) samples_.push_back(*sample);
}

void Driver::carry_out(core::InstallView& effect) {
  if (takes_nothing_) return;
  const auto installed = ports_.application.install(effect.view, effect.mark);
  if (stopped_) return;
  if (!installed) return on_application_error(installed.error());
  applied_ = effect.view.position.index;
  durable_may_have_grown_ = true;
  ports_.listener.on_view(effect.view);
}

void Driver::carry_out(core::ReadEntries& effect) {
  // The read sees the orders given before it.
  flush_orders();
  log_->read(effect.request);
}

void Driver::carry_out(core::ReadReady& effect) {
  ports_.listener.on_read_ready(effect);
}

void Driver::carry_out(core::Completed& effect) {
  ports_.listener.on_completed(effect);
}

void Driver::carry_out(core::Trace& effect) {
  ports_.events.on_trace(effect.event);
}

void Driver::carry_out(core::Fatal& effect) {
  fail(effect.error);
}

void Driver::carry_out(core::TakeSnapshot& effect) {
  // The application may keep this for longer than the driver lives.
  const auto taken = [driver = weak_from_this(), id = effect.id](Result<model::TakenState> state) {
    if (const auto self = driver.lock()) self->take_snapshot(id, std::move(state));
  };
  ports_.application.take_state(taken);
}

void Driver::take_snapshot(model::SnapshotId id, Result<model::TakenState> taken) {
  if (stopped_) return;
  core::SnapshotTaken input{id, std::nullopt, {}, 0};
  if (auto checked = check_taken(taken); !checked) {
    input.error = checked.error();
  } else {
    auto mark = model::decode_mark(taken->mark);
    if (!mark) return fail(mark.error());
    input.mark = *std::move(mark);
    for (const model::StatePart& part : taken->source->parts()) input.bytes += part.bytes;
    ++statistics_.transfer.snapshots_taken;
    transfer_->put(id, std::move(taken->source));
  }
  // It may have been taken within the step that asked for it.
  asio::post(context_, [self = shared_from_this(), input = std::move(input)]() mutable {
    self->take(std::move(input));
  });
}

void Driver::carry_out(core::ReleaseSnapshot& effect) {
  transfer_->release(effect.id);
}

void Driver::carry_out(core::FetchSnapshot& effect) {
  transfer_->fetch(effect.meta);
}

void Driver::carry_out(core::CancelFetch& effect) {
  transfer_->cancel(effect.id);
}

void Driver::carry_out(core::InstallSnapshot& effect) {
  auto staged = transfer_->take_staged(effect.meta.id);
  GMS_ASSERT(staged != nullptr, "InstallSnapshot");
  // Before the order right behind this reaches the log, which is what makes the change count.
  const auto restored = ports_.application.restore(std::move(staged), effect.generation,
                                                   model::encode(effect.meta.mark));
  if (stopped_) return;
  if (!restored) return fail(restored.error());
  takes_nothing_ = false;
  settling_ = {effect.order, effect.generation};
  applied_ = effect.meta.index();
  // What was said of the state before, and how much of that was durable, counts no more.
  samples_.clear();
  take_sample();
  state_durable_ = effect.meta.index();
  durable_may_have_grown_ = true;
  ++statistics_.transfer.snapshots_restored;
  ports_.listener.on_restored(effect.meta.mark.view);
}

void Driver::carry_out(core::Quarantine&) {
  transfer_->withdraw();
  ports_.application.quarantine();
}

LinkStatistics Driver::link_statistics() const {
  return links_->statistics();
}

DriverStatistics Driver::statistics() const {
  DriverStatistics out = statistics_;
  out.drafts_waiting = drafts_.count();
  out.draft_bytes_waiting = drafts_.bytes();
  out.messages_gated = gate_.size();
  out.transfer = transfer_->statistics();
  out.transfer.snapshots_taken = statistics_.transfer.snapshots_taken;
  out.transfer.snapshots_restored = statistics_.transfer.snapshots_restored;
  return out;
}

}  // namespace gms::net
