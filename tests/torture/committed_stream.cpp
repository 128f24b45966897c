#include "tests/torture/committed_stream.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "tests/cluster/lane.hpp"
#include "tests/linearizability/register_model.hpp"

namespace tests::torture {

using gms::model::EntryView;
using gms::model::Index;
using linearizability::Action;
using linearizability::Operation;
using linearizability::Outcome;
namespace api = kvstore::api;

namespace {

/// The number that a text ends with: a register's value, or a list's last element.
std::uint64_t last_number(std::string_view text) {
  if (const std::size_t space = text.rfind(' '); space != std::string_view::npos)
    text.remove_prefix(space + 1);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool is_erase(const Operation& operation) {
  return operation.action == Action::erase || operation.action == Action::erase_if;
}

}  // namespace

void settle_indexes(linearizability::Recording& recording, const CommittedEntries& committed) {
  std::unordered_map<std::uint64_t, Index> with_effect;
  Index last;
  for (const EntryView entry : committed.entries) {
    if (entry.kind() != gms::model::EntryKind::noop) last = entry.index();
    if (last != Index()) with_effect[entry.index().value()] = last;
  }
  const auto settle = [&](Index& index) {
    const auto found = with_effect.find(index.value());
    index = found == with_effect.end() ? Index() : found->second;
  };
  for (auto& operation : recording.registers)
    if (!is_write(operation.action)) settle(operation.index);
  for (auto& operation : recording.lists)
    if (operation.action == linearizability::ListAction::read) settle(operation.index);
}

Index last_answered(std::span<const Operation> history) {
  Index last;
  for (const Operation& operation : history)
    if (operation.outcome == Outcome::ok) last = std::max(last, operation.index);
  return last;
}

CommittedStream::CommittedStream(std::span<const Operation> history) : history_(history) {
  for (std::size_t i = 0; i < history_.size(); ++i) {
    const Operation& operation = history_[i];
    if (!is_write(operation.action)) continue;
    if (!is_erase(operation))
      puts_.emplace(operation.value.value(), i);
    else if (operation.index != Index())
      erases_by_index_.emplace(operation.index.value(), i);
    else
      other_erases_[{operation.key.value(), operation.expected.value()}].push_back(i);
  }
  // Taken from the end: those that have a result first, and those that promise to have had no
  // effect, which would be a finding, last.
  const auto rank = [this](std::size_t at) {
    if (history_[at].outcome == Outcome::failed) return 0;
    return history_[at].outcome == Outcome::unknown ? 1 : 2;
  };
  for (auto& [erased, candidates] : other_erases_) std::ranges::stable_sort(candidates, {}, rank);
}

void CommittedStream::take(EntryView entry) {
  if (entry.kind() != gms::model::EntryKind::command) return;
  const auto command = api::decode_command(entry.payload());
  if (!command)
    return surprise("entry " + std::to_string(entry.index().value()) + " is no command");
  if (const auto* session = std::get_if<api::RegisterSession>(&*command)) open(*session, entry);
  if (const auto* expired = std::get_if<api::ExpireSessions>(&*command)) expire(*expired);
  const auto* call = std::get_if<api::Call>(&*command);
  if (call == nullptr || !is_executed(*call, entry)) return;
  std::visit([&](const auto& operation) { take(operation, entry.index()); }, call->operation);
}

void CommittedStream::open(const api::RegisterSession& session, EntryView entry) {
  for (auto& [id, known] : sessions_)
    if (known.nonce == session.nonce.value()) {
      known.active = entry.clock();
      return;
    }
  sessions_[entry.index().value()] = {session.nonce.value(), entry.clock(), 0, {}};
}

void CommittedStream::expire(const api::ExpireSessions& expired) {
  std::erase_if(sessions_,
                [&](const auto& session) { return session.second.active < expired.cutoff; });
}

bool CommittedStream::is_executed(const api::Call& call, EntryView entry) {
  const auto found = sessions_.find(call.session.value());
  if (found == sessions_.end()) return false;
  Session& session = found->second;
  session.active = entry.clock();
  const std::uint64_t number = call.number.value();
  session.acknowledged =
      std::max(session.acknowledged, std::min(call.acknowledged.value(), number - 1));
  session.executed.erase(session.executed.begin(),
                         session.executed.upper_bound(session.acknowledged));
  return number > session.acknowledged && session.executed.insert(number).second;
}

void CommittedStream::take(const api::Put& put, Index index) {
  const std::string_view key = gms::model::as_text(put.key);
  if (!cluster::is_of_history(key)) return;
  const auto found = puts_.find(last_number(gms::model::as_text(put.value)));
  if (found != puts_.end() && history_[found->second].key == cluster::key_of(key))
    return keep(index, found->second);
  surprise("nobody made the write of " + std::string(key) + " at index " +
           std::to_string(index.value()));
}

void CommittedStream::take(const api::Erase& erase, Index index) {
  const std::string_view key = gms::model::as_text(erase.key);
  if (!cluster::is_of_history(key)) return;
  std::uint64_t expected = 0;
  if (const auto* condition = std::get_if<api::IfValue>(&erase.condition))
    expected = last_number(gms::model::as_text(condition->value));
  const auto found = find_erase({cluster::key_of(key).value(), expected}, index);
  if (found) return keep(index, *found);
  surprise("nobody made the erase of " + std::string(key) + " at index " +
           std::to_string(index.value()));
}

std::optional<std::size_t> CommittedStream::find_erase(const EraseOf& erased, Index index) {
  if (const auto known = erases_by_index_.find(index.value()); known != erases_by_index_.end())
    return known->second;
  std::vector<std::size_t>& candidates = other_erases_[erased];
  // Clients may ask the same: whose answer this is shows by whether it took effect.
  const bool holds = erased.second == 0 || state_[erased.first].value() == erased.second;
  const auto fitting = std::find_if(candidates.rbegin(), candidates.rend(), [&](std::size_t at) {
    return history_[at].outcome != Outcome::ok || history_[at].applied == holds;
  });
  if (fitting == candidates.rend()) return std::nullopt;
  const std::size_t found = *fitting;
  candidates.erase(std::next(fitting).base());
  return found;
}

void CommittedStream::surprise(std::string what) {
  if (!surprise_) surprise_ = std::move(what);
}

void CommittedStream::keep(Index index, std::size_t operation) {
  writes_.push_back({index, operation});
  const Operation& write = history_[operation];
  linearizability::Value& value = state_[write.key.value()];
  // What does not fit is found when all is compared.
  value = step(value, write).value_or(value);
}

ReplayVerdict replay(std::span<const Operation> history, const CommittedEntries& committed) {
  if (!committed.lost.empty()) return {0, committed.lost, ""};
  if (!committed.missing.empty()) return {0, "", committed.missing};
  CommittedStream stream(history);
  for (const EntryView entry : committed.entries) stream.take(entry);
  if (stream.surprise()) return {stream.writes().size(), *stream.surprise(), ""};
  const auto wrong = check_replay(history, stream.writes());
  return {stream.writes().size(), wrong.value_or(""), ""};
}

}  // namespace tests::torture
