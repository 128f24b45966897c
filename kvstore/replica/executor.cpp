#include "kvstore/replica/executor.hpp"

#include <algorithm>
#include <variant>

namespace kvstore::replica {

using api::CommandReply;
using api::Outcome;
using api::Previous;
using api::Revision;
using api::Versioned;
using gms::model::ByteSpan;
using gms::model::GroupClock;
using gms::model::Index;
using gms::model::Result;

namespace {

struct ConditionCheck {
  const std::optional<Versioned>& held;

  bool operator()(api::Always) const { return true; }
  bool operator()(api::IfAbsent) const { return !held; }
  bool operator()(const api::IfRevision& wanted) const {
    return wanted.revision == (held ? held->revision : Revision());
  }
  bool operator()(const api::IfValue& wanted) const {
    return held && std::ranges::equal(held->value, wanted.value);
  }
};

bool holds(const api::Condition& condition, const std::optional<Versioned>& held) {
  return std::visit(ConditionCheck{held}, condition);
}

std::optional<Versioned> if_wanted(Previous previous, const std::optional<Versioned>& held) {
  return previous == Previous::wanted ? held : std::nullopt;
}

CommandReply failed_condition(Previous previous, const std::optional<Versioned>& held) {
  return {Outcome::condition_failed, held ? held->revision : Revision(), if_wanted(previous, held)};
}

}  // namespace

Result<CommandReply> Executor::execute(const api::Command& command, Index at, GroupClock clock) {
  if (const auto* one = std::get_if<api::Call>(&command)) return call(*one, at, clock);
  CommandReply reply{Outcome::done, api::revision_at(at), std::nullopt};
  if (const auto* session = std::get_if<api::RegisterSession>(&command)) {
    const api::SessionId id = sessions_.open(session->nonce, at, clock);
    reply.revision = Revision(id.value());
  }
  if (const auto* old = std::get_if<api::ExpireSessions>(&command)) sessions_.expire(old->cutoff);
  return reply;
}

Result<CommandReply> Executor::call(const api::Call& call, Index at, GroupClock clock) {
  const Admission admission = sessions_.admit(call, at, clock);
  if (const auto* answer = std::get_if<AnswerWith>(&admission)) return answer->reply;
  const Revision revision = api::revision_at(at);
  const auto* write = std::get_if<api::Put>(&call.operation);
  auto reply = write != nullptr ? put(*write, revision)
                                : erase(std::get<api::Erase>(call.operation), revision);
  if (reply) sessions_.remember(*std::get<Execute>(admission).session, call.number, *reply);
  return reply;
}

Result<CommandReply> Executor::put(const api::Put& put, Revision revision) {
  CommandReply reply{Outcome::done, revision, std::nullopt};
  const bool reads =
      put.previous == Previous::wanted || !std::holds_alternative<api::Always>(put.condition);
  if (reads) {
    const auto held = read(put.key);
    if (!held) return held.error();
    if (!holds(put.condition, *held)) return failed_condition(put.previous, *held);
    reply.previous = if_wanted(put.previous, *held);
  }
  staged_.put(put.key, {revision, put.value});
  return reply;
}

Result<CommandReply> Executor::erase(const api::Erase& erase, Revision revision) {
  const auto held = read(erase.key);
  if (!held) return held.error();
  if (!holds(erase.condition, *held)) return failed_condition(erase.previous, *held);
  if (!*held) return CommandReply{Outcome::not_found, {}, std::nullopt};
  staged_.erase(erase.key);
  return CommandReply{Outcome::done, revision, if_wanted(erase.previous, *held)};
}

Result<Executor::Held> Executor::read(ByteSpan key) {
  if (const storage::Change* staged = staged_.find(key)) return Held(staged->row);
  const auto revision = store_.get(storage::Space::data, key, value_);
  if (!revision) return revision.error();
  if (!*revision) return Held();
  return Held(Versioned{**revision, value_});
}

}  // namespace kvstore::replica
