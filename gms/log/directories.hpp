#pragma once

#include <string>

#include "gms/log/file_system.hpp"

namespace gms::log {

/// Where a path's name stands: "." and "/" for those in the working directory and in the root.
/// Slashes at the end are no part of a path.
[[nodiscard]] std::string parent_of(std::string path);

/// Makes the directory if it is not there, and returns when its name is durable. Its parent must be
/// there. Errors: not_found (no parent), io, busy.
[[nodiscard]] model::Result<void> make_directory_durably(FileSystem& files, std::string path);

}  // namespace gms::log
