#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/membership.hpp"
#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

namespace json = boost::json;
namespace api = kvstore::api;
using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::GroupClock;
using gms::model::Member;
using gms::model::PlacedView;
using gms::model::View;
using gms::model::ViewSeq;

json::object to_json(const PlacedView& placed, GroupClock clock) {
  const View& view = placed.view;
  json::array voters;
  json::array up;
  json::array maintenance;
  for (const Member& member : members_by_name(view)) {
    voters.emplace_back(member.name);
    if (view.is_up(member.id)) up.emplace_back(member.name);
    if (view.in_maintenance(member.id, clock)) maintenance.emplace_back(member.name);
  }
  const Member* subject = view.find(view.subject);
  return {{"seq", to_json_number(view.seq.value())},
          {"voters", std::move(voters)},
          {"up", std::move(up)},
          {"maintenance", std::move(maintenance)},
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
  for (const api::PeerReport& peer : status.peers) {
    json::object object{{"name", peer.name},
                        {"match", to_json_number(peer.match.value())},
                        {"applied", to_json_number(peer.applied.value())},
                        {"silence_ms", peer.silence.count()},
                        {"diverged", peer.diverged},
                        {"disputed", peer.disputed},
                        {"takes_entries", peer.takes_entries},
                        {"keeps_state", peer.keeps_state}};
    if (peer.snapshot_bytes) object["snapshot_bytes"] = to_json_number(*peer.snapshot_bytes);
    peers.push_back(std::move(object));
  }
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
  object["diverged"] = status.diverged;
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
  return {{"leader", survey.leader},
          {"view", to_json(survey.view, survey.clock)},
          {"members", std::move(members)}};
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
      if (peer.snapshot_bytes)
        table.rows.push_back(
            {member.member.name, "peer." + peer.name + ".snapshot_bytes", *peer.snapshot_bytes});
    }
    for (const api::Counter& counter : member.status->counters)
      table.rows.push_back({member.member.name, counter.name, counter.value});
  }
  context.printer().print(table, "figures");
}

void note_trouble(Context& context, const MemberSurvey& member) {
  const std::string& name = member.member.name;
  if (!member.status) return context.note(name + ": " + member.status.error().detail);
  const api::StatusReply& status = *member.status;
  if (!status.refusing_writes.empty())
    context.note(name + " refuses writes: " + status.refusing_writes);
  if (status.diverged)
    context.note(name +
                 " has a state that is damaged or has diverged: it serves nothing until it has "
                 "another member's, which it fetches by itself");
  for (const api::PeerReport& peer : status.peers)
    if (peer.disputed)
      context.note(peer.name + " and the leader " + name +
                   " have diverged, and no majority agrees on either: see kvctl verify --deep");
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
  for (const MemberSurvey& member : survey->members) note_trouble(context, member);
  if (context.verbose()) print_details(context, *survey);
  return ExitCode::done;
}

Result<ExitCode> run_view_show(Context& context) {
  const auto survey = survey_group(context.client());
  if (!survey) return survey.error();
  Printer& printer = context.printer();
  if (printer.is_json()) {
    printer.print(to_json(survey->view, survey->clock));
    return ExitCode::done;
  }
  const View& view = survey->view.view;
  if (printer.format() == Format::table) {
    const Member* subject = view.find(view.subject);
    printer.stream() << "view " << view.seq.value() << " at " << to_string(survey->view.position)
                     << ", cause " << to_string(view.cause)
                     << (subject != nullptr ? " of " + subject->name : "") << '\n';
  }
  Table table{{"name", "up", "client", "peer", "maintenance"}, {}};
  for (const Member& member : members_by_name(view))
    table.rows.push_back({member.name, view.is_up(member.id), member.info, member.peer_address,
                          view.in_maintenance(member.id, survey->clock)});
  printer.print(table, "members");
  return ExitCode::done;
}

/// What the members that answer remember of the group's views, each view once. A reason that one of
/// them knows is the view's.
Result<std::map<ViewSeq, api::ViewReport>> remembered_views(client::Client& client) {
  const auto known = client.members();
  if (!known) return known.error();
  std::vector<std::future<Result<api::ViewsReply>>> answers;
  for (const Member& member : known->view.view.members)
    answers.push_back(client.views(member.info, boost::asio::use_future));
  std::map<ViewSeq, api::ViewReport> views;
  for (auto& answer : answers) {
    auto reply = answer.get();
    if (!reply) continue;
    for (api::ViewReport& report : reply->views) {
      const ViewSeq seq = report.view.view.seq;
      api::ViewReport& kept = views.try_emplace(seq, report).first->second;
      if (kept.reason == api::ViewReason::unknown) kept.reason = report.reason;
      if (kept.at_ms == 0 || (report.at_ms != 0 && report.at_ms < kept.at_ms))
        kept.at_ms = report.at_ms;
      // Who was evicted has a name only where the view before is known.
      if (kept.subject == to_string(kept.view.view.subject)) kept.subject = report.subject;
    }
  }
  if (views.empty()) return Error{ErrorCode::unavailable, "no member tells its views"};
  return views;
}

std::string reason_text(const api::ViewReport& report) {
  return report.reason == api::ViewReason::unknown ? "" : std::string(to_string(report.reason));
}

Result<ExitCode> run_view_history(Context& context) {
  const auto views = remembered_views(context.client());
  if (!views) return views.error();
  Printer& printer = context.printer();
  if (printer.is_json()) {
    json::array all;
    for (const auto& [seq, report] : *views) {
      json::object object = to_json(report.view, {});
      object["subject"] = report.subject;
      object["reason"] = reason_text(report);
      object["time"] = report.at_ms == 0 ? "" : time_text(report.at_ms);
      if (printer.format() == Format::jsonl)
        printer.print(object);
      else
        all.push_back(std::move(object));
    }
    if (printer.format() == Format::json) printer.print(json::object{{"views", std::move(all)}});
    return ExitCode::done;
  }
  Table table{{"view", "position", "cause", "subject", "reason", "time", "voters"}, {}};
  for (const auto& [seq, report] : *views) {
    const View& view = report.view.view;
    const std::string reason = reason_text(report);
    table.rows.push_back({seq.value(), to_string(report.view.position),
                          std::string(to_string(view.cause)), report.subject,
                          reason.empty() ? "-" : reason,
                          report.at_ms == 0 ? "-" : time_text(report.at_ms), voters_text(view)});
  }
  printer.print(table, "views");
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
      {"view show",
       "Show the view: its members, who is up, and why it was made",
       Effect::reads,
       {},
       {},
       run_view_show},
      {"view history",
       "Show the views that there were, and why each was made",
       Effect::reads,
       {},
       {},
       run_view_history},
  };
}

}  // namespace kvctl
