#include "tests/fuzz/state_machine_model.hpp"

#include <algorithm>

namespace fuzz {

namespace api = kvstore::api;
using api::Outcome;

namespace {

std::string text_of(gms::model::ByteSpan bytes) {
  return std::string(gms::model::as_text(bytes));
}

bool holds(const api::Condition& condition, const std::optional<StateMachineModel::Value>& held) {
  if (std::holds_alternative<api::IfAbsent>(condition)) return !held;
  if (const auto* revision = std::get_if<api::IfRevision>(&condition))
    return revision->revision.value() == (held ? held->revision : 0);
  if (const auto* value = std::get_if<api::IfValue>(&condition))
    return held && held->text == text_of(value->value);
  return true;
}

}  // namespace

StateMachineModel::Reply StateMachineModel::apply(const std::optional<api::Command>& command,
                                                  std::uint64_t index, std::uint64_t clock) {
  if (!command) return {Outcome::invalid, 0, std::nullopt};
  if (const auto* one = std::get_if<api::Call>(&*command)) return call(*one, index, clock);
  if (const auto* session = std::get_if<api::RegisterSession>(&*command))
    return {Outcome::done, open(session->nonce.value(), index, clock), std::nullopt};
  if (const auto* old = std::get_if<api::ExpireSessions>(&*command))
    std::erase_if(sessions_,
                  [&](const auto& one) { return one.second.active < old->cutoff.value(); });
  return {Outcome::done, index, std::nullopt};
}

std::map<std::uint64_t, StateMachineModel::Session>::iterator StateMachineModel::longest_idle() {
  return std::ranges::min_element(sessions_, {},
                                  [](const auto& one) { return one.second.touched; });
}

std::uint64_t StateMachineModel::open(std::uint64_t nonce, std::uint64_t index,
                                      std::uint64_t clock) {
  auto known =
      std::ranges::find_if(sessions_, [&](const auto& one) { return one.second.nonce == nonce; });
  if (known == sessions_.end()) {
    if (sessions_.size() >= limits_.sessions_max) sessions_.erase(longest_idle());
    known = sessions_.emplace(index, Session{nonce, 0, 0, 0, {}}).first;
  }
  known->second.touched = index;
  known->second.active = clock;
  return known->first;
}

StateMachineModel::Reply StateMachineModel::call(const api::Call& call, std::uint64_t index,
                                                 std::uint64_t clock) {
  const auto known = sessions_.find(call.session.value());
  if (known == sessions_.end()) return {Outcome::session_expired, 0, std::nullopt};
  Session& session = known->second;
  session.touched = index;
  session.active = clock;
  const std::uint64_t number = call.number.value();
  session.watermark = std::max(session.watermark, std::min(call.acknowledged.value(), number - 1));
  std::erase_if(session.replies, [&](const auto& one) { return one.first <= session.watermark; });
  if (number <= session.watermark) return {Outcome::stale, 0, std::nullopt};
  if (const auto reply = session.replies.find(number); reply != session.replies.end())
    return reply->second;
  if (session.replies.size() >= limits_.unacknowledged_calls_max ||
      held_by(session) >= limits_.unacknowledged_bytes_max)
    return {Outcome::busy, 0, std::nullopt};
  const Reply reply = session.replies[number] = write(call.operation, index);
  limit_held(known->first);
  return reply;
}

std::size_t StateMachineModel::held_by(const Session& session) {
  std::size_t bytes = 0;
  for (const auto& [at, reply] : session.replies)
    if (reply.previous) bytes += reply.previous->text.size();
  return bytes;
}

void StateMachineModel::limit_held(std::uint64_t caller) {
  for (;;) {
    std::size_t bytes = 0;
    auto holder = sessions_.end();
    for (auto one = sessions_.begin(); one != sessions_.end(); ++one) {
      bytes += held_by(one->second);
      if (held_by(one->second) == 0) continue;
      if (holder == sessions_.end() || one->second.touched < holder->second.touched) holder = one;
    }
    if (bytes <= limits_.held_bytes_max || holder->first == caller) return;
    sessions_.erase(holder);
  }
}

StateMachineModel::Reply StateMachineModel::write(const api::Operation& operation,
                                                  std::uint64_t index) {
  const auto* put = std::get_if<api::Put>(&operation);
  const auto* erase = std::get_if<api::Erase>(&operation);
  const std::string key = text_of(put != nullptr ? put->key : erase->key);
  const api::Condition& condition = put != nullptr ? put->condition : erase->condition;
  const bool wanted = (put != nullptr ? put->previous : erase->previous) == api::Previous::wanted;
  std::optional<Value> held;
  if (const auto found = values_.find(key); found != values_.end()) held = found->second;
  const std::optional<Value> previous = wanted ? held : std::nullopt;
  if (!holds(condition, held))
    return {Outcome::condition_failed, held ? held->revision : 0, previous};
  if (put != nullptr)
    values_[key] = {index, text_of(put->value)};
  else if (!held)
    return {Outcome::not_found, 0, std::nullopt};
  else
    values_.erase(key);
  return {Outcome::done, index, previous};
}

}  // namespace fuzz
