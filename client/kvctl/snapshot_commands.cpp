#include <chrono>
#include <filesystem>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/text.hpp"
#include "client/replica_rows.hpp"
#include "gms/log/posix_file_system.hpp"
#include "kvstore/api/snapshot_file.hpp"

namespace kvctl {
namespace {

namespace api = kvstore::api;
using client::Error;
using client::ErrorCode;
using client::Result;
using gms::model::as_bytes;

std::uint64_t now_ms() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

/// The group, as any of its members says.
Result<gms::model::GroupId> group_of(client::Client& client) {
  const auto known = client.members();
  if (!known) return known.error();
  Error last{ErrorCode::unavailable, "no member answers"};
  for (const auto& member : known->view.view.members) {
    const auto status = client.status(member.info);
    if (status) return status->group;
    last = status.error();
  }
  return last;
}

Result<void> add_page(const client::Page& page, std::size_t first, api::SnapshotWriter& writer) {
  for (std::size_t i = first; i < page.entries.size(); ++i) {
    const client::Entry& entry = page.entries[i];
    writer.add({as_bytes(entry.key), {entry.value.revision, as_bytes(entry.value.bytes)}});
  }
  return writer.flush();
}

/// A missing file is not what `not_found` means to a user: a key or a member.
Error file_error(const Error& error) {
  return {error.code == ErrorCode::not_found ? ErrorCode::io : error.code, error.detail};
}

/// Where a snapshot that is to be saved as `path` is written, beside which its unfinished file is.
/// What is there already has to be a file: anything else would be gone for good.
Result<std::string> place_of(const std::string& path) {
  namespace fs = std::filesystem;
  if (path == "-")
    return Error{ErrorCode::invalid_argument, "a snapshot is not written to standard output"};
  std::error_code error;
  const fs::file_status found = fs::status(path, error);
  if (found.type() == fs::file_type::none)
    return Error{ErrorCode::io, "cannot look at " + path + ": " + error.message()};
  const bool is_link = fs::is_symlink(fs::symlink_status(path, error));
  if (fs::exists(found) ? !fs::is_regular_file(found) : is_link)
    return Error{ErrorCode::invalid_argument,
                 path +
                     (is_link ? " is a link that does not lead to a file"
                              : " is there already, and is not a file") +
                     ": a snapshot does not replace it"};
  if (is_link) {
    const fs::path target = fs::canonical(path, error);
    if (error) return Error{ErrorCode::io, "cannot follow " + path + ": " + error.message()};
    return target.string();
  }
  const fs::path directory = fs::path(path).parent_path();
  if (!directory.empty() && !fs::is_directory(directory, error))
    return Error{ErrorCode::io, "there is no directory " + directory.string()};
  return path;
}

Result<std::uint64_t> save(Context& context, const std::string& path) {
  const auto group = group_of(context.client());
  if (!group) return group.error();
  client::Client& client = context.transfer_client();
  client::RangeOptions options;
  options.content = client::kReplicaRows;
  auto page = client.range(options);
  if (!page) return page.error();
  if (page->entries.empty()) return Error{ErrorCode::corrupt, "a snapshot without a record"};
  const auto record = as_bytes(page->entries.front().value.bytes);
  gms::log::PosixFileSystem files;
  auto writer = api::SnapshotWriter::create(
      files, path, {*group, now_ms(), page->state, {record.begin(), record.end()}});
  if (!writer) return file_error(writer.error());
  // The record is the first row of the first page.
  for (std::size_t first = 1;; first = 0) {
    if (auto added = add_page(*page, first, *writer); !added) return added.error();
    if (!page->next) break;
    page = client.next_page(*page->next);
    if (!page) return page.error();
  }
  if (auto finished = writer->finish(); !finished) return file_error(finished.error());
  return writer->rows();
}

Result<ExitCode> run_save(Context& context) {
  const auto place = place_of(context.arguments().text("FILE"));
  if (!place) return place.error();
  const auto rows = save(context, *place);
  if (!rows) return rows.error();
  context.note(std::to_string(*rows) + " rows saved");
  return ExitCode::done;
}

Result<ExitCode> run_info(Context& context) {
  const std::string path = context.arguments().text("FILE");
  // To open a fifo would wait for who writes to it.
  std::error_code error;
  const auto found = std::filesystem::status(path, error);
  if (std::filesystem::exists(found) && !std::filesystem::is_regular_file(found))
    return Error{ErrorCode::invalid_argument, path + " is not a file"};
  gms::log::PosixFileSystem files;
  auto reader = api::SnapshotReader::open(files, path);
  if (!reader) return file_error(reader.error());
  std::uint64_t keys = 0;
  std::uint64_t sessions = 0;
  for (;;) {
    const auto rows = reader->next();
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (const api::SnapshotRow& row : *rows)
      ++(!row.key.empty() && row.key.front() == std::byte{'k'} ? keys : sessions);
  }
  const api::SnapshotHead& head = reader->head();
  context.printer().print_one({{"group", "time", "state", "keys", "sessions", "bytes"},
                               {{to_string(head.group), time_text(head.taken_at_ms),
                                 head.state.value(), keys, sessions, reader->bytes()}}});
  return ExitCode::done;
}

}  // namespace

std::vector<Command> snapshot_commands() {
  const Operand file{"FILE", "The snapshot file"};
  return {
      {"snapshot save",
       "Write all keys, revisions and sessions to a file, as of one moment",
       Effect::reads,
       {file},
       {},
       run_save},
      {"snapshot info",
       "Check a snapshot file and say what is in it; kvd restore makes a group of it",
       Effect::reads,
       {file},
       {},
       run_info,
       Scope::this_machine},
  };
}

}  // namespace kvctl
