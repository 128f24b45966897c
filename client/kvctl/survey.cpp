#include "client/kvctl/survey.hpp"

#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <future>

namespace kvctl {
namespace {

using client::Result;
using kvstore::api::MemberRole;
using kvstore::api::StatusReply;

void add_up(GroupSurvey& survey) {
  gms::model::Epoch epoch;
  for (const MemberSurvey& member : survey.members) {
    if (!member.status) continue;
    const StatusReply& status = *member.status;
    survey.commit = std::max(survey.commit, status.commit);
    survey.clock = std::max(survey.clock, status.clock);
    if (status.view.view.seq > survey.view.view.seq) survey.view = status.view;
    if (status.role_code != MemberRole::leader || status.epoch < epoch) continue;
    epoch = status.epoch;
    survey.leader = status.name;
  }
  for (MemberSurvey& member : survey.members) member.up = survey.view.view.is_up(member.member.id);
}

GroupSurvey survey_view(client::Client& client, const gms::model::PlacedView& view,
                        std::chrono::milliseconds patience) {
  GroupSurvey survey;
  survey.view = view;
  const std::vector<gms::model::Member> members = members_by_name(view.view);
  std::vector<std::future<Result<StatusReply>>> answers;
  for (const auto& member : members)
    answers.push_back(client.status(member.info, patience, boost::asio::use_future));
  for (std::size_t i = 0; i < members.size(); ++i)
    survey.members.push_back({members[i], false, answers[i].get()});
  add_up(survey);
  return survey;
}

}  // namespace

std::vector<gms::model::Member> members_by_name(const gms::model::View& view) {
  std::vector<gms::model::Member> members = view.members;
  std::ranges::sort(members, {}, &gms::model::Member::name);
  return members;
}

client::Error no_view_error() {
  return {client::ErrorCode::unavailable,
          "who answers has not joined a group yet, and no other member was reached"};
}

Result<GroupSurvey> survey_group(client::Client& client, std::chrono::milliseconds patience) {
  const auto known = client.members();
  if (!known) return known.error();
  if (known->view.view.members.empty()) return no_view_error();
  GroupSurvey survey = survey_view(client, known->view, patience);
  // The member that was asked first may not know yet of one that came or left.
  if (survey.view.view.members != known->view.view.members)
    survey = survey_view(client, survey.view, patience);
  return survey;
}

}  // namespace kvctl
