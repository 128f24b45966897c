#pragma once

#include <optional>
#include <vector>

#include "gms/core/config.hpp"
#include "gms/model/view.hpp"

namespace gms::core {

/// What a leader observes of one voter; of itself silence is zero and lag is that of its own disk.
struct VoterFacts {
  model::MemberId id;
  /// It was heard since this leader was elected; silence counts from then on if not.
  bool spoke = true;
  model::Duration silence{};
  /// For how long it was heard without a gap.
  model::Duration heard_for{};
  /// Its process is known to be gone for this long; nothing when it is not.
  std::optional<model::Duration> process_dead_for;
  std::size_t lag_bytes = 0;
  bool self = false;
};

/// One change of the view. `down` may name several members, the others name one.
struct ViewChange {
  model::ViewCause cause = model::ViewCause::down;
  std::vector<model::MemberId> members;
  /// For `join`: who joins.
  model::Member joiner;
};

/// What the policy decides on.
struct PolicyFacts {
  const model::View& view;
  /// One for each voter of the view.
  std::vector<VoterFacts> voters;
  /// Caught up and ready to vote, oldest request first.
  std::vector<model::Member> ready_joiners;
  /// Members that were asked to leave, oldest request first.
  std::vector<model::MemberId> leaving;
};

/// The one change that the observed facts call for, if any: up marks before down marks, before
/// joins, before leaves. A pure function.
[[nodiscard]] std::optional<ViewChange> next_view_change(const PolicyFacts& facts,
                                                         const Config& config);

/// The view after `change`, with the next number [I14]. Precondition: the change fits the view.
[[nodiscard]] model::View changed(const model::View& view, const ViewChange& change);

/// Whether removing a voter is safe for the group's service now: a quorum of the old view and a
/// quorum of the new one were heard within `recent` [C8].
[[nodiscard]] bool may_remove(const model::View& view, const model::MemberId& removed,
                              const std::vector<VoterFacts>& voters, model::Duration recent);

}  // namespace gms::core
