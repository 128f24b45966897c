#include "kvstore/server/kvd.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <random>
#include <utility>

#include "gms/log/inspection.hpp"
#include "kvstore/server/clock.hpp"
#include "kvstore/server/data_directory.hpp"
#include "kvstore/server/listen.hpp"
#include "kvstore/server/process.hpp"

namespace kvstore::server {

using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Instant;
using gms::model::MemberId;
using gms::model::PlacedView;
using gms::model::Result;
using gms::model::TakenState;
using gms::model::Ticket;
using std::chrono::microseconds;
namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::milliseconds kSlowTick{200};
/// Rows of a deep digest between other work.
constexpr std::size_t kDigestRows = 256;
/// What a stop may take; then the process ends wherever it is.
constexpr unsigned kStopSecondsMax = 5;
/// For handing leadership over and answering what is under way.
constexpr std::chrono::milliseconds kHandOverMax{1500};
/// A member has fewer events than this in a millisecond, over all its running time.
constexpr std::uint64_t kEventsPerMsMax = 1024;

/// Before the events of this process, and after those of the ones before it at this address,
/// whoever they were, unless the wall clock went back in between.
api::EventSeq first_event() {
  return api::EventSeq(wall_clock_ms() * kEventsPerMsMax);
}

microseconds since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - start);
}

/// A store that cannot be opened, and what to do about it.
Error store_error(Error error) {
  if (error.code == ErrorCode::corrupt || error.code == ErrorCode::io)
    error.detail +=
        ". Try: again, and if it does not go away, " + std::string(gms::log::kRejoinAdvice);
  return error;
}

}  // namespace

Kvd::Started Kvd::start(const Settings& settings, const LineLog& log, OnReady on_ready,
                        gms::net::EventSink* witness) {
  if (auto failure = check_member_directory(settings.data)) return *std::move(failure);
  // Told before the ports: whoever starts a member twice has both in use.
  if (auto failure = check_not_in_use(settings.data)) return *std::move(failure);
  const auto data = full_path(settings.data);
  if (!data) return directory_failure(settings.data, data.error());
  std::unique_ptr<Kvd> kvd(new Kvd(settings, *data, log, std::move(on_ready), witness));
  if (auto failure = kvd->open_ports()) return *std::move(failure);
  return kvd;
}

Kvd::Kvd(const Settings& settings, const std::filesystem::path& data, const LineLog& log,
         OnReady on_ready, gms::net::EventSink* witness)
    : settings_(settings),
      log_(log),
      on_ready_(std::move(on_ready)),
      directories_({data, settings.group.disk_reserve_bytes}),
      journal_(settings.limits.events_max, *this, first_event()),
      port_(context_, settings_.limits,
            [this](std::string_view line) { log_.write(LogLevel::warning, line); }),
      answers_(port_),
      writes_(answers_),
      expiry_(settings.limits.session_ttl) {
  if (witness != nullptr) tee_.emplace(journal_, *witness);
}

Kvd::~Kvd() {
  port_.stop();
  if (group_) group_->stop();
}

std::optional<Failure> Kvd::open_ports() {
  const auto client = parse_endpoint(settings_.listen_client);
  const auto peer = parse_endpoint(settings_.listen_peer);
  if (!client) return Failure{ExitCode::usage, "listen-client: " + client.error().detail};
  if (!peer) return Failure{ExitCode::usage, "listen-peer: " + peer.error().detail};
  auto acceptor = listen_at(context_, *client);
  if (!acceptor)
    return Failure{ExitCode::usage, acceptor.error().detail + ". Try: another --listen-client"};
  // Tells a peer port in use from a directory in use; the group listens there by itself.
  if (const auto probe = listen_at(context_, *peer); !probe)
    return Failure{ExitCode::usage, probe.error().detail + ". Try: another --listen-peer"};
  ready_.client_address = to_string(acceptor->local_endpoint());
  const std::string& advertised = settings_.advertise_client;
  if (auto failure = open_group(advertised.empty() ? ready_.client_address : advertised))
    return failure;
  port_.open(*std::move(acceptor), *this);
  begin();
  return std::nullopt;
}

std::optional<Failure> Kvd::open_group(const std::string& client_address) {
  gms::GroupOptions options = group_options(settings_);
  options.info = client_address;
  gms::net::EventSink* const events = tee_ ? static_cast<gms::net::EventSink*>(&*tee_) : &journal_;
  auto group = gms::Group::open(context_, options, {*this, *this, *events});
  if (!group) {
    if (group.error().code == ErrorCode::invalid_argument)
      return Failure{ExitCode::usage, group.error().detail};
    return directory_failure(settings_.data, group.error());
  }
  group_ = *std::move(group);
  report_ = std::make_unique<MemberReport>(MemberReport::Sources{*group_, *replica_, *store_, port_,
                                                                 writes_, journal_, history_,
                                                                 settings_.group.config, loop_});
  logged_before_ = group_->status().last;
  history_.add(group_->view(), 0);
  service_ = std::make_unique<RequestService>(
      RequestService::Parts{*replica_, writes_, answers_, *this, *report_}, settings_.limits);
  ready_.name = group_->self().name;
  ready_.member = group_->self().id;
  ready_.peer_address = group_->self().peer_address;
  return std::nullopt;
}

void Kvd::warn_of_what_has_no_effect() {
  const gms::model::View& view = group_->view().view;
  const gms::model::Member* known = view.find(ready_.member);
  if (known != nullptr && *known != group_->self())
    log_.write(LogLevel::warning, "the group knows this member at " + known->peer_address +
                                      " and its clients at " + known->info +
                                      "; it has to leave and join again to be found elsewhere");
  if (known != nullptr && view.members.size() == 1 && !settings_.join.empty())
    log_.write(LogLevel::warning, "this member is all of group " +
                                      to_string(group_->identity().group) +
                                      " and asks nobody to join; to join another group, "
                                      "initialise a new data directory");
}

void Kvd::begin() {
  for (const int signal : {SIGTERM, SIGINT}) signals_.add(signal);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) begin_to_stop();
  });
  asio::post(context_, [this] {
    refresh_standing();
    announce_if_ready();
    tick();
  });
}

Failure Kvd::run() {
  context_.run();
  return end_;
}

// ---- the group

void Kvd::completed(Ticket first, std::uint64_t count, const std::optional<Error>& error,
                    MemberId leader) {
  service_->on_completed(first, count, error, leader);
}

void Kvd::read_ready(Ticket ticket, Index) {
  service_->on_read_ready(ticket, monotonic_now());
  serve_reads_later();
}

void Kvd::serve_reads_later() {
  if (!service_->reads().has_passed() || std::exchange(reads_posted_, true)) return;
  // Behind everything that is ready in this turn of the event loop.
  asio::post(context_, [this] {
    reads_posted_ = false;
    service_->serve_reads(monotonic_now());
    serve_reads_later();
  });
}

void Kvd::view_installed(const PlacedView& view) {
  ++loop_.view_changes;
  // Who was alone may not be any more.
  damage_reported_ = false;
  history_.add(view, is_seen_made(view, ready_.member, logged_before_) ? wall_clock_ms() : 0);
  refresh_standing();
  announce_if_ready();
}

void Kvd::restored(const PlacedView& view) {
  // The state is another member's, and so is what was in force in it: when that came is not known.
  history_.add(view, 0);
  refresh_standing();
  announce_if_ready();
}

void Kvd::stopped(const Error& error) {
  const bool is_storage =
      apply_failed_ || error.code == ErrorCode::io || error.code == ErrorCode::busy;
  end_ = {is_storage ? ExitCode::storage : ExitCode::invariant, error.detail};
  // Not a defect here: an old copy of a directory was put in the place of a newer one, or its disk
  // lost what it had confirmed.
  if (is_refused(settings_.data)) end_ = damaged(settings_.data, error.detail);
  context_.stop();
}

// The group has locked the directory by now.
Result<std::optional<gms::model::Bytes>> Kvd::open(gms::model::StateGeneration generation) {
  if (auto opened = directories_.open(generation); !opened) return opened.error();
  storage::RocksOptions options = settings_.storage;
  options.on_error = [this](std::string_view line) {
    log_.write(LogLevel::error, "store: " + std::string(line.substr(0, line.find('\n'))));
  };
  auto store = storage::RocksStore::open(directories_.store(generation).string(), options);
  if (!store) return store_error(store.error());
  store_ = *std::move(store);
  states_ = std::make_unique<storage::RocksExchange>(*store_, directories_);
  replica::ReplicaOptions limits;
  // Whatever the clock says, boots have no ids in common, but once in millions of millions.
  std::random_device random;
  limits.ranges.cursor_base = api::CursorId(((std::uint64_t{random()} << 32) | random()) >> 1);
  auto replica = replica::Replica::open(*store_, writes_, limits);
  if (!replica) return store_error(replica.error());
  replica_ = *std::move(replica);
  return replica_->stored_mark();
}

std::optional<gms::model::StateSample> Kvd::sample() const {
  return replica_->sample();
}

void Kvd::quarantine() {
  apply_failed_ = false;
  service_->serve_state(StateUse::quarantined);
}

Index Kvd::durable() const {
  return replica_->durable();
}

bool Kvd::is_behind() const {
  return store_->is_behind();
}

void Kvd::take_state(gms::model::OnStateTaken taken) {
  replica_->take_state(*states_, [this, taken = std::move(taken)](Result<TakenState> state) {
    asio::post(context_, [this, taken, state = std::move(state)]() mutable {
      if (!state && state.error().code == ErrorCode::corrupt) report_damage(state.error());
      taken(std::move(state));
    });
  });
}

Result<std::unique_ptr<gms::model::StateSink>> Kvd::receive_state(
    std::vector<gms::model::StatePart> parts) {
  return states_->receive(std::move(parts));
}

Result<void> Kvd::restore(std::unique_ptr<gms::model::StateSink> staged,
                          gms::model::StateGeneration generation, ByteSpan mark) {
  auto restored = replica_->restore(*states_, std::move(staged), generation, mark);
  apply_failed_ = !restored;
  if (!restored) return restored;
  damage_reported_ = false;
  // Its clock stands until something is delivered.
  loop_.applied_at = Instant();
  service_->serve_state(StateUse::served);
  service_->on_applied(monotonic_now());
  return {};
}

void Kvd::state_settled(gms::model::StateGeneration generation) {
  states_->settle(generation);
}

Result<void> Kvd::deliver(const gms::model::DeliveryBatch& batch) {
  const auto start = std::chrono::steady_clock::now();
  auto applied = replica_->deliver(batch);
  const microseconds took = since(start);
  ++loop_.applies;
  loop_.apply_total += took;
  loop_.applied_at = monotonic_now();
  loop_.apply_max.add(took, loop_.applied_at);
  apply_failed_ = !applied;
  if (!applied && applied.error().code == ErrorCode::corrupt) {
    note_damage(applied.error());
    // What it says that it has applied is not all in the store.
    service_->serve_state(StateUse::quarantined);
  }
  if (applied) service_->on_applied(monotonic_now());
  return applied;
}

Result<void> Kvd::install(const PlacedView& view, ByteSpan mark) {
  return replica_->install(view, mark);
}

void Kvd::on_event(const api::EventReport& event) {
  log_.write(LogLevel::info, event.kind + " " + event.text);
}

void Kvd::on_leadership() {
  // Not from here: the event comes out of the middle of the group's work.
  if (std::exchange(refresh_posted_, true)) return;
  asio::post(context_, [this] {
    refresh_posted_ = false;
    refresh_standing();
  });
}

void Kvd::on_reason(const gms::core::TraceEvent& event) {
  history_.on_trace(event);
}

void Kvd::refresh_standing() {
  service_->stand(report_->standing(), monotonic_now());
}

void Kvd::announce_if_ready() {
  if (announced_ || !group_->view().view.has_voter(ready_.member)) return;
  announced_ = true;
  ready_.group = group_->identity().group;
  warn_of_what_has_no_effect();
  on_ready_(ready_);
}

// ---- clients

Result<api::Welcome> Kvd::on_hello(const api::Hello& hello) {
  if (hello.version != api::kClientProtocolVersion)
    return Error{ErrorCode::invalid_argument,
                 "this member speaks version " + std::to_string(api::kClientProtocolVersion) +
                     " of the client protocol, not " + std::to_string(hello.version)};
  api::Welcome welcome;
  welcome.group = group_->identity().group;
  welcome.name = ready_.name;
  if (!hello.group.is_none() && welcome.group.is_none())
    return Error{ErrorCode::conflict, "this member has joined no group yet"};
  if (!hello.group.is_none() && hello.group != welcome.group)
    return Error{ErrorCode::conflict, "this member is of group " + to_string(welcome.group) +
                                          ", not of group " + to_string(hello.group)};
  return welcome;
}

void Kvd::on_request(const Origin& origin, const api::Request& request) {
  service_->take(origin, request, monotonic_now());
}

void Kvd::on_closed(ConnectionKey connection) {
  service_->on_closed(connection);
}

Result<Ticket> Kvd::propose(ByteSpan command) {
  return group_->propose({command});
}

Result<Ticket> Kvd::read_barrier() {
  return group_->read_barrier();
}

Result<Ticket> Kvd::administer(const api::AdminQuery& query) {
  const gms::model::Member* member = group_->view().view.find_name(query.name);
  if (member == nullptr)
    return Error{ErrorCode::not_found, "no member is named '" + query.name + "'"};
  switch (query.action) {
    case api::AdminAction::leave: return group_->leave(member->id);
    case api::AdminAction::transfer: return group_->transfer_leadership(member->id);
    case api::AdminAction::evict: return group_->evict(member->id);
    case api::AdminAction::maintenance: return group_->set_maintenance(member->id, query.ttl);
  }
  return Error{ErrorCode::invalid_argument, "no such request"};
}

// ---- time

void Kvd::tick() {
  const Instant now = monotonic_now();
  service_->expire(now);
  if (const auto damage = service_->take_damage()) report_damage(*damage);
  if (!digesting_) work_on_deep_digest();
  if (now >= slow_tick_at_) tick_slowly(now);
  if (finish_at_ && (now >= *finish_at_ || has_handed_over())) return finish();
  ticker_.expires_after(kTick);
  ticker_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    measure_stall();
    tick();
  });
}

void Kvd::tick_slowly(Instant now) {
  slow_tick_at_ = now + kSlowTick;
  refresh_standing();
  look_after_store(now);
  port_.expire(now);
  replica_->ranges().drop_idle(now);
  expire_sessions(now);
  make_room(now);
}

void Kvd::note_damage(const Error& error) {
  journal_.add("store_damaged", error.detail);
}

void Kvd::report_damage(const Error& error) {
  if (std::exchange(damage_reported_, true)) return;
  note_damage(error);
  group_->report_damage();
}

void Kvd::measure_stall() {
  loop_.stall_last = since(ticker_.expiry());
  loop_.stall_max.add(loop_.stall_last, monotonic_now());
}

void Kvd::expire_sessions(Instant now) {
  if (service_->standing().place != LeaderPlace::here) return;
  const auto command = expiry_.due(now, replica_->clock(), replica_->oldest_activity());
  // A refused proposal is made again.
  if (command) static_cast<void>(group_->propose({*command}));
}

void Kvd::make_room(Instant now) {
  const gms::core::Status status = group_->status();
  const bool lacks_room = status.disk_low || status.disk_full;
  if (room_.due(now, {lacks_room, store_->is_reclaiming()})) store_->reclaim();
}

void Kvd::look_after_store(Instant now) {
  const auto trouble = store_->trouble();
  const bool is_damage = trouble && trouble->code == ErrorCode::corrupt;
  if (is_damage) report_damage(*trouble);
  step_aside(now, is_damage ? std::nullopt : trouble);
}

void Kvd::step_aside(Instant now, const std::optional<Error>& trouble) {
  const gms::core::Status status = group_->status();
  const bool lacks_room = status.disk_low || status.disk_full;
  const bool leads = status.role == gms::core::RoleName::leader;
  if (!step_aside_.due(now, {leads, trouble && !lacks_room})) return;
  journal_.add("steps_aside", trouble->detail);
  hand_over();
}

void Kvd::work_on_deep_digest() {
  digesting_ = false;
  const auto work = replica_->work_on_deep_digest(kDigestRows);
  if (!work) {
    if (work.error().code == ErrorCode::corrupt) report_damage(work.error());
    return journal_.add("digest_failed", work.error().detail);
  }
  if (*work == replica::DeepWork::none) return;
  digesting_ = true;
  asio::post(context_, [this] { work_on_deep_digest(); });
}

// ---- the end

void Kvd::begin_to_stop() {
  if (finish_at_) return;
  finish_at_ = monotonic_now() + kHandOverMax;
  journal_.add("stopping", "by a signal");
  end_process_after(kStopSecondsMax);
  port_.close();
  hand_over();
}

void Kvd::hand_over() {
  const gms::core::Status status = group_->status();
  const auto worth = [&](const gms::core::PeerStatus& peer) {
    return std::pair(peer.match, peer.id != successor_);
  };
  const gms::core::PeerStatus* best = nullptr;
  for (const gms::core::PeerStatus& peer : status.peers)
    if (group_->view().view.is_up(peer.id) && (best == nullptr || worth(peer) > worth(*best)))
      best = &peer;
  if (status.role != gms::core::RoleName::leader || best == nullptr) return;
  successor_ = best->id;
  static_cast<void>(group_->transfer_leadership(best->id));
}

bool Kvd::has_handed_over() const {
  // Nobody is left to hand over to when all stop together.
  const bool alone =
      std::ranges::none_of(group_->link_statistics().links, &gms::net::LinkStatus::outbound_open);
  const bool leads = group_->status().role == gms::core::RoleName::leader;
  if (writes_.waiting() > 0) return alone && group_->view().view.members.size() > 1;
  return alone || !leads;
}

void Kvd::finish() {
  service_->refuse_held({ErrorCode::unavailable, "this member is stopping"});
  port_.stop();
  group_->stop();
  if (const auto flushed = store_->flush(); !flushed)
    log_.write(LogLevel::warning,
               flushed.error().detail + "; what is missing is replayed from the log");
  context_.stop();
}

}  // namespace kvstore::server
