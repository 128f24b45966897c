#pragma once

#include <optional>
#include <vector>

#include "gms/core/config.hpp"
#include "gms/core/trace.hpp"
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
  /// How often it was marked up and down again, lately.
  unsigned flaps = 0;
  /// It lost what it had acknowledged: it is counted nowhere any more [C21].
  bool regressed = false;
  /// Its state is not out of use, and the log has what comes after it.
  bool keeps_state = true;
  /// The log has what it lacks, its disk has room, and it has acknowledged what was committed an
  /// election timeout ago: it can acknowledge what is appended.
  bool takes_entries = true;
  /// It acknowledged an entry of this leader and answered a heartbeat: both are so by its own word.
  bool is_known = true;
  bool self = false;
};

/// One change of the view. `down` and `up` may name several members, the others name one.
struct ViewChange {
  model::ViewCause cause = model::ViewCause::down;
  std::vector<model::MemberId> members;
  /// For `join`: who joins.
  model::Member joiner;
  /// For `evict`.
  EvictionReason reason = EvictionReason::silent;
  /// For `maintenance`: until when; zero ends it.
  model::GroupClock until;
};

/// A member that is being brought up to date.
struct JoinerFacts {
  model::Member member;
  /// Caught up, and heard just now: it may vote.
  bool ready = false;
};

/// What the policy decides on.
struct PolicyFacts {
  const model::View& view;
  /// One for each voter of the view.
  std::vector<VoterFacts> voters;
  /// Oldest request first.
  std::vector<JoinerFacts> joiners;
  /// Members that were asked to leave, oldest request first.
  std::vector<model::MemberId> leaving;
  model::GroupClock clock;
  /// Since this leader last lowered the quorum by an eviction.
  std::optional<model::Duration> since_lowered;
};

/// The one change that the observed facts call for, if any: up marks before down marks, before
/// evictions, before joins, before leaves. A pure function.
[[nodiscard]] std::optional<ViewChange> next_view_change(const PolicyFacts& facts,
                                                         const Config& config);

/// Takes a voter out: by the leave that it was asked for, so that it stays away, else by an
/// eviction.
[[nodiscard]] ViewChange removal(const PolicyFacts& facts, const model::MemberId& member,
                                 EvictionReason reason);

/// The view after `change`, with the next number [I14]; maintenance that is over by `clock` is not
/// in it. Precondition: the change fits the view.
[[nodiscard]] model::View changed(const model::View& view, const ViewChange& change,
                                  model::GroupClock clock);

/// Whether removing a voter is safe for the group's service now: a quorum of the old view and a
/// quorum of the new one were heard within `recent` [C8]; of the latter those count that can
/// acknowledge the removal, and one that was heard has its state in use.
[[nodiscard]] bool may_remove(const model::View& view, const model::MemberId& removed,
                              const std::vector<VoterFacts>& voters, model::Duration recent);

/// Why an operator's wish to evict a voter would hurt, in words for the operator; nothing if it
/// would not. Precondition: `member` is a voter.
[[nodiscard]] std::optional<model::Error> why_not_evict(const PolicyFacts& facts,
                                                        const model::MemberId& member,
                                                        const Config& config);
/// The same for its leaving, of which nothing is said while a quorum is only to be waited for.
[[nodiscard]] std::optional<model::Error> why_not_leave(const PolicyFacts& facts,
                                                        const model::MemberId& member,
                                                        const Config& config);

// ---- the arithmetic

/// How many dead voters of `voters` are evicted together: the fewest whose going lowers the quorum
/// in paired mode, one in eager mode.
[[nodiscard]] std::size_t evicted_together(std::size_t voters, EvictMode mode);

/// How long a voter that fell again `flaps` times has to be heard before it is marked up: doubled
/// each time, up to the maximum.
[[nodiscard]] model::Duration up_hysteresis_after(unsigned flaps, const Config& config);

/// Whether the voter is out of reach: silent for `suspect`, its process dead for `crash_confirm`,
/// or regressed.
[[nodiscard]] bool is_gone(const VoterFacts& voter, const Config& config);

/// Whether the two are one place in the group: incarnations of one member, or members of one name.
/// A directory that is made anew has the old one's name and nothing else of it.
[[nodiscard]] bool takes_place_of(const model::Member& joiner, const model::Member& voter);

}  // namespace gms::core
