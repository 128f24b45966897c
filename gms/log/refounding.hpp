#pragma once

#include "gms/log/log_store.hpp"

namespace gms::log {

/// The group that a member founds with what its log has.
struct Refounding {
  /// Drawn at random.
  model::GroupId group;
  /// How the member is reached, if no view of its log says so.
  std::string address;
  std::string info;
};

/// Makes the member of `directory` the only one of a new group that goes on from its log: its group
/// changes, and the log's next entry, in an epoch of its own that it leads by its own vote, is a
/// view with this member alone [C28]. The group changes first, so a loss of power leaves a member
/// of the old group, of the new one, or of the new one with the views of the old, in which no
/// quorum can be had; then it can be done again. Errors: conflict (in use, or it joined no group
/// yet), invalid_argument (no address is known), and those of LogStore::recover().
[[nodiscard]] model::Result<model::Identity> refound(FileSystem& files,
                                                     const std::string& directory,
                                                     const Refounding& founding,
                                                     const LogOptions& options);

}  // namespace gms::log
