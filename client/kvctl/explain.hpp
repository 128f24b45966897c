#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "client/types.hpp"
#include "gms/model/quorum.hpp"
#include "gms/model/view.hpp"

namespace kvctl {

/// What an operator can want of a voter.
enum class Change : std::uint8_t { evict, leave, replace, maintenance, transfer };
[[nodiscard]] std::string_view to_string(Change change);

struct Plan {
  Change change = Change::evict;
  gms::model::MemberId member;
  /// Of maintenance; zero ends it.
  gms::model::Duration ttl{};
};

/// What decides whether a change would hurt.
struct GroupFacts {
  gms::model::View view;
  /// None while nobody is known to lead.
  gms::model::MemberId leader;
  /// The leader, and the voters that it has heard just now and that answer for themselves.
  std::vector<gms::model::MemberId> heard;
  /// The voters whose disk is full.
  std::vector<gms::model::MemberId> full;
  /// The voters that could not acknowledge a view without another.
  std::vector<gms::model::MemberId> stuck;
  /// The voters whose state is out of use, or that need one.
  std::vector<gms::model::MemberId> stateless;
  gms::model::GroupClock clock;
  gms::model::Duration maintenance_max{};

  [[nodiscard]] bool is_heard(const gms::model::MemberId& id) const;
  [[nodiscard]] std::string name_of(const gms::model::MemberId& id) const;
};

/// How much the group can take.
struct Strength {
  std::size_t voters = 0;
  std::size_t up = 0;

  [[nodiscard]] std::size_t quorum() const { return gms::model::quorum(voters); }
  /// How many more voters may crash at once while the others go on.
  [[nodiscard]] std::size_t survives() const { return up > quorum() ? up - quorum() : 0; }

  friend bool operator==(const Strength&, const Strength&) = default;
};

struct Explanation {
  Strength before;
  /// Once it is done; of maintenance, while the member is stopped for it.
  Strength after;
  /// Why it would not be done. `outcome_unknown`: it would be, later than anybody waits for it.
  std::optional<client::Error> refusal;
};

/// What the change would do, by the rules that the leader goes by [C8]. A pure function.
/// Precondition: the member is a voter of the view.
[[nodiscard]] Explanation explain(const GroupFacts& facts, const Plan& plan);

/// The facts as they will be once the group has noticed that `member` has stopped.
[[nodiscard]] GroupFacts without(GroupFacts facts, const gms::model::MemberId& member);

/// Why no member of that name could be added, if so.
[[nodiscard]] std::optional<client::Error> why_not_add(const GroupFacts& facts,
                                                       std::string_view name);

/// The strength of the group of the view.
[[nodiscard]] Strength strength_of(const gms::model::View& view);

}  // namespace kvctl
