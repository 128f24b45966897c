#include "kvstore/server/recovery.hpp"

#include <algorithm>
#include <iomanip>

#include "gms/group.hpp"
#include "gms/log/inspection.hpp"
#include "gms/log/posix_file_system.hpp"
#include "gms/model/quorum.hpp"
#include "kvstore/replica/applied_state.hpp"
#include "kvstore/server/command_line.hpp"
#include "kvstore/server/data_directory.hpp"
#include "kvstore/storage/rocks_directories.hpp"
#include "kvstore/storage/rocks_store.hpp"

namespace kvstore::server {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Member;
using gms::model::Result;
using gms::model::View;

namespace {

std::size_t quorum_of(const View& view) {
  return gms::model::quorum(view.members.size());
}

std::string joined_names(std::vector<std::string> names) {
  std::ranges::sort(names);
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::vector<std::string> names_of(const View& view) {
  std::vector<std::string> out;
  for (const Member& member : view.members) out.push_back(member.name);
  return out;
}

View newest_view(const gms::model::RecoveredLog& log) {
  return log.views.empty() ? log.base.view.view : log.views.back().view;
}

/// The newest index whose effects the store has, which the log has to reach.
Result<Index> applied_in(const std::string& store, const gms::model::RecoveredLog& log) {
  const auto exists = is_there(store);
  if (!exists) return exists.error();
  if (!*exists) return Index();
  const auto record = storage::RocksStore::look_up_applied(store);
  if (!record) return record.error();
  if (!*record) return Index();
  const auto state = replica::decode_applied_state((*record)->record);
  if (!state) return state.error();
  if (state->index <= log.head.position.index && state->mark_index >= log.base.head.position.index)
    return state->mark_index;
  return Error{ErrorCode::corrupt, "its store has applied up to " +
                                       std::to_string(state->index.value()) +
                                       ", but its log ends at " + to_string(log.head.position)};
}

Result<Survivor> look_at_survivor(const std::string& data) {
  gms::log::PosixFileSystem files;
  const auto found = gms::log::inspect(files, data, 0);
  if (!found) return found.error();
  const gms::model::RecoveredLog& log = found->log.log;
  if (found->stored.identity.group.is_none() || log.head.position.index == Index())
    return Error{ErrorCode::conflict, "it has joined no group yet"};
  const auto store = storage::store_directory(data, found->stored.meta.state_generation);
  const auto applied = applied_in(store.string(), log);
  if (!applied) return applied.error();
  return Survivor{
      data,     found->stored.identity, found->stored.hard_state.epoch,   log.head.position,
      *applied, newest_view(log),       found->stored.meta.state_diverged};
}

std::variant<Survivor, Failure> find_survivor(const std::string& data) {
  if (auto failure = check_member_directory(data)) return *std::move(failure);
  if (auto failure = check_not_in_use(data)) return *std::move(failure);
  auto survivor = look_at_survivor(data);
  if (survivor) return *std::move(survivor);
  return Failure{ExitCode::directory, data + ": " + survivor.error().detail +
                                          ". Try: leave it out, to go on without it"};
}

/// A founding that was interrupted leaves the new group's id with the old group's view. No member
/// of a group that is whole has one of another in its view while that has it in its own.
bool is_of_one_group(const Survivor& a, const Survivor& b) {
  return a.identity.group == b.identity.group ||
         (a.view.has_voter(b.identity.self) && b.view.has_voter(a.identity.self));
}

std::optional<Failure> check_one_group(const std::vector<Survivor>& survivors) {
  for (const Survivor& other : survivors) {
    if (!is_of_one_group(other, survivors.front()))
      return Failure{ExitCode::directory,
                     other.data + ": of another group, " + to_string(other.identity.group) +
                         ", than " + survivors.front().data + ", " +
                         to_string(survivors.front().identity.group) + "; give those of one"};
    if (&other != &survivors.front() && other.identity.self == survivors.front().identity.self)
      return Failure{ExitCode::usage, other.data + ": given twice"};
  }
  return std::nullopt;
}

std::optional<Failure> check_quorum_lost(const RecoveryPlan& plan) {
  const View& view = plan.picked().view;
  const std::size_t here = view.members.size() - plan.missing().size();
  if (here < quorum_of(view)) return std::nullopt;
  return Failure{ExitCode::directory,
                 std::to_string(here) + " of the " + std::to_string(view.members.size()) +
                     " members of view " + std::to_string(view.seq.value()) +
                     " are here, which is a quorum: start them with kvd run, and nothing is lost"};
}

/// A sound state with a shorter log, or a worse one with a longer log: nobody but the operator can
/// say which is the smaller loss.
std::optional<Failure> check_state(const RecoveryPlan& plan) {
  const Survivor& picked = plan.picked();
  const auto sound = std::ranges::find(plan.survivors, false, &Survivor::is_out_of_use);
  if (!picked.is_out_of_use || sound == plan.survivors.end()) return std::nullopt;
  std::string out_of_use;
  for (const Survivor& survivor : plan.survivors)
    if (survivor.is_out_of_use) out_of_use += " " + survivor.data;
  std::string sound_ones;
  for (const Survivor& survivor : plan.survivors)
    if (!survivor.is_out_of_use) sound_ones += " " + survivor.data;
  return Failure{ExitCode::directory,
                 "the log of " + picked.identity.name + " reaches furthest, to " +
                     to_string(picked.last) +
                     ", but its state is out of use: it differed from what a quorum had, or was "
                     "damaged. Choose: to begin with a sound state, leave out" +
                     out_of_use + "; to keep that log, with that state, leave out" + sound_ones};
}

using Row = std::vector<std::string>;

void print_table(const std::vector<Row>& rows, std::ostream& out) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      out << std::left << std::setw(static_cast<int>(widths[i]) + 2) << row[i];
    out << row.back() << '\n';
  }
}

Row row_of(const Survivor& survivor) {
  return {survivor.identity.name,
          to_string(survivor.identity.self),
          std::to_string(survivor.epoch.value()),
          to_string(survivor.last),
          std::to_string(survivor.applied.value()),
          survivor.is_out_of_use ? "out of use" : "sound",
          std::to_string(survivor.view.seq.value()),
          to_string(survivor.identity.group),
          survivor.data};
}

/// What has to be run for everybody else, who begins with nothing.
void say_how_others_join(const RecoveryPlan& plan, const std::string& at, std::ostream& out) {
  for (const Member& member : plan.picked().view.members) {
    if (member.id == plan.picked().identity.self) continue;
    out << "  kvd run --init --data NEW_DIRECTORY --name " << member.name << " --listen-client "
        << member.info << " --listen-peer " << member.peer_address << " --join " << at << '\n';
  }
}

}  // namespace

std::vector<std::string> RecoveryPlan::missing() const {
  std::vector<std::string> out;
  for (const Member& member : picked().view.members) {
    const bool is_here = std::ranges::any_of(
        survivors, [&](const Survivor& s) { return s.identity.self == member.id; });
    if (!is_here) out.push_back(member.name);
  }
  return out;
}

Index RecoveryPlan::committed() const {
  return std::ranges::max(survivors, {}, &Survivor::applied).applied;
}

std::variant<RecoveryPlan, Failure> plan_recovery(std::span<const std::string> directories) {
  RecoveryPlan plan;
  for (const std::string& data : directories) {
    auto survivor = find_survivor(data);
    if (auto* failure = std::get_if<Failure>(&survivor)) return *std::move(failure);
    plan.survivors.push_back(std::get<Survivor>(std::move(survivor)));
  }
  if (plan.survivors.empty())
    return Failure{ExitCode::usage,
                   "no directory. Try: kvd recover DIR..., with that of each member that is left"};
  if (auto failure = check_one_group(plan.survivors)) return *std::move(failure);
  const auto furthest = std::ranges::max_element(plan.survivors, {}, [](const Survivor& survivor) {
    return std::pair(survivor.last, !survivor.is_out_of_use);
  });
  plan.founder = static_cast<std::size_t>(furthest - plan.survivors.begin());
  if (auto failure = check_quorum_lost(plan)) return *std::move(failure);
  if (auto failure = check_state(plan)) return *std::move(failure);
  return plan;
}

void describe(const RecoveryPlan& plan, std::ostream& out) {
  const Survivor& picked = plan.picked();
  std::vector<Row> rows{
      {"name", "member", "epoch", "last", "applied", "state", "view", "group", "directory"}};
  for (const Survivor& survivor : plan.survivors) rows.push_back(row_of(survivor));
  print_table(rows, out);

  const std::string lost = joined_names(plan.missing());
  const std::uint64_t committed = plan.committed().value();
  const std::uint64_t last = picked.last.index.value();
  out << "\nView " << picked.view.seq.value() << " has the members "
      << joined_names(names_of(picked.view)) << "; a quorum is " << quorum_of(picked.view)
      << ". Missing here: " << lost << ".\nThe log of " << picked.identity.name
      << " reaches furthest, and the new group has it:\n";
  if (committed > 0)
    out << "  up to index " << committed << ": committed, since a member here has applied it\n";
  if (last > committed)
    out << "  from " << committed + 1 << " to " << last
        << ": perhaps committed and acknowledged, perhaps not; all of it is kept\n";
  if (picked.is_out_of_use)
    out << "  its state is out of use: it differed from what a quorum had, or was damaged; none\n"
           "  of those given is sound, and the new group goes on with it as it is\n";
  out << "  after " << last << ": lost. Only " << lost
      << " can have had more; that acknowledged writes were among it cannot be ruled out.\n"
      << picked.identity.name << " will be the only member of a new group. No member of group "
      << to_string(picked.identity.group) << " is let into that,\nand none of them may run again: "
      << "with the lost ones they could be a second group.\n";
}

std::optional<Failure> carry_out(const RecoveryPlan& plan, std::ostream& out) {
  const std::string& data = plan.picked().data;
  Command run;
  run.flags = {{"--data", data}};
  const auto settings = gather_settings(run, {});
  if (const auto* failure = std::get_if<Failure>(&settings)) return *failure;
  const auto founded = gms::found_anew(group_options(std::get<Settings>(settings)));
  if (!founded) return directory_failure(data, founded.error());

  gms::log::PosixFileSystem files;
  const auto found = gms::log::inspect(files, data, 0);
  if (!found) return directory_failure(data, found.error());
  const std::string at = newest_view(found->log.log).members.front().peer_address;
  out << founded->name << " is the only member of group " << to_string(founded->group)
      << " now. Start it:\n  kvd run --data " << data
      << "\nand then each other member, new and in an empty directory:\n";
  say_how_others_join(plan, at, out);
  for (const Survivor& survivor : plan.survivors)
    if (survivor.data != data)
      out << "Keep " << survivor.data << " for inspection; the new group refuses it.\n";
  return std::nullopt;
}

std::optional<Failure> recover_group(std::span<const std::string> directories,
                                     const Confirm& confirm, std::ostream& out) {
  const auto plan = plan_recovery(directories);
  if (const auto* failure = std::get_if<Failure>(&plan)) return *failure;
  describe(std::get<RecoveryPlan>(plan), out);
  if (!confirm())
    return Failure{ExitCode::usage,
                   "recover: not agreed to, and nothing was changed. Try: --yes, to agree"};
  return carry_out(std::get<RecoveryPlan>(plan), out);
}

}  // namespace kvstore::server
