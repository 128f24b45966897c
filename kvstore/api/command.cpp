#include "kvstore/api/command.hpp"

#include <string>

#include "kvstore/api/limits.hpp"

namespace kvstore::api {
namespace {

using gms::model::ByteReader;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::GroupClock;
using gms::model::Result;

enum class CommandKind : std::uint8_t { call = 1, register_session, expire_sessions, take_digest };
enum class OperationKind : std::uint8_t { put = 1, erase = 2 };
enum class ConditionKind : std::uint8_t { always = 0, absent = 1, revision = 2, value = 3 };

Error malformed() {
  return {ErrorCode::corrupt, "malformed command"};
}

Error too_large(const char* what, std::size_t bytes, std::size_t bytes_max) {
  return {ErrorCode::too_large, std::string(what) + " has " + std::to_string(bytes) +
                                    " bytes; the limit is " + std::to_string(bytes_max)};
}

ConditionKind kind_of(const Condition& condition) {
  if (std::holds_alternative<IfAbsent>(condition)) return ConditionKind::absent;
  if (std::holds_alternative<IfRevision>(condition)) return ConditionKind::revision;
  if (std::holds_alternative<IfValue>(condition)) return ConditionKind::value;
  return ConditionKind::always;
}

void put_condition(const Condition& condition, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(kind_of(condition)));
  if (const auto* at = std::get_if<IfRevision>(&condition)) out.u64(at->revision.value());
  if (const auto* has = std::get_if<IfValue>(&condition)) out.blob(has->value);
}

template <class Write>
void put_target(OperationKind kind, const Write& write, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(kind));
  out.u8(static_cast<std::uint8_t>(write.previous));
  put_condition(write.condition, out);
  out.blob(write.key);
}

struct OperationEncoder {
  ByteWriter& out;

  void operator()(const Put& put) const {
    put_target(OperationKind::put, put, out);
    out.raw(put.value);
  }
  void operator()(const Erase& erase) const { put_target(OperationKind::erase, erase, out); }
};

struct CommandEncoder {
  ByteWriter& out;

  void kind(CommandKind kind) const { out.u8(static_cast<std::uint8_t>(kind)); }
  void operator()(const Call& call) const {
    kind(CommandKind::call);
    out.u64(call.session.value());
    out.u64(call.number.value());
    out.u64(call.acknowledged.value());
    std::visit(OperationEncoder{out}, call.operation);
  }
  void operator()(const RegisterSession& command) const {
    kind(CommandKind::register_session);
    out.u64(command.nonce.value());
  }
  void operator()(const ExpireSessions& command) const {
    kind(CommandKind::expire_sessions);
    out.u64(command.cutoff.value());
  }
  void operator()(const TakeDigest& command) const {
    kind(CommandKind::take_digest);
    out.u8(static_cast<std::uint8_t>(command.depth));
  }
};

Condition get_condition(ByteReader& in) {
  switch (static_cast<ConditionKind>(in.u8())) {
    case ConditionKind::always: return Always{};
    case ConditionKind::absent: return IfAbsent{};
    case ConditionKind::revision: return IfRevision{Revision(in.u64())};
    case ConditionKind::value: return IfValue{in.blob()};
  }
  in.fail();
  return Always{};
}

Previous get_previous(ByteReader& in) {
  const std::uint8_t value = in.u8();
  if (value > static_cast<std::uint8_t>(Previous::wanted)) in.fail();
  return static_cast<Previous>(value);
}

Result<void> check_bytes(ByteSpan key, ByteSpan value) {
  if (key.empty()) return Error{ErrorCode::invalid_argument, "the key is empty"};
  if (key.size() > kKeyBytesMax) return too_large("the key", key.size(), kKeyBytesMax);
  if (value.size() > kValueBytesMax) return too_large("the value", value.size(), kValueBytesMax);
  return {};
}

Result<Operation> get_operation(ByteReader& in) {
  const auto kind = static_cast<OperationKind>(in.u8());
  const Previous previous = get_previous(in);
  const Condition condition = get_condition(in);
  const ByteSpan key = in.blob();
  const ByteSpan value = kind == OperationKind::put ? in.raw(in.remaining()) : ByteSpan();
  if (kind != OperationKind::put && kind != OperationKind::erase) in.fail();
  if (!in.finished()) return malformed();
  if (auto checked = check_bytes(key, value); !checked) return checked.error();
  if (kind == OperationKind::put) return Operation(Put{key, value, condition, previous});
  return Operation(Erase{key, condition, previous});
}

Result<Command> get_call(ByteReader& in) {
  Call call;
  call.session = SessionId(in.u64());
  call.number = CallNumber(in.u64());
  call.acknowledged = CallNumber(in.u64());
  auto operation = get_operation(in);
  if (!operation) return operation.error();
  if (call.session == SessionId() || call.number == CallNumber())
    return Error{ErrorCode::invalid_argument, "the call has no session or no number"};
  call.operation = *operation;
  return Command(call);
}

Result<Command> get_register(ByteReader& in) {
  const RegisterSession command{Nonce(in.u64())};
  if (!in.finished()) return malformed();
  if (command.nonce == Nonce())
    return Error{ErrorCode::invalid_argument, "the registration has no nonce"};
  return Command(command);
}

Result<Command> get_expire(ByteReader& in) {
  const ExpireSessions command{GroupClock(in.u64())};
  if (!in.finished()) return malformed();
  return Command(command);
}

Result<Command> get_take_digest(ByteReader& in) {
  const TakeDigest command{static_cast<DigestDepth>(in.u8())};
  const bool known = command.depth == DigestDepth::rolling || command.depth == DigestDepth::deep;
  if (!in.finished() || !known) return malformed();
  return Command(command);
}

}  // namespace

void encode(const Command& command, ByteWriter& out) {
  std::visit(CommandEncoder{out}, command);
}

void encode(const Call& call, ByteWriter& out) {
  CommandEncoder{out}(call);
}

void number_call(std::span<std::byte> encoded, SessionId session, CallNumber number,
                 CallNumber acknowledged) {
  // Behind the kind, as CommandEncoder puts them.
  GMS_ASSERT(encoded.size() >= 25 && encoded[0] == static_cast<std::byte>(CommandKind::call),
             "number_call");
  gms::model::store_little_endian(encoded.data() + 1, session.value());
  gms::model::store_little_endian(encoded.data() + 9, number.value());
  gms::model::store_little_endian(encoded.data() + 17, acknowledged.value());
}

Result<Command> decode_command(ByteSpan bytes) {
  if (bytes.size() > kCommandBytesMax)
    return too_large("the command", bytes.size(), kCommandBytesMax);
  ByteReader in(bytes);
  switch (static_cast<CommandKind>(in.u8())) {
    case CommandKind::call: return get_call(in);
    case CommandKind::register_session: return get_register(in);
    case CommandKind::expire_sessions: return get_expire(in);
    case CommandKind::take_digest: return get_take_digest(in);
  }
  return malformed();
}

}  // namespace kvstore::api
