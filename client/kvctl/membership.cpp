#include "client/kvctl/membership.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace kvctl {
namespace {

namespace api = kvstore::api;
using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::Member;
using gms::model::View;
using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{50};

/// A new leader counts the silence of one that has crashed from its election on only.
bool has_answered(const GroupSurvey& survey, const gms::model::MemberId& voter) {
  return std::ranges::any_of(survey.members, [&](const MemberSurvey& member) {
    return member.status && member.status->member == voter && member.member.id == voter;
  });
}

}  // namespace

GroupFacts facts_of(const GroupSurvey& survey) {
  GroupFacts facts;
  facts.view = survey.view.view;
  facts.clock = survey.clock;
  for (const MemberSurvey& member : survey.members) {
    if (!member.status) continue;
    const api::StatusReply& status = *member.status;
    // With little room left it could lead still.
    if (status.write_refusal == api::WriteRefusal::disk_full) facts.full.push_back(status.member);
    if (status.name != survey.leader || status.role_code != api::MemberRole::leader) continue;
    facts.leader = status.member;
    facts.maintenance_max = status.maintenance_max;
    facts.heard.push_back(status.member);
    if (status.diverged) facts.stateless.push_back(status.member);
    for (const api::PeerReport& peer : status.peers) {
      if (peer.silence < status.heard_within && has_answered(survey, peer.id))
        facts.heard.push_back(peer.id);
      if (!peer.takes_entries) facts.stuck.push_back(peer.id);
      if (!peer.keeps_state) facts.stateless.push_back(peer.id);
    }
  }
  return facts;
}

Result<Member> member_of(const View& view, const std::string& name) {
  if (const Member* found = view.find_name(name)) return *found;
  return Error{ErrorCode::not_found,
               "there is no member " + name + " in the view, only " + voters_text(view)};
}

Result<void> leave(client::Client& client, const std::string& name) {
  auto done = client.admin({api::AdminAction::leave, name});
  if (done) return done;
  // The member that was asked may be the one that left.
  const auto after = survey_group(client);
  if (after && after->view.view.find_name(name) == nullptr) return {};
  return done;
}

Result<void> wait_until(client::Client& client, milliseconds time_max, const Condition& condition) {
  const auto limit = client::Clock::now() + time_max;
  std::string last = "no member was reached";
  do {
    const auto survey = survey_group(client);
    if (survey) {
      const auto holds = condition(*survey);
      if (!holds) return holds.error();
      if (*holds) return {};
      last = "view " + std::to_string(survey->view.view.seq.value()) + " is " +
             voters_text(survey->view.view);
    }
    if (client::Clock::now() + kLookEvery >= limit) break;
    pause_for(kLookEvery);
  } while (true);
  return Error{ErrorCode::timed_out, "after " + std::to_string(time_max.count()) + " ms " + last};
}

void pause_for(milliseconds time) {
  boost::asio::io_context context;
  boost::asio::steady_timer timer(context, time);
  timer.wait();
}

std::string voters_text(const View& view) {
  std::string text;
  for (const Member& member : members_by_name(view)) {
    text += (text.empty() ? "" : ", ") + member.name;
    if (!view.is_up(member.id)) text += " (down)";
  }
  return text;
}

}  // namespace kvctl
