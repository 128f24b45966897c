#include <algorithm>
#include <ctime>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/survey.hpp"
#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

namespace json = boost::json;
namespace api = kvstore::api;
using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::Member;
using gms::model::PlacedView;
using gms::model::View;

json::object to_json(const PlacedView& placed) {
  const View& view = placed.view;
  json::array voters;
  json::array up;
  for (const Member& member : members_by_name(view)) {
    voters.emplace_back(member.name);
    if (view.is_up(member.id)) up.emplace_back(member.name);
  }
  const Member* subject = view.find(view.subject);
  return {{"seq", to_json_number(view.seq.value())},
          {"voters", std::move(voters)},
          {"up", std::move(up)},
          {"position", to_string(placed.position)},
          {"cause", to_string(view.cause)},
          {"subject", subject != nullptr ? subject->name : to_string(view.subject)},
          {"floor", view.floor},
          {"voters_max", view.voters_max}};
}

json::object details(const api::StatusReply& status) {
  json::object counters;
  for (const api::Counter& counter : status.counters)
    counters[counter.name] = to_json_number(counter.value);
  json::array peers;
  for (const api::PeerReport& peer : status.peers)
    peers.push_back(json::object{{"name", peer.name},
                                 {"match", to_json_number(peer.match.value())},
                                 {"applied", to_json_number(peer.applied.value())},
                                 {"silence_ms", peer.silence.count()}});
  return {{"counters", std::move(counters)}, {"peers", std::move(peers)}};
}

json::object to_json(const MemberSurvey& member) {
  json::object object{{"name", member.member.name},   {"role", member.role()}, {"up", member.up},
                      {"client", member.member.info}, {"applied", nullptr},    {"digest", nullptr}};
  if (!member.status) {
    object["error"] = member.status.error().detail;
    return object;
  }
  const api::StatusReply& status = *member.status;
  object["applied"] = to_json_number(status.applied.value());
  object["digest"] = to_hex(status.digest.value());
  object["epoch"] = to_json_number(status.epoch.value());
  object["last"] = to_json_number(status.last.value());
  object["commit"] = to_json_number(status.commit.value());
  object["view_seq"] = to_json_number(status.view.view.seq.value());
  if (!status.refusing_writes.empty()) object["refusing_writes"] = status.refusing_writes;
  return object;
}

json::object to_json(const GroupSurvey& survey, Verbosity verbosity) {
  json::array members;
  for (const MemberSurvey& member : survey.members) {
    json::object object = to_json(member);
    if (verbosity == Verbosity::verbose && member.status)
      for (auto& detail : details(*member.status)) object[detail.key()] = detail.value();
    members.push_back(std::move(object));
  }
  return {
      {"leader", survey.leader}, {"view", to_json(survey.view)}, {"members", std::move(members)}};
}

Table to_table(const GroupSurvey& survey) {
  Table table{{"name", "role", "up", "applied", "digest", "lag", "client"}, {}};
  for (const MemberSurvey& member : survey.members) {
    std::vector<Cell> row{member.member.name, member.role(), member.up};
    if (member.status) {
      const std::uint64_t applied = member.status->applied.value();
      const std::uint64_t lag = survey.commit.value() - std::min(applied, survey.commit.value());
      row.insert(row.end(),
                 {Cell(applied), Cell(to_hex(member.status->digest.value())), Cell(lag)});
    } else {
      row.insert(row.end(),
                 {Cell(std::string("-")), Cell(std::string("-")), Cell(std::string("-"))});
    }
    row.emplace_back(member.member.info);
    table.rows.push_back(std::move(row));
  }
  return table;
}

void print_details(Context& context, const GroupSurvey& survey) {
  Table table{{"member", "figure", "value"}, {}};
  for (const MemberSurvey& member : survey.members) {
    if (!member.status) continue;
    for (const api::PeerReport& peer : member.status->peers) {
      table.rows.push_back(
          {member.member.name, "peer." + peer.name + ".match", peer.match.value()});
      table.rows.push_back({member.member.name, "peer." + peer.name + ".silence_ms",
                            static_cast<std::uint64_t>(peer.silence.count())});
    }
    for (const api::Counter& counter : member.status->counters)
      table.rows.push_back({member.member.name, counter.name, counter.value});
  }
  context.printer().print(table, "figures");
}

Result<ExitCode> run_status(Context& context) {
  const auto survey = survey_group(context.client());
  if (!survey) return survey.error();
  Printer& printer = context.printer();
  if (printer.is_json()) {
    printer.print(to_json(*survey, context.settings().verbosity));
    return ExitCode::done;
  }
  const View& view = survey->view.view;
  if (printer.format() == Format::table)
    printer.stream() << "leader " << (survey->leader.empty() ? "none" : survey->leader) << ", view "
                     << view.seq.value() << ", " << view.up.size() << " of " << view.members.size()
                     << " up\n";
  printer.print(to_table(*survey), "members");
  for (const MemberSurvey& member : survey->members) {
    if (!member.status)
      context.note(member.member.name + ": " + member.status.error().detail);
    else if (!member.status->refusing_writes.empty())
      context.note(member.member.name + " refuses writes: " + member.status->refusing_writes);
  }
  if (context.verbose()) print_details(context, *survey);
  return ExitCode::done;
}

Result<ExitCode> run_view_show(Context& context) {
  const auto survey = survey_group(context.client());
  if (!survey) return survey.error();
  Printer& printer = context.printer();
  if (printer.is_json()) {
    printer.print(to_json(survey->view));
    return ExitCode::done;
  }
  const View& view = survey->view.view;
  if (printer.format() == Format::table) {
    const Member* subject = view.find(view.subject);
    printer.stream() << "view " << view.seq.value() << " at " << to_string(survey->view.position)
                     << ", cause " << to_string(view.cause)
                     << (subject != nullptr ? " of " + subject->name : "") << '\n';
  }
  Table table{{"name", "up", "client", "peer"}, {}};
  for (const Member& member : members_by_name(view))
    table.rows.push_back({member.name, view.is_up(member.id), member.info, member.peer_address});
  printer.print(table, "members");
  return ExitCode::done;
}

Result<ExitCode> run_member_list(Context& context) {
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

Result<ExitCode> run_member_leave(Context& context) {
  const std::string name = context.arguments().text("NAME");
  // One that has left may answer for itself, with a view that the others are done with.
  const auto before = survey_group(context.client());
  if (!before) return before.error();
  if (before->view.view.find_name(name) == nullptr)
    return Error{ErrorCode::not_found, "there is no member " + name + " in the view"};
  const auto done = context.client().admin({api::AdminAction::leave, name});
  if (!done) {
    // The member that was asked may be the one that left.
    const auto after = survey_group(context.client());
    if (!after || after->view.view.find_name(name) != nullptr) return done.error();
  }
  context.note(name + " has left the group");
  return ExitCode::done;
}

std::string time_text(std::uint64_t at_ms) {
  const auto seconds = static_cast<std::time_t>(at_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const std::string fraction = std::to_string(1000 + at_ms % 1000).substr(1);
  return std::string(text, length) + "." + fraction + "Z";
}

Result<ExitCode> run_events(Context& context) {
  const auto members = context.client().members();
  if (!members) return members.error();
  struct Event {
    std::string member;
    api::EventReport report;
  };
  std::vector<Event> events;
  const auto only = context.arguments().find("member");
  for (const Member& member : members_by_name(members->view.view)) {
    if (only && *only != member.name) continue;
    auto reply = context.client().events(member.info, api::EventSeq());
    if (reply)
      for (api::EventReport& report : reply->events) events.push_back({member.name, report});
    else
      context.note(member.name + ": " + reply.error().detail);
  }
  std::ranges::stable_sort(events, {}, [](const Event& event) { return event.report.at_ms; });
  Table table{{"time", "member", "event", "text"}, {}};
  for (const Event& event : events)
    table.rows.push_back(
        {time_text(event.report.at_ms), event.member, event.report.kind, event.report.text});
  context.printer().print(table, "events");
  return ExitCode::done;
}

}  // namespace

std::vector<Command> group_commands() {
  return {
      {"status",
       "Show the leader, the view and how every member is doing; -v for the figures",
       Effect::reads,
       {},
       {},
       run_status},
      {"member list", "Show the members of the view", Effect::reads, {}, {}, run_member_list},
      {"member leave",
       "Make a member leave the group",
       Effect::writes,
       {{"NAME", "The member's name"}},
       {},
       run_member_leave},
      {"view show",
       "Show the view: its members, who is up, and why it was made",
       Effect::reads,
       {},
       {},
       run_view_show},
      {"events",
       "Show what happened to the members lately",
       Effect::reads,
       {},
       {{"--member", OptionKind::text, "Only this member's", ""}},
       run_events},
  };
}

}  // namespace kvctl
