#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/interrupts.hpp"
#include "client/kvctl/membership.hpp"
#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

namespace api = kvstore::api;
using client::Error;
using client::Result;
using gms::model::Member;
using gms::model::View;
using std::chrono::milliseconds;

constexpr milliseconds kFollowEvery{250};
/// A member that does not answer must not keep the others' events, or an interrupt, for long.
constexpr milliseconds kFollowPatience{1000};

struct Event {
  std::string member;
  api::EventReport report;
};

/// The newest events that were seen, by the member's name.
using Seen = std::map<std::string, api::EventSeq>;

/// What happened to the members since `seen`, in the order of their clocks. Members that do not
/// answer are named to `miss`; the error is the last one's when none does.
template <class Miss>
Result<std::vector<Event>> new_events(client::Client& client, const Arguments& arguments,
                                      Seen& seen, Miss miss) {
  const auto known = client.members();
  if (!known) return known.error();
  const View& view = known->view.view;
  if (view.members.empty()) return no_view_error();
  const auto only = arguments.find("member");
  if (only)
    if (const auto member = member_of(view, *only); !member) return member.error();
  std::vector<std::pair<std::string, std::future<Result<api::EventsReply>>>> answers;
  for (const Member& member : members_by_name(view))
    if (!only || *only == member.name)
      answers.emplace_back(member.name,
                           client.events(member.info, seen[member.name], boost::asio::use_future));
  std::vector<Event> events;
  std::optional<Error> last;
  std::size_t missed = 0;
  for (auto& [name, answer] : answers) {
    auto reply = answer.get();
    if (!reply) {
      last = Error{reply.error().code, name + ": " + reply.error().detail};
      miss(last->detail);
      ++missed;
      continue;
    }
    for (api::EventReport& report : reply->events) {
      seen[name] = std::max(seen[name], report.seq);
      events.push_back({name, std::move(report)});
    }
  }
  if (last && missed == answers.size()) return *last;
  std::ranges::stable_sort(events, {}, [](const Event& event) { return event.report.at_ms; });
  return events;
}

Table table_of(const std::vector<Event>& events) {
  Table table{{"time", "member", "event", "text"}, {}};
  for (const Event& event : events)
    table.rows.push_back(
        {time_text(event.report.at_ms), event.member, event.report.kind, event.report.text});
  return table;
}

/// Rows that have no end are not aligned, and are no list.
Format format_without_end(const Printer& printer) {
  return printer.is_json() ? Format::jsonl : Format::plain;
}

/// Whether nobody reads the output any more, which a write would tell only with the next event.
bool is_output_closed() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

Result<ExitCode> follow(Context& context) {
  const Interrupts interrupts;
  client::Options options = context.client_options();
  options.deadline = std::min(options.deadline, kFollowPatience);
  client::Client client(options);
  Printer printer(context.printer().stream(), format_without_end(context.printer()));
  Seen seen;
  bool is_first = true;
  do {
    const auto events = new_events(client, context.arguments(), seen, [&](const std::string& text) {
      if (is_first) context.note(text);
    });
    // Later it may be that all members are being restarted.
    if (!events && is_first) return events.error();
    if (events) printer.print(table_of(*events), "events");
    printer.stream().flush();
    if (!printer.stream() || is_output_closed()) return ExitCode::done;
    is_first = false;
  } while (interrupts.pause(kFollowEvery) == Interrupts::Woken::by_time);
  return ExitCode::interrupted;
}

Result<ExitCode> run_events(Context& context) {
  if (context.arguments().has("follow")) return follow(context);
  Seen seen;
  const auto events = new_events(context.client(), context.arguments(), seen,
                                 [&](const std::string& text) { context.note(text); });
  if (!events) return events.error();
  context.printer().print(table_of(*events), "events");
  return ExitCode::done;
}

}  // namespace

std::vector<Command> event_commands() {
  return {{"events",
           "Show what happened to the members lately",
           Effect::reads,
           {},
           {{"--member", OptionKind::text, "Only this member's", ""},
            {"--follow", OptionKind::flag, "Go on with what happens next, until interrupted", ""}},
           run_events}};
}

}  // namespace kvctl
