#include "tests/simulation/key_value_machine.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "gms/model/assert.hpp"
#include "kvstore/replica/session.hpp"
#include "tests/simulation/random.hpp"

namespace tests::simulation {
namespace {

using namespace gms::model;
namespace api = kvstore::api;
namespace replica = kvstore::replica;
namespace storage = kvstore::storage;

/// Clients leave up to this many older calls unacknowledged, each client another number of them, so
/// that sessions hold several replies and late copies meet both kinds.
constexpr std::uint64_t kUnacknowledgedKinds = 4;

Bytes bytes_of(std::uint64_t number, std::uint32_t padding = 0) {
  ByteWriter out;
  out.u64(number);
  for (std::uint32_t i = 0; i < padding; ++i) out.u8(static_cast<std::uint8_t>(i));
  return out.take();
}

std::uint64_t number_of(ByteSpan bytes) {
  return ByteReader(bytes).u64();
}

api::Nonce nonce_of(std::uint32_t client) {
  return api::Nonce(client + 1);
}

std::uint32_t client_of(api::Nonce nonce) {
  return static_cast<std::uint32_t>(nonce.value() - 1);
}

api::CallNumber acknowledged_with(const ClientCall& call) {
  const std::uint64_t before = call.number - 1;
  return api::CallNumber(before - std::min(before, call.client % kUnacknowledgedKinds));
}

api::Condition condition_of(const ClientCall& call, ByteSpan expected) {
  if (call.action != Action::put_if && call.action != Action::erase_if) return api::Always{};
  if (call.expected == Value()) return api::IfAbsent{};
  return api::IfValue{expected};
}

bool is_put(const ClientCall& call) {
  return call.action == Action::put || call.action == Action::put_if;
}

ClientCall decode_call(const api::Call& call) {
  ClientCall out;
  out.session = call.session;
  out.number = call.number.value();
  const auto* const put = std::get_if<api::Put>(&call.operation);
  const auto* const erase = std::get_if<api::Erase>(&call.operation);
  const api::Condition& condition = put != nullptr ? put->condition : erase->condition;
  const bool always = std::holds_alternative<api::Always>(condition);
  if (const auto* const wanted = std::get_if<api::IfValue>(&condition))
    out.expected = Value(number_of(wanted->value));
  if (put != nullptr) {
    out.action = always ? Action::put : Action::put_if;
    out.key = Key(number_of(put->key));
    out.value = Value(number_of(put->value));
  } else {
    out.action = always ? Action::erase : Action::erase_if;
    out.key = Key(number_of(erase->key));
  }
  return out;
}

CallStatus status_of(api::Outcome outcome) {
  switch (outcome) {
    case api::Outcome::done:
    case api::Outcome::not_found:
    case api::Outcome::condition_failed: return CallStatus::done;
    case api::Outcome::stale: return CallStatus::stale;
    case api::Outcome::session_expired:
    case api::Outcome::busy:
    case api::Outcome::invalid: break;
  }
  return CallStatus::refused;
}

}  // namespace

void KeyValueMachine::Replies::on_replies(std::span<const replica::TicketReply> replies) {
  for (const replica::TicketReply& one : replies) {
    const auto reply = api::decode_command_reply(one.reply);
    GMS_ASSERT(reply, "a replica's replies can be decoded");
    heard_.push_back({one.ticket.value() - 1, reply->outcome, reply->revision});
  }
}

class KeyValueMachine::Saved final : public SavedState {
 public:
  explicit Saved(Durable taken) : state(std::move(taken)) {}
  std::optional<Bytes> mark() const override { return mark_of(state.image); }
  bool flipped() const override { return state.flipped; }

  static std::optional<Bytes> mark_of(const storage::MemoryImage& image) {
    if (!image.applied) return std::nullopt;
    const auto state = replica::decode_applied_state(image.applied->record);
    GMS_ASSERT(state, "a replica's record can be decoded");
    if (state->mark.empty()) return std::nullopt;
    return state->mark;
  }

  const Durable state;
};

KeyValueMachine::KeyValueMachine() {
  start();
}

void KeyValueMachine::start() {
  replica_.reset();
  store_ = std::make_unique<storage::MemoryStore>(durable_.current().image);
  auto opened = replica::Replica::open(*store_, replies_);
  GMS_ASSERT(opened, "a replica opens what it stored");
  replica_ = *std::move(opened);
}

void KeyValueMachine::deliver(const DeliveryBatch& batch, std::vector<Execution>& executions) {
  const std::size_t first = executions.size();
  // With a ticket for each, every replica tells what came of every command.
  DeliveryBatch told{batch.deliveries, {}, batch.mark, batch.last};
  for (std::size_t place = 0; place < told.deliveries.size(); ++place) {
    Delivery& delivery = told.deliveries[place];
    Execution& execution = executions.emplace_back();
    execution.index = delivery.position.index;
    execution.ticket = std::exchange(delivery.ticket, Ticket(place + 1));
    // Until the replica answers otherwise.
    if (delivery.kind == EntryKind::command) execution.status = CallStatus::refused;
  }
  const auto delivered = replica_->deliver(told);
  GMS_ASSERT(delivered, "a replica on a store in memory does not fail");
  for (const Replies::Heard& reply : replies_.take())
    translate(reply, told.deliveries[reply.place].payload, executions[first + reply.place]);
  if (executions.size() > first) executions.back().digest = digest();
}

void KeyValueMachine::translate(const Replies::Heard& reply, ByteSpan payload,
                                Execution& execution) {
  const auto command = api::decode_command(payload);
  if (!command) return;
  if (const auto* const opened = std::get_if<api::RegisterSession>(&*command)) {
    if (reply.outcome != api::Outcome::done) return;
    execution.status = CallStatus::registered;
    execution.call.emplace();
    execution.call->client = simulation::client_of(opened->nonce);
    execution.call->session = api::SessionId(reply.revision.value());
  } else if (const auto* const call = std::get_if<api::Call>(&*command)) {
    const auto client = client_of(call->session);
    if (!client) return;
    execution.call = decode_call(*call);
    execution.call->client = *client;
    execution.status = status_of(reply.outcome);
    execution.applied = reply.outcome != api::Outcome::condition_failed;
    if (reply.outcome == api::Outcome::done) execution.effective = Index(reply.revision.value());
    // What changed no key is answered alike when it is executed and ever after.
    execution.executed = execution.effective == Index() || execution.effective == execution.index;
  }
}

std::optional<std::uint32_t> KeyValueMachine::client_of(api::SessionId session) {
  if (const auto known = clients_.find(session.value()); known != clients_.end())
    return known->second;
  const Bytes key = replica::session_key(session);
  Bytes value;
  const auto revision = store_->get(storage::Space::session, key, value);
  if (!revision || !*revision) return std::nullopt;
  const auto found = replica::decode_session({key, {**revision, value}});
  GMS_ASSERT(found, "a session's row can be decoded");
  return clients_.emplace(session.value(), simulation::client_of(found->nonce)).first->second;
}

void KeyValueMachine::install(const PlacedView& view, ByteSpan mark) {
  const auto installed = replica_->install(view, mark);
  GMS_ASSERT(installed, "a replica on a store in memory does not fail");
}

Value KeyValueMachine::read(Key key) const {
  const Bytes name = bytes_of(key.value());
  ByteWriter encoded;
  const auto got = replica_->get({{}, name}, encoded);
  GMS_ASSERT(got, "a replica on a store in memory does not fail");
  const auto reply = api::decode_get_reply(encoded.bytes());
  GMS_ASSERT(reply, "a replica's replies can be decoded");
  return reply->found ? Value(number_of(reply->found->value)) : Value();
}

std::uint64_t KeyValueMachine::digest() const {
  replica::DeepDigest rows(store_->snapshot());
  const auto work = rows.advance(std::numeric_limits<std::size_t>::max());
  GMS_ASSERT(work && *work == replica::DeepWork::none, "a store in memory can be read");
  return mix(replica_->digest().value(), rows.digest().value());
}

std::optional<Bytes> KeyValueMachine::mark() const {
  return replica_->stored_mark();
}

std::optional<StateSample> KeyValueMachine::sample() const {
  return replica_->sample();
}

bool KeyValueMachine::flip() {
  if (!replica_->sample()) return false;
  flush();
  replica_.reset();
  store_.reset();
  auto& [image, flipped] = durable_.current();
  for (auto& [key, row] : image.rows)
    if (key.front() == static_cast<char>(storage::Space::data) && !row.value.empty())
      row.value.front() ^= std::byte{1};
  auto state = replica::decode_applied_state(image.applied->record);
  GMS_ASSERT(state, "a replica's record can be decoded");
  state->digest = api::Digest(state->digest.value() ^ 1);
  ByteWriter record;
  replica::encode(*state, record);
  image.applied->record = record.take();
  flipped = true;
  start();
  return true;
}

void KeyValueMachine::flush() {
  const auto flushed = store_->flush();
  GMS_ASSERT(flushed, "a store in memory does not fail");
}

void KeyValueMachine::open(StateGeneration generation) {
  durable_.open(generation);
  start();
}

std::optional<Bytes> KeyValueMachine::durable_mark() const {
  return Saved::mark_of(durable_.current().image);
}

std::shared_ptr<const SavedState> KeyValueMachine::save() {
  flush();
  return std::make_shared<Saved>(durable_.current());
}

void KeyValueMachine::restore(const SavedState& saved, StateGeneration generation) {
  replica_.reset();
  store_.reset();
  durable_.go_over_to(generation, dynamic_cast<const Saved&>(saved).state);
  start();
}

void KeyValueMachine::encode(const ClientCall& call, std::uint32_t padding, ByteWriter& out) const {
  if (call.session == api::SessionId())
    return api::encode(api::Command(api::RegisterSession{nonce_of(call.client)}), out);
  const Bytes key = bytes_of(call.key.value());
  const Bytes value = bytes_of(call.value.value(), padding);
  const Bytes expected = bytes_of(call.expected.value(), padding);
  api::Call command;
  command.session = call.session;
  command.number = api::CallNumber(call.number);
  command.acknowledged = acknowledged_with(call);
  if (is_put(call)) {
    command.operation = api::Put{key, value, condition_of(call, expected)};
  } else {
    command.operation = api::Erase{key, condition_of(call, expected)};
  }
  api::encode(command, out);
}

}  // namespace tests::simulation
