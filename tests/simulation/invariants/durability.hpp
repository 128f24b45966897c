#pragma once

#include <map>
#include <set>

#include "gms/core/config.hpp"
#include "gms/core/effect.hpp"
#include "tests/simulation/log_backend.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// I9: what a member acknowledged is on its disk until a leader of a later epoch overwrites it.
class AckLedger {
 public:
  /// The engine wants an acknowledgement sent once `after` is durable.
  void acknowledges(World& world, const ShadowMember& member, const gms::core::Message& message,
                    gms::model::PersistSeq after);
  /// To be called before the entries are in the member's shadow.
  void appends(World& world, const ShadowMember& member, const gms::model::EntryRun& run);
  /// The same of a snapshot that takes the log's place.
  void installs(World& world, const ShadowMember& member,
                const gms::model::InstallRequest& install);
  /// To be called when the member's disk shadow is up to date.
  void durable(World& world, const ShadowMember& member);
  void recovered(World& world, const ShadowMember& member);

 private:
  struct Ack {
    gms::model::Epoch epoch;
    gms::model::Index match;
    gms::model::EntryHash hash;
    gms::model::PersistSeq after;
  };

  /// What was acknowledged, without what a later acknowledgement covers.
  std::map<gms::model::MemberId, std::vector<Ack>> acks_;
};

/// I10: what a leader holds for a member's match is on that member's disk, and only grows.
class MatchIsDurable {
 public:
  void status(World& world, const ShadowMember& leader, const gms::core::Status& status);

 private:
  struct Known {
    gms::model::Epoch epoch;
    gms::model::Index match;
  };
  std::map<std::pair<gms::model::MemberId, gms::model::MemberId>, Known> known_;
};

/// I11: recovery gives back everything that was durable, and otherwise what was ordered, in order.
class StableIsRecoverable {
 public:
  static void status(World& world, const ShadowMember& member, const gms::core::Status& status);
  /// How many of the orders that were pending `found` has; a violation if there is no such number.
  static std::size_t check(World& world, const ShadowMember& member, const RecoveredEnd& found);
};

/// I12: commit and what follows from it only grow, and keep their order.
class OrderOfProgress {
 public:
  static void commits(World& world, const ShadowMember& member, gms::model::Index to);
  static void delivers(World& world, const ShadowMember& member, gms::model::Index last);
  static void status(World& world, const ShadowMember& member, const gms::core::Status& status);
};

/// I20: after a restart the state machine is within the log.
class StateWithinLog {
 public:
  static void recovered(World& world, const ShadowMember& member, const Recovered& found,
                        const std::optional<gms::model::Mark>& applied);
};

/// I21: nothing leaves a member that has stopped itself.
class StoppedIsSilent {
 public:
  void stops(const ShadowMember& member) { stopped_.insert({member.id, member.boot}); }
  void released(World& world, const ShadowMember& member);

 private:
  std::set<std::pair<gms::model::MemberId, gms::model::BootSeq>> stopped_;
};

/// I22: no two processes ever have the same member and boot.
class BootsAreUnique {
 public:
  void starts(World& world, const ShadowMember& member);

 private:
  std::map<gms::model::MemberId, gms::model::BootSeq> newest_;
};

/// I23: nothing leaves before what it rests on is durable.
class MessagesAreGated {
 public:
  static void released(World& world, const ShadowMember& member, gms::model::PersistSeq after);
};

/// I24: memory is bounded.
class MemoryIsBounded {
 public:
  void status(World& world, const ShadowMember& member, const gms::core::Status& status,
              const gms::core::Config& config);

 private:
  /// What a leader found uncommitted in its log when its epoch began.
  struct Inherited {
    gms::model::Epoch epoch;
    std::size_t bytes = 0;
  };
  std::map<gms::model::MemberId, Inherited> inherited_;
};

/// I25: a pre-vote changes nothing at its receiver.
class PreVoteIsPure {
 public:
  static void answered(World& world, const ShadowMember& member, const gms::core::Status& before,
                       const gms::core::Status& after);
};

}  // namespace tests::simulation
