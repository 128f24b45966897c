#include <algorithm>

#include "client/address.hpp"
#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/membership.hpp"
#include "client/kvctl/text.hpp"
#include "kvstore/api/member_name.hpp"

namespace kvctl {
namespace {

namespace json = boost::json;
namespace api = kvstore::api;
using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::Duration;
using gms::model::Member;
using gms::model::MemberId;
using gms::model::View;
using std::chrono::milliseconds;

constexpr milliseconds kWaitTimeMax{60'000};
/// While a wait goes on, a member that does not answer is asked again, or another one.
constexpr milliseconds kWaitPatience{1000};
/// Longer than it takes to notice that a member is silent.
constexpr milliseconds kGoneTimeMax{5000};

/// What the arguments want of whom.
struct Wish {
  GroupSurvey survey;
  Member member;
  Plan plan;
};

Result<Wish> wish_of(Context& context, Change change, Duration ttl = {}) {
  // One that has left may answer for itself, with a view that the others are done with.
  // The change itself has to have some of the time, too.
  const milliseconds patience = std::min(kSurveyPatience, context.time_left() / 2);
  auto survey = survey_group(context.client(), patience);
  if (!survey) return survey.error();
  const auto member = member_of(survey->view.view, context.arguments().text("NAME"));
  if (!member) return member.error();
  return Wish{*std::move(survey), *member, {change, member->id, ttl}};
}

/// The refusal with what to type for more.
Error refused(Error error, const Wish& wish) {
  if (error.code == ErrorCode::conflict)
    error.detail += ". Try: kvctl member " + std::string(to_string(wish.plan.change)) + " " +
                    wish.member.name + " --explain";
  return error;
}

// ---- explaining

json::object to_json(const Strength& strength) {
  return {{"voters", strength.voters},
          {"quorum", strength.quorum()},
          {"up", strength.up},
          {"survives", strength.survives()}};
}

void print(Context& context, const Wish& wish, const Explanation& explained) {
  Printer& printer = context.printer();
  const std::string reason = explained.refusal ? explained.refusal->detail : "";
  if (printer.is_json())
    return printer.print(json::object{{"change", std::string(to_string(wish.plan.change))},
                                      {"member", wish.member.name},
                                      {"leader", wish.survey.leader},
                                      {"before", to_json(explained.before)},
                                      {"after", to_json(explained.after)},
                                      {"refused", explained.refusal.has_value()},
                                      {"reason", reason}});
  Table table{{"when", "voters", "quorum", "up", "survives"}, {}};
  for (const auto& [when, strength] :
       {std::pair("before", explained.before), std::pair("after", explained.after)})
    table.rows.push_back(
        {std::string(when), strength.voters, strength.quorum(), strength.up, strength.survives()});
  printer.print(table, "strength");
  const bool is_table = printer.format() == Format::table;
  if (explained.refusal)
    printer.stream() << (is_table ? "it would be refused: " : "refused\t") << reason << '\n';
  else
    printer.stream() << (is_table ? "it would be done\n" : "done\n");
}

/// Ends as the command itself would.
ExitCode explain_to(Context& context, const Wish& wish) {
  const Explanation explained = explain(facts_of(wish.survey), wish.plan);
  print(context, wish, explained);
  return explained.refusal ? exit_code_of(explained.refusal->code) : ExitCode::done;
}

// ---- what the group does

Result<ExitCode> ask(Context& context, const Wish& wish, api::AdminAction action,
                     const std::string& done_text) {
  if (context.arguments().has("explain")) return explain_to(context, wish);
  const auto done = context.client().admin({action, wish.member.name, wish.plan.ttl});
  if (!done) return refused(done.error(), wish);
  context.note(wish.member.name + done_text);
  return ExitCode::done;
}

Result<ExitCode> run_leave(Context& context) {
  const auto wish = wish_of(context, Change::leave);
  if (!wish) return wish.error();
  if (context.arguments().has("explain")) return explain_to(context, *wish);
  const auto done = leave(context.client(), wish->member.name);
  if (!done) return refused(done.error(), *wish);
  context.note(wish->member.name + " has left the group");
  return ExitCode::done;
}

Result<ExitCode> run_evict(Context& context) {
  const auto wish = wish_of(context, Change::evict);
  if (!wish) return wish.error();
  return ask(context, *wish, api::AdminAction::evict,
             " is evicted; if it runs it comes back by itself");
}

Result<ExitCode> run_transfer(Context& context) {
  const auto wish = wish_of(context, Change::transfer);
  if (!wish) return wish.error();
  return ask(context, *wish, api::AdminAction::transfer, " leads");
}

Result<ExitCode> run_maintenance(Context& context) {
  const Arguments& arguments = context.arguments();
  const bool ends = arguments.has("end");
  if (ends == arguments.has("for"))
    return Error{ErrorCode::invalid_argument,
                 "it takes either --for TIME or --end. Try: kvctl member maintenance --help"};
  const Duration ttl = ends ? Duration::zero() : Duration(arguments.duration("for"));
  if (!ends && ttl == Duration::zero())
    return Error{ErrorCode::invalid_argument, "--for takes more than no time"};
  const auto wish = wish_of(context, Change::maintenance, ttl);
  if (!wish) return wish.error();
  return ask(context, *wish, api::AdminAction::maintenance,
             ends ? " is not in maintenance any more"
                  : " is not evicted for " + arguments.text("for") + " at least");
}

// ---- waiting

/// A client whose questions to silent members end soon, and all by the end of the wait.
client::Options waiting_options(const Context& context, milliseconds time_max) {
  client::Options options = context.client_options();
  options.deadline = std::min(options.deadline, kWaitPatience);
  options.ends_by = client::Clock::now() + time_max;
  return options;
}

/// What the command line says, less what the command has taken already; else what suits a wait.
milliseconds wait_time_max(Context& context, milliseconds usual) {
  return context.settings().timeout ? context.time_left() : usual;
}

std::string state_of(const View& view, const std::string& name) {
  const Member* found = view.find_name(name);
  if (found == nullptr) return "gone";
  return view.is_up(found->id) ? "up" : "down";
}

Result<ExitCode> run_wait(Context& context) {
  const Arguments& arguments = context.arguments();
  std::string wanted;
  for (const char* state : {"up", "down", "gone"}) {
    if (!arguments.has(state)) continue;
    if (!wanted.empty())
      return Error{ErrorCode::invalid_argument, "--" + wanted + " and --" + state + " contradict"};
    wanted = state;
  }
  if (wanted.empty()) wanted = "up";
  const std::string name = arguments.text("NAME");
  std::string found;
  const milliseconds time_max = wait_time_max(context, kWaitTimeMax);
  client::Client client(waiting_options(context, time_max));
  const auto waited = wait_until(client, time_max, [&](const GroupSurvey& survey) {
    found = state_of(survey.view.view, name);
    // Who is gone is not up either.
    return found == wanted || (wanted == "down" && found == "gone");
  });
  if (!waited)
    return Error{waited.error().code, "it is not " + wanted + ": " + waited.error().detail};
  context.note(name + " is " + found);
  return ExitCode::done;
}

/// Waits until a member of that name is up that is none of `old`, and those are gone.
Result<ExitCode> wait_for_new(Context& context, const std::string& name, const MemberId& old) {
  const milliseconds time_max = wait_time_max(context, kWaitTimeMax);
  client::Client client(waiting_options(context, time_max));
  const auto waited = wait_until(client, time_max, [&](const GroupSurvey& survey) {
    const View& view = survey.view.view;
    const Member* found = view.find_name(name);
    return found != nullptr && found->id != old && view.is_up(found->id) && !view.has_voter(old);
  });
  if (!waited) return Error{waited.error().code, "it is not up: " + waited.error().detail};
  context.note(name + " is up");
  return ExitCode::done;
}

// ---- new members

bool is_loopback(const std::string& address) {
  return address.starts_with("127.");
}

/// What makes and starts a member of that name that joins this group.
std::string start_command(const Arguments& arguments, const std::string& name, const View& view) {
  const std::string client = arguments.text("client");
  const std::string peer = arguments.text("peer");
  std::string join;
  bool is_open = !is_loopback(client) || !is_loopback(peer);
  for (const Member& member : members_by_name(view)) {
    if (member.name == name || !view.is_up(member.id)) continue;
    join += (join.empty() ? "" : ",") + member.peer_address;
    is_open = is_open || !is_loopback(member.peer_address);
  }
  return "kvd run --init" + std::string(is_open ? " --insecure" : "") + " --data " +
         arguments.text("data") + " --name " + name + " --listen-client " + client +
         " --listen-peer " + peer + " --join " + join;
}

/// What start_options() say of addresses.
Result<void> check_start(const Arguments& arguments) {
  for (const char* const option : {"client", "peer"})
    if (const auto given = arguments.find(option))
      if (auto checked = client::check_address(*given); !checked) return checked;
  return {};
}

void print_command(Context& context, const std::string& name, const View& view) {
  const std::string command = start_command(context.arguments(), name, view);
  Printer& printer = context.printer();
  if (printer.is_json())
    printer.print(json::object{{"member", name}, {"command", command}});
  else
    printer.stream() << command << '\n';
  printer.stream().flush();
}

Result<ExitCode> run_add(Context& context) {
  const std::string name = context.arguments().text("NAME");
  if (!kvstore::api::is_member_name(name))
    return Error{ErrorCode::invalid_argument, std::string(kvstore::api::kMemberNameRule)};
  if (auto checked = check_start(context.arguments()); !checked) return checked.error();
  const auto survey = survey_group(context.client());
  if (!survey) return survey.error();
  const View& view = survey->view.view;
  if (auto error = why_not_add(facts_of(*survey), name)) {
    if (view.find_name(name) != nullptr) error->detail += ". Try: kvctl member replace " + name;
    return *error;
  }
  const Strength after{view.members.size() + 1, view.up.size() + 1};
  context.note("with " + name + " there are " + std::to_string(after.voters) +
               " voters with a quorum of " + std::to_string(after.quorum()) +
               "; the group then survives " + std::to_string(after.survives()) +
               (after.survives() == 1 ? " crash" : " crashes") + " at once. On its machine:");
  print_command(context, name, view);
  if (!context.arguments().has("wait")) return ExitCode::done;
  return wait_for_new(context, name, {});
}

/// Waits for the mark of a member that does not answer, which may be a matter of seconds.
Result<Wish> once_marked_down(Context& context, Wish wish) {
  const auto& members = wish.survey.members;
  const auto own = std::ranges::find(members, wish.member.id,
                                     [](const MemberSurvey& one) { return one.member.id; });
  const bool answers = own != members.end() && own->status;
  if (answers || !wish.survey.view.view.is_up(wish.member.id)) return wish;
  const milliseconds time_max = std::min(wait_time_max(context, kGoneTimeMax), kGoneTimeMax);
  client::Client client(waiting_options(context, time_max));
  const auto waited = wait_until(client, time_max, [&](const GroupSurvey& survey) {
    wish.survey = survey;
    return !survey.view.view.is_up(wish.member.id);
  });
  if (!waited && waited.error().code != ErrorCode::timed_out) return waited.error();
  return wish;
}

Result<ExitCode> run_replace(Context& context) {
  auto wish = wish_of(context, Change::replace);
  if (!wish) return wish.error();
  if (context.arguments().has("explain")) return explain_to(context, *wish);
  wish = once_marked_down(context, *std::move(wish));
  if (!wish) return wish.error();
  const Explanation explained = explain(facts_of(wish->survey), wish->plan);
  if (explained.refusal) return refused(*explained.refusal, *wish);
  context.note(wish->member.name +
               " is down; a member of its name takes its place. On the new machine, or in an empty "
               "directory:");
  print_command(context, wish->member.name, wish->survey.view.view);
  if (!context.arguments().has("wait")) return ExitCode::done;
  return wait_for_new(context, wish->member.name, wish->member.id);
}

Result<ExitCode> run_list(Context& context) {
  const auto survey = survey_group(context.client());
  if (!survey) return survey.error();
  const View& view = survey->view.view;
  Table table{{"name", "leader", "up", "client", "peer", "id"}, {}};
  for (const Member& member : members_by_name(view))
    table.rows.push_back({member.name, member.name == survey->leader, view.is_up(member.id),
                          member.info, member.peer_address, to_string(member.id)});
  context.printer().print(table, "members");
  return ExitCode::done;
}

constexpr Option kExplain{"--explain", OptionKind::flag,
                          "Only say what it would do to the group, and whether it would be refused",
                          ""};

/// Of a new member, to be written into what is printed.
std::vector<Option> start_options() {
  return {{"--client", OptionKind::text, "Where it will listen for clients", "HOST:7400"},
          {"--peer", OptionKind::text, "Where it will listen for members", "HOST:7500"},
          {"--data", OptionKind::text, "Its data directory", "DIRECTORY"},
          {"--wait", OptionKind::flag, "Wait until it is up (--timeout, 60s)", ""}};
}

}  // namespace

std::vector<Command> member_commands() {
  const std::vector<Operand> name{{"NAME", "The member's name"}};
  std::vector<Option> replace_options = start_options();
  replace_options.push_back(kExplain);
  return {
      {"member list", "Show the members of the view", Effect::reads, {}, {}, run_list},
      {"member add", "Say what to run to add a member", Effect::reads, name, start_options(),
       run_add},
      {"member replace", "Say what to run to put a new member in a dead one's place", Effect::reads,
       name, replace_options, run_replace},
      {"member leave",
       "Make a member leave the group for good",
       Effect::writes,
       name,
       {kExplain},
       run_leave},
      {"member evict",
       "Take a voter out of the group until it comes back by itself",
       Effect::writes,
       name,
       {kExplain},
       run_evict},
      {"member maintenance",
       "Keep a member from being evicted while it is worked on",
       Effect::writes,
       name,
       {{"--for", OptionKind::duration, "For this time, such as 10m", ""},
        {"--end", OptionKind::flag, "End it now", ""},
        kExplain},
       run_maintenance},
      {"member transfer",
       "Hand leadership over to a member",
       Effect::writes,
       name,
       {kExplain},
       run_transfer},
      {"member wait",
       "Wait until the view has a member up (--timeout, 60s)",
       Effect::reads,
       name,
       {{"--up", OptionKind::flag, "Until it is marked up, which is the default", ""},
        {"--down", OptionKind::flag, "Until it is not up", ""},
        {"--gone", OptionKind::flag, "Until it is not in the view", ""}},
       run_wait},
  };
}

}  // namespace kvctl
