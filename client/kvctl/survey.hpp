#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/client.hpp"

namespace kvctl {

/// What one member of the view says of itself.
struct MemberSurvey {
  gms::model::Member member;
  /// In the view.
  bool up = false;
  client::Result<kvstore::api::StatusReply> status;

  /// What it says, or `unreachable`.
  [[nodiscard]] std::string role() const { return status ? status->role : "unreachable"; }
};

struct GroupSurvey {
  gms::model::PlacedView view;
  /// The name of the member that leads in the newest epoch; empty if none says so.
  std::string leader;
  /// The furthest that any member knows of, of both.
  gms::model::Index commit;
  gms::model::GroupClock clock;
  /// The voters, by name.
  std::vector<MemberSurvey> members;
};

/// A member that is paused must not hold the others' answers up for long.
inline constexpr std::chrono::milliseconds kSurveyPatience{1000};

/// The voters of a view, sorted by name.
[[nodiscard]] std::vector<gms::model::Member> members_by_name(const gms::model::View& view);

/// Of a question to a group of which nobody but joiners can be reached.
[[nodiscard]] client::Error no_view_error();

/// Asks any member for the view and then every member of it how it is doing, all at once, for as
/// long as `patience`. The view is the newest that any of them knows. Errors: that of the first
/// question, no_view_error(); members that do not answer are part of the result.
[[nodiscard]] client::Result<GroupSurvey> survey_group(
    client::Client& client, std::chrono::milliseconds patience = kSurveyPatience);

}  // namespace kvctl
