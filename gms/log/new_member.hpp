#pragma once

#include "gms/log/log_store.hpp"

namespace gms::log {

/// What a new member begins with.
struct NewMember {
  /// Without a group for one that will join one.
  model::Identity identity;
  /// The first view of a new group, with this member alone; none for a joiner.
  std::optional<model::View> founding_view;
  /// Drawn at random.
  LogSalt salt;
  /// Behind which a founder's log begins: the application has a state of another group. From the
  /// beginning without one.
  model::Base base{};
};

/// Makes `directory` the data directory of a new member: for a founder with the group's first entry
/// and a vote for itself, for a joiner without a log. Creates the directory if it is not there; its
/// parent must be. What an earlier try left behind is replaced; until the last write there is no
/// IDENTITY, and without one it is no data directory. Errors: conflict (it is one already, or in
/// use), corrupt (a member ran on it, and its IDENTITY is missing), not_found (no parent), busy,
/// io.
[[nodiscard]] model::Result<void> initialise(FileSystem& files, const std::string& directory,
                                             const NewMember& member, const LogOptions& options);

/// What recover() would return after initialise(), for a member that keeps nothing on a disk.
[[nodiscard]] model::RestoredState first_state(const NewMember& member);

}  // namespace gms::log
