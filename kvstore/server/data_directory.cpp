#include "kvstore/server/data_directory.hpp"

#include <filesystem>
#include <ostream>
#include <system_error>
#include <vector>

#include "gms/log/inspection.hpp"
#include "gms/log/posix_file_system.hpp"
#include "kvstore/api/member_name.hpp"
#include "kvstore/replica/replica.hpp"
#include "kvstore/server/setting_table.hpp"
#include "kvstore/storage/rocks_directories.hpp"
#include "kvstore/storage/rocks_store.hpp"

namespace kvstore::server {

using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
namespace fs = std::filesystem;

namespace {

constexpr const char* kIdentityFile = "IDENTITY";
constexpr const char* kVoteFile = "HARD.0";
constexpr const char* kRefusedFile = "REFUSED";
constexpr std::string_view kTry = ". Try: ";

/// The addresses and the name, as a file of settings.
std::string settings_text(const Settings& settings) {
  std::string out = "# What this member was initialised with. Flags and KVD_ variables override.\n";
  for (const Setting& setting : setting_table()) {
    const std::string value = value_text(setting, settings);
    if (!setting.section.empty() || value.empty()) continue;
    if (setting.key == "data" || setting.key == "log-level") continue;
    out += std::string(setting.key) + " = \"" + value + "\"\n";
  }
  return out;
}

/// Makes the directory and those above it that are missing; their names are durable then.
Result<void> make_place(gms::log::FileSystem& files, const std::string& data) {
  std::error_code failed;
  std::vector<fs::path> missing;
  const auto whole = full_path(data);
  if (!whole) return whole.error();
  for (fs::path at = *whole; !fs::exists(at, failed) && !failed; at = at.parent_path())
    missing.push_back(at);
  fs::create_directories(data, failed);
  if (failed) return Error{ErrorCode::io, "cannot make it: " + failed.message()};
  for (const fs::path& made : missing)
    if (auto synced = files.sync_directory(made.parent_path().string()); !synced) return synced;
  return {};
}

/// The directory has no identity yet, so an incomplete file is written again by the next try. Its
/// name becomes durable with that of the identity.
Result<void> write_settings(const Settings& settings) {
  const std::string path = settings_file(settings.data);
  gms::log::PosixFileSystem files;
  if (auto made = make_place(files, settings.data); !made) return made;
  std::error_code failed;
  fs::remove(path, failed);
  if (failed) return Error{ErrorCode::io, "cannot write " + path + ": " + failed.message()};
  const auto file = files.create(path);
  if (!file) return file.error();
  const std::string text = settings_text(settings);
  const gms::model::ByteSpan piece = gms::model::as_bytes(text);
  if (auto written = (*file)->write_at(0, {&piece, 1}); !written) return written;
  return (*file)->sync();
}

/// Hears nothing: nobody waits for a reply here.
class NoReplies final : public replica::ReplySink {
 public:
  void on_replies(std::span<const replica::TicketReply>) override {}
};

/// Where the member's store is, when it has one.
using StorePlace = std::optional<std::string>;

Result<StorePlace> find_store(const std::string& data) {
  gms::log::PosixFileSystem files;
  const auto found = gms::log::inspect(files, data, 0);
  if (!found) return found.error();
  const fs::path place = storage::store_directory(data, found->stored.meta.state_generation);
  const auto exists = is_there(place);
  if (!exists) return exists.error();
  return *exists ? StorePlace(place.string()) : std::nullopt;
}

Result<std::unique_ptr<storage::RocksStore>> open_store(const std::string& place) {
  return storage::RocksStore::open(place, storage::RocksOptions());
}

Result<void> describe_log(const std::string& data, std::ostream& out) {
  gms::log::PosixFileSystem files;
  const auto found = gms::log::inspect(files, data, 0);
  if (!found) return found.error();
  const gms::model::Identity& identity = found->stored.identity;
  const gms::model::RecoveredLog& log = found->log.log;
  out << "name      " << identity.name << "\nmember    " << to_string(identity.self)
      << "\ngroup     " << to_string(identity.group) << "\nboots     "
      << found->stored.next_boot.value() - 1 << "\nepoch     "
      << found->stored.hard_state.epoch.value() << "\nlog base  "
      << to_string(log.base.head.position) << "\nlog end   " << to_string(log.head.position)
      << "\nsegments  " << found->log.segments.size() << "\nstate     state."
      << found->stored.meta.state_generation.value() << '\n';
  const gms::model::View& view = log.views.empty() ? log.base.view.view : log.views.back().view;
  out << "view      " << view.seq.value() << '\n';
  for (const gms::model::Member& member : view.members)
    out << "  " << member.name << ' ' << (view.is_up(member.id) ? "up" : "down") << " peer "
        << member.peer_address << " client " << member.info << '\n';
  return {};
}

Result<void> describe_store(const std::string& data, std::ostream& out) {
  const auto place = find_store(data);
  if (!place) return place.error();
  if (!*place) return out << "applied   nothing\n", Result<void>();
  const auto store = open_store(**place);
  if (!store) return store.error();
  NoReplies nobody;
  const auto replica = replica::Replica::open(**store, nobody);
  if (!replica) return replica.error();
  out << "applied   " << (*replica)->applied().value() << "\nsessions  "
      << (*replica)->session_count() << "\ndigest    " << std::hex << (*replica)->digest().value()
      << std::dec << '\n';
  return {};
}

Result<void> read_all_rows(const std::string& data, std::ostream& out) {
  const auto place = find_store(data);
  if (!place) return place.error();
  if (!*place) return {};
  const auto store = open_store(**place);
  if (!store) return store.error();
  replica::DeepDigest digest((*store)->snapshot());
  for (;;) {
    const auto work = digest.advance(100'000);
    if (!work) return work.error();
    if (*work == replica::DeepWork::none) break;
  }
  out << "rows      " << digest.rows_read() << "\ncontent   " << std::hex << digest.digest().value()
      << std::dec << '\n';
  return {};
}

/// Whether a member ran here. What is left of an `init` or a `restore` that was interrupted has
/// none of this, and may be replaced.
bool has_run(const std::string& data) {
  if (is_refused(data)) return true;
  std::error_code failed;
  if (fs::exists(storage::snapshots_directory(data), failed)) return true;
  gms::log::PosixFileSystem files;
  return gms::log::StateFiles(files, data).has_booted();
}

/// Above the reserve there is room for the log and the store to go on while room is made.
std::uint64_t fitting_low_bytes(const Settings& settings) {
  return 2 * settings.group.disk_reserve_bytes + 2 * settings.group.segment_bytes +
         2 * settings.storage.memtable_bytes;
}

std::string with_advice(std::string what, std::string_view advice) {
  if (what.find(kTry) != std::string::npos) return what;
  // The log gives this advice, too.
  const std::string given = "; " + std::string(advice);
  if (what.ends_with(given)) what.resize(what.size() - given.size());
  return what + std::string(kTry) + std::string(advice);
}

/// What does not begin to be the data directory of anybody, or is not to be looked at.
std::optional<Failure> check_place(const std::string& data) {
  std::error_code failed;
  const fs::file_status found = fs::status(data, failed);
  if (found.type() == fs::file_type::not_found) return std::nullopt;
  if (!failed && found.type() != fs::file_type::directory)
    return Failure{ExitCode::directory,
                   with_advice(data + ": a file, not a directory", "--data with a directory")};
  if (!failed) fs::directory_iterator(data, failed);
  if (!failed &&
      fs::status(fs::path(data) / kIdentityFile, failed).type() == fs::file_type::not_found)
    failed.clear();
  if (!failed) return std::nullopt;
  const bool is_denied = failed == std::errc::permission_denied;
  const std::string what = data + ": " + failed.message();
  return Failure{ExitCode::directory,
                 is_denied ? with_advice(what, "as the user whose directory it is") : what};
}

std::optional<Failure> failure_of(const std::string& data, const Result<void>& result) {
  if (result) return std::nullopt;
  return directory_failure(data, result.error());
}

}  // namespace

std::string settings_file(const std::string& data) {
  return data + "/kvd.toml";
}

gms::GroupOptions group_options(const Settings& settings) {
  gms::GroupOptions out = settings.group;
  out.directory = settings.data;
  out.name = settings.name;
  out.listen_address = settings.listen_peer;
  out.advertise_address = settings.advertise_peer;
  out.info = settings.advertise_client.empty() ? settings.listen_client : settings.advertise_client;
  out.join_addresses = settings.join;
  // Clients find the leader by themselves. A write that this member read while it led, and proposes
  // when it does not any more, may be one that its client has given up long ago.
  out.config.forwards_commands = false;
  if (out.disk_low_bytes == 0) out.disk_low_bytes = fitting_low_bytes(settings);
  return out;
}

Failure directory_failure(const std::string& data, const Error& error) {
  const std::string what = data + ": ";
  if (error.code == ErrorCode::unavailable)
    return {ExitCode::directory,
            with_advice(what + "in use by another process (" + error.detail + ")",
                        "stop that first, or another --data")};
  const bool is_damaged = error.code == ErrorCode::corrupt || error.code == ErrorCode::not_found;
  return is_damaged ? damaged(data, error.detail)
                    : Failure{ExitCode::directory, what + error.detail};
}

Result<fs::path> full_path(const std::string& data) {
  std::error_code failed;
  fs::path path = fs::absolute(data, failed);
  if (!failed) return path;
  return Error{ErrorCode::io, with_advice("the working directory is not there: " + failed.message(),
                                          "--data with a path that begins with /")};
}

Result<bool> is_there(const fs::path& path) {
  std::error_code failed;
  const bool exists = fs::exists(path, failed);
  if (failed) return Error{ErrorCode::io, path.string() + ": " + failed.message()};
  return exists;
}

bool is_refused(const std::string& data) {
  std::error_code failed;
  return fs::exists(fs::path(data) / kRefusedFile, failed);
}

Failure damaged(const std::string& data, const std::string& why) {
  return {ExitCode::directory, with_advice(data + ": " + why, gms::log::kRejoinAdvice)};
}

DirectoryState look_at(const std::string& data) {
  std::error_code failed;
  if (fs::exists(fs::path(data) / kIdentityFile, failed)) return DirectoryState::member;
  if (!fs::exists(data, failed) || fs::is_empty(data, failed)) return DirectoryState::absent;
  return DirectoryState::foreign;
}

std::optional<Failure> check_member_directory(const std::string& data) {
  if (auto failure = check_place(data)) return failure;
  const DirectoryState state = look_at(data);
  if (state == DirectoryState::member) return std::nullopt;
  std::error_code failed;
  if (state == DirectoryState::foreign && fs::exists(fs::path(data) / kVoteFile, failed))
    return damaged(data, "IDENTITY is missing");
  if (state == DirectoryState::foreign)
    return Failure{ExitCode::directory,
                   data + ": not the data directory of a member: it holds other files"};
  return Failure{ExitCode::directory,
                 with_advice(data + ": not the data directory of a member",
                             "kvd init --data " + data +
                                 " --name NAME --join HOST:PORT, or without --join to found "
                                 "another group; or another --data")};
}

std::optional<Failure> check_name(const Settings& settings) {
  gms::log::PosixFileSystem files;
  const auto stored = gms::log::StateFiles(files, settings.data).read();
  // What cannot be read is told by the start, with what to do about it.
  if (!stored || settings.name.empty() || settings.name == stored->identity.name)
    return std::nullopt;
  return Failure{ExitCode::directory, settings.data + ": is the directory of " +
                                          stored->identity.name + ", not of " + settings.name};
}

std::optional<Failure> check_not_in_use(const std::string& data) {
  gms::log::PosixFileSystem files;
  const auto lock = files.lock(data);
  if (lock) return std::nullopt;
  Error error = lock.error();
  if (error.code == ErrorCode::conflict) error = {ErrorCode::unavailable, "its lock is taken"};
  return directory_failure(data, error);
}

std::optional<Failure> prepare_directory(const Settings& settings) {
  if (settings.name.empty())
    return Failure{ExitCode::usage, "a member needs a name. Try: --name NAME"};
  if (!api::is_member_name(settings.name))
    return Failure{ExitCode::usage,
                   "the name cannot be a member's: " + std::string(api::kMemberNameRule)};
  if (auto failure = check_place(settings.data)) return failure;
  if (look_at(settings.data) == DirectoryState::member)
    return Failure{ExitCode::directory, with_advice(settings.data + ": is a member's already",
                                                    "kvd run --data " + settings.data)};
  // An earlier try that was interrupted has left its settings.
  std::error_code failed;
  if (look_at(settings.data) == DirectoryState::foreign &&
      !fs::exists(settings_file(settings.data), failed))
    return Failure{ExitCode::directory, with_advice(settings.data + ": holds other files",
                                                    "--data with an empty directory")};
  if (has_run(settings.data)) return damaged(settings.data, "IDENTITY is missing");
  if (const auto written = write_settings(settings); !written)
    return directory_failure(settings.data, written.error());
  return std::nullopt;
}

std::optional<Failure> initialise_directory(const Settings& settings) {
  if (auto failure = prepare_directory(settings)) return failure;
  const auto made = gms::initialise(group_options(settings));
  if (made) return std::nullopt;
  if (made.error().code == ErrorCode::invalid_argument)
    return Failure{ExitCode::usage, made.error().detail};
  return directory_failure(settings.data, made.error());
}

std::optional<Failure> inspect_directory(const std::string& data, std::ostream& out) {
  if (auto failure = check_member_directory(data)) return failure;
  gms::log::PosixFileSystem files;
  const auto lock = files.lock(data);
  if (!lock)
    return Failure{ExitCode::directory, with_advice(lock.error().detail, "stop that first")};
  if (auto failure = failure_of(data, describe_log(data, out))) return failure;
  return failure_of(data, describe_store(data, out));
}

std::optional<Failure> verify_directory(const std::string& data, std::ostream& out) {
  if (auto failure = inspect_directory(data, out)) return failure;
  return failure_of(data, read_all_rows(data, out));
}

}  // namespace kvstore::server
