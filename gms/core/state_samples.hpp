#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "gms/core/message.hpp"

namespace gms::core {

/// What a member's application said of its state lately. Members take their samples at the ends of
/// batches, which are not the same everywhere, but for one at each multiple of the interval; so the
/// newest of both kinds are remembered: groups that rest and groups under load find common ones.
class StateSamples {
 public:
  StateSamples(std::uint64_t interval, std::size_t samples_max)
      : interval_(interval), samples_max_(samples_max) {}

  /// One that is not newer than the newest says nothing new.
  void add(const model::StateSample& sample);
  /// The application has another state.
  void clear();

  [[nodiscard]] bool empty() const { return newest_.empty(); }
  /// Precondition: not empty.
  [[nodiscard]] model::Index newest_index() const { return newest_.back().index; }
  /// The digest at that very index.
  [[nodiscard]] std::optional<model::StateDigest> at(model::Index index) const;
  /// What others are told: the newest, and before it the last ones of whole intervals.
  [[nodiscard]] std::vector<model::StateSample> report() const;

 private:
  [[nodiscard]] std::uint64_t interval_of(model::Index index) const {
    return (index.value() - 1) / interval_;
  }

  std::uint64_t interval_;
  std::size_t samples_max_;
  /// Both ordered by index.
  std::deque<model::StateSample> newest_;
  std::deque<model::StateSample> last_of_interval_;
};

/// What another member said of its state.
struct StateOpinion {
  model::MemberId member;
  bool voter = false;
  std::span<const model::StateSample> samples;
  /// What was seen of that state before, when others were known: where it agreed with the leader's
  /// last, and where it first differed.
  std::optional<model::Index> agreed_at;
  std::optional<model::Index> differed_at;
};

/// What follows from the opinions of all that have one. A state is right if more than half of the
/// voters that keep their states have it: there is at most one such state, and it is nobody's to
/// decide when there is none.
struct StateJudgement {
  struct Difference {
    model::MemberId member;
    model::Index index;
  };
  /// Differ from the leader, which has what more than half have.
  std::vector<Difference> diverged;
  /// Differ from the leader, and not more than half are known to agree on either.
  std::vector<Difference> disputed;
  /// Where more than half agree on what the leader does not have.
  std::optional<model::Index> leader_diverged;
  /// The leader has what more than half have, also of late.
  bool leader_confirmed = false;
};

/// Judges at a leader that is one of the `keeping` voters whose states nothing is to take the place
/// of. Digests grow from one another, so who agrees at an index has agreed at all before it; what
/// came after it may be otherwise. So who agreed only before `from`, and before the leader's newest
/// sample, does not confirm it.
[[nodiscard]] StateJudgement judge(const StateSamples& own, std::span<const StateOpinion> opinions,
                                   std::size_t keeping, model::Index from);

}  // namespace gms::core
