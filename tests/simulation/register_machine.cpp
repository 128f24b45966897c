#include "tests/simulation/register_machine.hpp"

#include <algorithm>

#include "tests/linearizability/register_model.hpp"
#include "tests/simulation/random.hpp"

namespace tests::simulation {
namespace {

using namespace gms::model;

constexpr std::uint32_t kCallMagic = 0x11ACA11;

std::uint64_t hash_of(ByteSpan bytes) {
  std::uint64_t out = bytes.size();
  for (; bytes.size() >= 8; bytes = bytes.subspan(8))
    out = (out ^ load_little_endian<std::uint64_t>(bytes.data())) * 0x9E3779B97F4A7C15ULL;
  for (const std::byte byte : bytes)
    out = (out ^ static_cast<std::uint64_t>(byte)) * 0x9E3779B97F4A7C15ULL;
  return out;
}

template <class T>
T& grown(std::vector<T>& rows, std::uint64_t at) {
  if (rows.size() <= at) rows.resize(at + 1);
  return rows[at];
}

linearizability::Operation as_operation(const ClientCall& call) {
  linearizability::Operation out;
  out.action = call.action;
  out.value = call.value;
  out.expected = call.expected;
  return out;
}

bool condition_holds(const ClientCall& call, Value state) {
  const bool conditional = call.action == Action::put_if || call.action == Action::erase_if;
  return !conditional || state == call.expected;
}

}  // namespace

std::optional<ClientCall> decode_register_call(ByteSpan payload) {
  ByteReader in(payload);
  if (in.u32() != kCallMagic) return std::nullopt;
  ClientCall out;
  out.client = in.u32();
  out.number = in.u64();
  out.action = static_cast<Action>(in.u8());
  out.key = Key(in.u64());
  out.value = Value(in.u64());
  out.expected = Value(in.u64());
  if (!in.ok()) return std::nullopt;
  return out;
}

void RegisterMachine::encode(const ClientCall& call, std::uint32_t padding, ByteWriter& out) const {
  out.u32(kCallMagic);
  out.u32(call.client);
  out.u64(call.number);
  out.u8(static_cast<std::uint8_t>(call.action));
  out.u64(call.key.value());
  out.u64(call.value.value());
  out.u64(call.expected.value());
  for (std::uint32_t i = 0; i < padding; ++i) out.u8(static_cast<std::uint8_t>(i));
}

void RegisterMachine::execute(const ClientCall& call, Execution& execution) {
  Session& session = grown(volatile_.sessions, call.client);
  if (call.number < session.number) {
    execution.status = CallStatus::stale;
    return;
  }
  if (call.number > session.number) {
    Value& value = grown(volatile_.registers, call.key.value());
    session = {call.number, condition_holds(call, value), execution.index};
    value = *linearizability::step(value, as_operation(call));
    execution.executed = true;
  }
  execution.applied = session.applied;
  execution.effective = session.index;
}

void RegisterMachine::deliver(const DeliveryBatch& batch, std::vector<Execution>& executions) {
  for (const Delivery& delivery : batch.deliveries) {
    Execution execution;
    execution.index = delivery.position.index;
    execution.ticket = delivery.ticket;
    if (delivery.kind == EntryKind::command) {
      execution.call = decode_register_call(delivery.payload);
      if (execution.call) execute(*execution.call, execution);
    }
    std::uint64_t digest = mix(volatile_.digest, delivery.position.index.value());
    digest = mix(digest, hash_of(delivery.payload));
    volatile_.digest = mix(digest, execution.applied ? execution.effective.value() : 0);
    volatile_.sampled = delivery.position.index;
    execution.digest = volatile_.digest;
    executions.push_back(execution);
  }
  volatile_.mark = batch.mark;
}

void RegisterMachine::install(const PlacedView&, ByteSpan mark) {
  volatile_.mark.assign(mark.begin(), mark.end());
}

Value RegisterMachine::read(Key key) const {
  const std::uint64_t at = key.value();
  return at < volatile_.registers.size() ? volatile_.registers[at] : Value();
}

class RegisterMachine::Saved final : public SavedState {
 public:
  explicit Saved(State taken) : state(std::move(taken)) {}
  std::optional<Bytes> mark() const override { return mark_of(state); }
  bool flipped() const override { return state.flipped; }

  const State state;
};

std::optional<Bytes> RegisterMachine::mark_of(const State& state) {
  if (state.mark.empty()) return std::nullopt;
  return state.mark;
}

std::optional<Bytes> RegisterMachine::mark() const {
  return mark_of(volatile_);
}

std::optional<Bytes> RegisterMachine::durable_mark() const {
  return mark_of(durable_.current());
}

std::optional<StateSample> RegisterMachine::sample() const {
  if (volatile_.sampled == Index()) return std::nullopt;
  return StateSample{volatile_.sampled, StateDigest(volatile_.digest)};
}

bool RegisterMachine::flip() {
  if (volatile_.sampled == Index()) return false;
  if (!volatile_.registers.empty())
    volatile_.registers.front() = Value(volatile_.registers.front().value() ^ 1);
  volatile_.digest ^= 1;
  volatile_.flipped = true;
  flush();
  return true;
}

void RegisterMachine::open(StateGeneration generation) {
  durable_.open(generation);
  volatile_ = durable_.current();
}

std::shared_ptr<const SavedState> RegisterMachine::save() {
  flush();
  return std::make_shared<Saved>(volatile_);
}

void RegisterMachine::restore(const SavedState& saved, StateGeneration generation) {
  volatile_ = dynamic_cast<const Saved&>(saved).state;
  durable_.go_over_to(generation, volatile_);
}

}  // namespace tests::simulation
