#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

#include "gms/group.hpp"
#include "kvstore/server/exit_code.hpp"
#include "kvstore/server/settings.hpp"

namespace kvstore::server {

// A member's data directory: what gms keeps in it, the store in `state.N`, and `kvd.toml`, the
// addresses it was initialised with.

[[nodiscard]] std::string settings_file(const std::string& data);

/// What the settings say about the group's member.
[[nodiscard]] gms::GroupOptions group_options(const Settings& settings);

/// Why a directory cannot be used, as kvd ends.
[[nodiscard]] Failure directory_failure(const std::string& data, const gms::model::Error& error);

/// The path from the root. Error: io, where nobody can tell the working directory.
[[nodiscard]] gms::model::Result<std::filesystem::path> full_path(const std::string& data);
/// Whether there is anything of that path. Error: io, where that cannot be looked at.
[[nodiscard]] gms::model::Result<bool> is_there(const std::filesystem::path& path);

enum class DirectoryState { absent, foreign, member };

/// Whether the directory has a mark that its incarnation may never start again.
[[nodiscard]] bool is_refused(const std::string& data);
/// The end of a member whose directory was found to be damaged for `why`.
[[nodiscard]] Failure damaged(const std::string& data, const std::string& why);

/// Whether the directory is a member's at all.
[[nodiscard]] DirectoryState look_at(const std::string& data);
/// A failure unless it is a member's.
[[nodiscard]] std::optional<Failure> check_member_directory(const std::string& data);
/// A failure if `settings` name another member than the one whose directory it is.
[[nodiscard]] std::optional<Failure> check_name(const Settings& settings);
/// A failure while another process runs on it. One that begins to right after is found by gms.
[[nodiscard]] std::optional<Failure> check_not_in_use(const std::string& data);

/// Keeps the addresses of `settings` in a directory that is to be a new member's. A failure if it
/// is one already, a member ran on it whose IDENTITY is missing, or it holds other files.
[[nodiscard]] std::optional<Failure> prepare_directory(const Settings& settings);
/// Makes the directory that of a new member and keeps the addresses of `settings` there.
[[nodiscard]] std::optional<Failure> initialise_directory(const Settings& settings);

/// Says what is in a directory. No kvd may run on it: the store is opened as one would open it.
/// What gms keeps there is only read.
[[nodiscard]] std::optional<Failure> inspect_directory(const std::string& data, std::ostream& out);
/// The same, after having read all of the log and the store.
[[nodiscard]] std::optional<Failure> verify_directory(const std::string& data, std::ostream& out);

}  // namespace kvstore::server
