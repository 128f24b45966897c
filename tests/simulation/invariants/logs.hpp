#pragma once

#include <unordered_map>

#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// I2: two entries of one index and epoch are the same entry, with the same prefix.
class LogMatching {
 public:
  void appends(World& world, const ShadowMember& member, const gms::model::EntryRun& run);

 private:
  struct Known {
    gms::model::Epoch epoch;
    gms::model::EntryHash hash;
  };
  /// By index: one record for each epoch that had an entry there.
  std::vector<std::vector<Known>> known_;
};

/// I3: nothing that a member knows to be committed is truncated, and a leader truncates nothing.
class NothingIsTakenBack {
 public:
  static void appends(World& world, const ShadowMember& member, const gms::model::EntryRun& run);
};

/// I13: a leader appends a view only when the view before it, and an entry of its own epoch, are
/// committed.
class OneViewAtATime {
 public:
  static void proposes(World& world, const ShadowMember& leader,
                       const gms::model::PlacedView& view);
};

/// I14: consecutive views of a log differ by one voter at most, and by one in their number.
class ViewsChangeByOne {
 public:
  /// To be called when the log of `member` has new views.
  static void changed(World& world, const ShadowMember& member);
};

/// I19: a log begins after a committed entry, and with the view that is in force there.
class BaseIsCommitted {
 public:
  static void check(World& world, const ShadowMember& member, const gms::model::Base& base);
};

/// I15: the engine's view in force is the last one in its log.
class ViewInForce {
 public:
  static void status(World& world, const ShadowMember& member, const gms::core::Status& status);
};

}  // namespace tests::simulation
