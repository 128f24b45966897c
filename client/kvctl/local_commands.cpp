#include <signal.h>

#include <fstream>
#include <iostream>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/local_cluster.hpp"
#include "client/kvctl/membership.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::Member;
using gms::model::MemberId;
using gms::model::View;
using std::chrono::milliseconds;

constexpr std::size_t kMembersMax = 9;
/// A restart may have a log to replay.
constexpr milliseconds kUpTimeMax{60'000};

LocalCluster cluster_of(const Context& context) {
  return LocalCluster(context.settings().directory);
}

milliseconds time_max(const Context& context) {
  return context.settings().timeout.value_or(kUpTimeMax);
}

/// The members that NAME names: one, `leader`, or `all`.
Result<std::vector<LocalMember>> named(const Context& context) {
  const LocalCluster cluster = cluster_of(context);
  std::string name = context.arguments().text("NAME");
  if (name == "all") {
    auto members = cluster.members();
    if (members.empty()) return cluster.no_cluster();
    return members;
  }
  if (name == "leader") {
    const auto leader = cluster.leader();
    if (!leader) return leader.error();
    name = *leader;
  }
  const auto member = cluster.find(name);
  if (!member) return member.error();
  return std::vector<LocalMember>{*member};
}

std::string state_of(const LocalMember& member) {
  const auto process = process_of(member);
  if (!process) return "stopped";
  return is_paused(*process) ? "paused" : "running";
}

void print_members(Context& context, const std::vector<LocalMember>& members) {
  Table table{{"name", "state", "pid", "client", "peer"}, {}};
  for (const LocalMember& member : members) {
    const auto process = process_of(member);
    const auto pid = process ? static_cast<std::uint64_t>(process->pid) : 0;
    table.rows.push_back(
        {member.name, state_of(member), pid, member.client_address, member.peer_address});
  }
  context.printer().print(table, "members");
}

Result<ExitCode> run_up(Context& context) {
  const std::string text = context.arguments().find("N").value_or("3");
  const auto count = parse_number(text);
  if (!count || *count == 0 || *count > kMembersMax)
    return Error{ErrorCode::invalid_argument, "N is 1 to 9, not '" + text + "'"};
  LocalCluster cluster = cluster_of(context);
  if (auto started = cluster.start(*count, context.settings().base_port); !started)
    return started.error();
  const auto members = cluster.members();
  if (auto up = cluster.wait_until_up(members, time_max(context)); !up) return up.error();
  if (!context.quiet()) print_members(context, members);
  return ExitCode::done;
}

Result<ExitCode> run_down(Context& context) {
  LocalCluster cluster = cluster_of(context);
  if (cluster.members().empty()) return cluster.no_cluster();
  for (const LocalMember& member : cluster.members())
    if (const auto process = process_of(member)) {
      if (is_paused(*process)) (void)send_signal(*process, SIGCONT);
      (void)send_signal(*process, SIGTERM);
    }
  for (const LocalMember& member : cluster.members())
    if (auto stopped = cluster.stop(member); !stopped) return stopped.error();
  return ExitCode::done;
}

Result<ExitCode> run_status(Context& context) {
  const auto members = cluster_of(context).members();
  if (members.empty()) return cluster_of(context).no_cluster();
  print_members(context, members);
  return ExitCode::done;
}

Result<ExitCode> send(Context& context, int signal, const char* done) {
  const auto members = named(context);
  if (!members) return members.error();
  LocalCluster cluster = cluster_of(context);
  std::size_t reached = 0;
  for (const LocalMember& member : *members) {
    const auto sent = cluster.signal(member, signal);
    // Of all members, those that run are meant.
    const bool skipped = !sent && sent.error().code == ErrorCode::not_found && members->size() > 1;
    if (!sent && !skipped) return sent.error();
    if (sent) ++reached;
    context.note(member.name + " " + (sent ? done : "does not run"));
  }
  if (reached == 0) return Error{ErrorCode::not_found, "no member runs. Try: kvctl local up"};
  return ExitCode::done;
}

Result<ExitCode> run_kill(Context& context) {
  return send(context, SIGKILL, "is killed");
}
Result<ExitCode> run_pause(Context& context) {
  return send(context, SIGSTOP, "is paused");
}
Result<ExitCode> run_resume(Context& context) {
  return send(context, SIGCONT, "goes on");
}

Result<ExitCode> run_restart(Context& context) {
  const auto members = named(context);
  if (!members) return members.error();
  LocalCluster cluster = cluster_of(context);
  for (const LocalMember& member : *members)
    if (auto stopped = cluster.stop(member); !stopped) return stopped.error();
  for (const LocalMember& member : *members)
    if (auto started = cluster.start(member); !started) return started.error();
  if (auto up = cluster.wait_until_up(*members, time_max(context)); !up) return up.error();
  for (const LocalMember& member : *members) context.note(member.name + " is up");
  return ExitCode::done;
}

Result<ExitCode> run_add(Context& context) {
  LocalCluster cluster = cluster_of(context);
  const auto added = cluster.add();
  if (!added) return added.error();
  context.note(added->name + " is started; waiting until it is up");
  if (auto up = cluster.wait_until_up({*added}, time_max(context)); !up) {
    if (up.error().code != ErrorCode::timed_out) return up.error();
    return Error{ErrorCode::timed_out,
                 added->name +
                     " was started and goes on: it is up once a quorum lets it join, "
                     "which it has not so far. Try: kvctl status, or kvctl local remove " +
                     added->name};
  }
  if (!context.quiet()) print_members(context, {*added});
  return ExitCode::done;
}

/// The one member that NAME names.
Result<LocalMember> one_named(const Context& context) {
  const auto members = named(context);
  if (!members) return members.error();
  if (context.arguments().text("NAME") == "all")
    return Error{ErrorCode::invalid_argument, "one member at a time"};
  return members->front();
}

/// The refusal of what can be asked about by `kvctl member … --explain`.
Error refused(const Error& error, const LocalMember& member, Change change) {
  return {error.code, error.detail + ". Nothing was done. Try: kvctl member " +
                          std::string(to_string(change)) + " " + member.name + " --explain"};
}

Result<ExitCode> run_remove(Context& context) {
  const auto member = one_named(context);
  if (!member) return member.error();
  LocalCluster cluster = cluster_of(context);
  client::Client client(cluster.client_options());
  const auto survey = survey_group(client);
  if (!survey) return survey.error();
  if (const auto* voter = survey->view.view.find_name(member->name); voter != nullptr) {
    const auto explained = explain(facts_of(*survey), {Change::leave, voter->id, {}});
    if (explained.refusal) return refused(*explained.refusal, *member, Change::leave);
    if (auto left = leave(client, member->name); !left) return left.error();
  }
  if (auto stopped = cluster.stop(*member); !stopped) return stopped.error();
  if (auto removed = cluster.remove(*member); !removed) return removed.error();
  context.note(member->name + " has left the group, and its directory is removed");
  return ExitCode::done;
}

/// Waits until a member of that name that is not `old` is up, and `old` is no voter any more.
Result<MemberId> wait_for_successor(client::Client& client, const LocalMember& member,
                                    const MemberId& old, milliseconds limit) {
  MemberId successor;
  const auto waited = wait_until(client, limit, [&](const GroupSurvey& survey) -> Result<bool> {
    if (!process_of(member))
      return Error{ErrorCode::io, member.name + " has ended. Try: kvctl local logs " + member.name};
    const View& view = survey.view.view;
    const Member* found = view.find_name(member.name);
    if (found == nullptr || found->id == old || !view.is_up(found->id)) return false;
    successor = found->id;
    return !view.has_voter(old);
  });
  if (waited) return successor;
  if (waited.error().code != ErrorCode::timed_out) return waited.error();
  return Error{ErrorCode::timed_out, member.name + " is not up again: " + waited.error().detail +
                                         ". Try: kvctl local logs " + member.name};
}

Result<ExitCode> run_replace(Context& context) {
  const auto member = one_named(context);
  if (!member) return member.error();
  LocalCluster cluster = cluster_of(context);
  client::Client client(cluster.client_options());
  const auto begun = client::Clock::now();
  const auto survey = survey_group(client);
  if (!survey) return survey.error();
  MemberId old;
  if (const auto* voter = survey->view.view.find_name(member->name); voter != nullptr) {
    // The data are removed: the others have to do without them.
    old = voter->id;
    const GroupFacts facts = without(facts_of(*survey), old);
    const auto explained = explain(facts, {Change::replace, old, {}});
    if (explained.refusal) return refused(*explained.refusal, *member, Change::replace);
  }
  if (auto stopped = cluster.stop(*member); !stopped) return stopped.error();
  if (auto wiped = cluster.wipe(*member); !wiped) return wiped.error();
  if (auto started = cluster.start(*member); !started) return started.error();
  const auto successor = wait_for_successor(client, *member, old, time_max(context));
  if (!successor) return successor.error();
  const auto took = std::chrono::duration_cast<milliseconds>(client::Clock::now() - begun);
  context.printer().print_one(
      {{"name", "member", "took_ms"},
       {{member->name, to_string(*successor), static_cast<std::uint64_t>(took.count())}}});
  return ExitCode::done;
}

Result<ExitCode> run_logs(Context& context) {
  const auto members = named(context);
  if (!members) return members.error();
  for (const LocalMember& member : *members) {
    std::ifstream in(member.log());
    if (!in) return Error{ErrorCode::io, "cannot open " + member.log().string()};
    for (std::string line; std::getline(in, line);)
      std::cout << (members->size() > 1 ? member.name + ": " : "") << line << '\n';
  }
  return ExitCode::done;
}

Result<ExitCode> run_destroy(Context& context) {
  if (auto stopped = run_down(context); !stopped) return stopped.error();
  const LocalCluster cluster = cluster_of(context);
  for (const LocalMember& member : cluster.members())
    if (auto removed = cluster.remove(member); !removed) return removed.error();
  // What is not this cluster's stays.
  std::error_code error;
  std::filesystem::remove(context.settings().directory, error);
  return ExitCode::done;
}

Command local(std::string_view name, std::string_view help, std::vector<Operand> operands,
              Result<ExitCode> (*run)(Context&)) {
  return {name, help, Effect::manages, std::move(operands), {}, run, Scope::this_machine};
}

}  // namespace

std::vector<Command> local_commands() {
  const Operand name{"NAME", "A member's name, leader, or all"};
  const Operand one{"NAME", "A member's name, or leader"};
  return {
      local("local up", "Make N members run here, and wait until all are up in one view",
            {{"N", "How many (3)", Presence::optional}}, run_up),
      local("local down", "Stop all members; their data stays", {}, run_down),
      local("local status", "Show the members and their processes", {}, run_status),
      local("local kill", "Kill a member, as a crash would", {name}, run_kill),
      local("local pause", "Stop a member without its noticing", {name}, run_pause),
      local("local resume", "Let a paused member go on", {name}, run_resume),
      local("local restart", "Stop a member if it runs, start it, and wait until it is up", {name},
            run_restart),
      local("local add", "Start one more member", {}, run_add),
      local("local remove", "Make a member leave the group, stop it and remove its directory",
            {one}, run_remove),
      local(
          "local replace",
          "Put a new member, with an empty directory, in a member's place, and wait until it is up",
          {one}, run_replace),
      local("local logs", "Print what a member has said", {name}, run_logs),
      local("local destroy", "Stop all members and remove their data", {}, run_destroy),
  };
}

}  // namespace kvctl
