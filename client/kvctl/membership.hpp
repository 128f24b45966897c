#pragma once

#include <functional>
#include <string>

#include "client/kvctl/explain.hpp"
#include "client/kvctl/survey.hpp"

namespace kvctl {

/// What the survey tells of the group, as far as it decides on changes.
[[nodiscard]] GroupFacts facts_of(const GroupSurvey& survey);

/// The voter of that name. Error: not_found, naming those that there are.
[[nodiscard]] client::Result<gms::model::Member> member_of(const gms::model::View& view,
                                                           const std::string& name);

/// Makes the member leave, wherever it is. Errors: as of Client::admin().
[[nodiscard]] client::Result<void> leave(client::Client& client, const std::string& name);

/// Whether what is waited for holds; an error ends the wait.
using Condition = std::function<client::Result<bool>(const GroupSurvey& survey)>;

/// Looks at the group again and again until the condition holds. Error `timed_out`: it did not in
/// time; the detail says what the view was last.
[[nodiscard]] client::Result<void> wait_until(client::Client& client,
                                              std::chrono::milliseconds time_max,
                                              const Condition& condition);

/// Waits without a thread.
void pause_for(std::chrono::milliseconds time);

/// The view's voters in a few words, such as `n1, n2 (down), n3`.
[[nodiscard]] std::string voters_text(const gms::model::View& view);

}  // namespace kvctl
