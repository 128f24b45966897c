#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "kvstore/server/exit_code.hpp"
#include "kvstore/server/settings.hpp"

namespace kvstore::server {

/// Makes the directory of `settings` that of the only member of a new group, whose keys, revisions
/// and sessions are those of the snapshot file. When it fails the directory is no member's, and the
/// same can be tried again. A file that is damaged ends as ExitCode::integrity.
[[nodiscard]] std::optional<Failure> restore_directory(const Settings& settings,
                                                       const std::string& file, std::ostream& out);

}  // namespace kvstore::server
