#include "client/kvctl/membership.hpp"

#include <gmock/gmock.h>

namespace kvctl {
namespace {

using gms::model::Duration;
using gms::model::MemberId;
using kvstore::api::MemberRole;
using kvstore::api::PeerReport;
using kvstore::api::StatusReply;
using kvstore::api::WriteRefusal;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

MemberId voter_id(std::uint64_t number) {
  return {gms::model::NodeId(number), gms::model::Incarnation(1)};
}

std::string voter_name(std::uint64_t number) {
  return "n" + std::to_string(number);
}

PeerReport report_of(std::uint64_t number, Duration silence) {
  PeerReport report;
  report.id = voter_id(number);
  report.name = voter_name(number);
  report.silence = silence;
  return report;
}

/// Three voters that answer; n1 leads, and has heard both others.
GroupSurvey survey_of_three() {
  GroupSurvey survey;
  survey.leader = "n1";
  for (std::uint64_t number = 1; number <= 3; ++number) {
    survey.view.view.members.push_back({voter_id(number), voter_name(number), "", ""});
    StatusReply status;
    status.member = voter_id(number);
    status.name = voter_name(number);
    status.role_code = number == 1 ? MemberRole::leader : MemberRole::follower;
    status.leader = "n1";
    status.heard_within = 100ms;
    survey.members.push_back({survey.view.view.members.back(), true, status});
  }
  survey.members[0].status->peers = {report_of(2, 10ms), report_of(3, 10ms)};
  return survey;
}

TEST(FactsOf, TakesTheLeadersWordForWhoWasHeardAndTheVotersOwnAnswers) {
  GroupSurvey survey = survey_of_three();
  EXPECT_THAT(facts_of(survey).heard, ElementsAre(voter_id(1), voter_id(2), voter_id(3)));
  survey.members[0].status->peers[0].silence = 100ms;
  EXPECT_THAT(facts_of(survey).heard, ElementsAre(voter_id(1), voter_id(3)));
  survey.members[2].status = client::Error{client::ErrorCode::unavailable, "no answer"};
  EXPECT_THAT(facts_of(survey).heard, ElementsAre(voter_id(1)));
}

TEST(FactsOf, KnowsWhoCannotGoOnAndWhoHasNoState) {
  GroupSurvey survey = survey_of_three();
  EXPECT_THAT(facts_of(survey).stuck, IsEmpty());
  EXPECT_THAT(facts_of(survey).stateless, IsEmpty());
  survey.members[0].status->peers[0].takes_entries = false;
  survey.members[0].status->peers[1].keeps_state = false;
  survey.members[0].status->diverged = true;
  // What a member that does not lead believes of others is of no interest.
  survey.members[1].status->peers = {report_of(3, 10ms)};
  survey.members[1].status->peers[0].takes_entries = false;
  EXPECT_THAT(facts_of(survey).stuck, ElementsAre(voter_id(2)));
  EXPECT_THAT(facts_of(survey).stateless, ElementsAre(voter_id(1), voter_id(3)));
}

TEST(FactsOf, GoesByCodesAndNotByWhatIsSaidToPeople) {
  GroupSurvey survey = survey_of_three();
  for (MemberSurvey& member : survey.members) {
    member.status->role = "leader";
    member.status->refusing_writes = "disk full: whatever";
  }
  EXPECT_EQ(facts_of(survey).leader, voter_id(1));
  EXPECT_THAT(facts_of(survey).full, IsEmpty());
  survey.members[0].status->write_refusal = WriteRefusal::store_trouble;
  survey.members[1].status->write_refusal = WriteRefusal::disk_full;
  survey.members[1].status->refusing_writes = "no room";
  // It takes deletes, and acknowledges.
  survey.members[2].status->write_refusal = WriteRefusal::disk_low;
  EXPECT_THAT(facts_of(survey).full, ElementsAre(voter_id(2)));
  survey.members[0].status->role_code = MemberRole::candidate;
  EXPECT_TRUE(facts_of(survey).leader.is_none());
}

}  // namespace
}  // namespace kvctl
