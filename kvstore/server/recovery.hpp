#pragma once

#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "gms/model/durable_state.hpp"
#include "kvstore/server/exit_code.hpp"

namespace kvstore::server {

/// What the directory of a member says that is left of a group without a quorum.
struct Survivor {
  std::string data;
  gms::model::Identity identity;
  gms::model::Epoch epoch;
  gms::model::Position last;
  /// What its store has for good: this was committed.
  gms::model::Index applied;
  /// The newest view of its log.
  gms::model::View view;
  /// Whether its state was found to have diverged, or damaged: it is out of use [M2].
  bool is_out_of_use = false;
};

/// How a group is to go on that has lost a quorum for good.
struct RecoveryPlan {
  std::vector<Survivor> survivors;
  /// Whose log reaches furthest, in epoch before index: it founds the new group. Among equal logs
  /// one whose state is sound.
  std::size_t founder = 0;

  [[nodiscard]] const Survivor& picked() const { return survivors[founder]; }
  /// Members of the founder's view of whom no directory was given, by name.
  [[nodiscard]] std::vector<std::string> missing() const;
  /// What a survivor has applied, at most: surely committed.
  [[nodiscard]] gms::model::Index committed() const;
};

/// Reads the directories and changes nothing in them. A failure when one is in use, damaged, of
/// another group than the first, or has joined none, when these members are a quorum still, or when
/// the state with the furthest log is out of use and another one's is not.
[[nodiscard]] std::variant<RecoveryPlan, Failure> plan_recovery(
    std::span<const std::string> directories);
/// Says what was found, what the new group will have, and what may be lost.
void describe(const RecoveryPlan& plan, std::ostream& out);
/// Makes the founder's directory that of a new group, and says what to type next.
[[nodiscard]] std::optional<Failure> carry_out(const RecoveryPlan& plan, std::ostream& out);

/// Whether the operator agrees, who has read what will be done.
using Confirm = std::function<bool()>;
/// Plans, describes and, if that is agreed to, does it.
[[nodiscard]] std::optional<Failure> recover_group(std::span<const std::string> directories,
                                                   const Confirm& confirm, std::ostream& out);

}  // namespace kvstore::server
