#include "gms/log/new_member.hpp"

#include <array>

#include "gms/log/directories.hpp"
#include "gms/log/segment_files.hpp"

namespace gms::log {
namespace {

using model::EntryRun;
using model::Epoch;
using model::Error;
using model::ErrorCode;
using model::HardState;
using model::Result;

constexpr Generation kFirstGeneration(1);

/// The first one, in a new group.
Epoch founding_epoch(const NewMember& member) {
  return member.base.head.position.epoch.next();
}

/// A founder leads its first epoch by its own vote.
HardState first_hard_state(const NewMember& member) {
  if (!member.founding_view) return {};
  return {founding_epoch(member), member.identity.self};
}

EntryRun founding_entries(const NewMember& member) {
  model::EntryRunBuilder builder;
  builder.append(model::EntryKind::view, {model::encode(*member.founding_view)});
  return builder.seal(member.base.head, founding_epoch(member), member.base.head.clock);
}

Result<void> remove_if_there(FileSystem& files, const std::string& path) {
  const auto removed = files.remove(path);
  if (!removed && removed.error().code != ErrorCode::not_found) return removed;
  return {};
}

Result<void> check_no_member(FileSystem& files, const std::string& directory) {
  const auto identity = files.open(joined(directory, kIdentityName), Access::read);
  if (identity)
    return Error{ErrorCode::conflict, directory + " is the data directory of a member already"};
  if (identity.error().code != ErrorCode::not_found) return identity.error();
  return {};
}

/// A member without its IDENTITY is not what a try has left: it may have the only copy of
/// something.
Result<void> check_nobody_ran(FileSystem& files, const std::string& directory) {
  if (!StateFiles(files, directory).has_booted()) return {};
  return Error{ErrorCode::corrupt, directory + ": " + std::string(kIdentityName) + " is missing; " +
                                       std::string(kRejoinAdvice)};
}

/// Clears away what a try that did not come to its end has left.
Result<void> remove_remnants(FileSystem& files, const std::string& directory,
                             const std::string& log_directory) {
  for (const char* const name : {"BOOT", "HARD.0", "HARD.1", "META.0", "META.1", "REFUSED"})
    if (auto removed = remove_if_there(files, joined(directory, name)); !removed) return removed;
  const auto listing = list_segments(files, log_directory);
  if (!listing) return listing.error();
  for (const std::string& name : listing->unfinished)
    if (auto removed = files.remove(joined(log_directory, name)); !removed) return removed;
  for (const SegmentName& name : listing->segments)
    if (auto removed = files.remove(joined(log_directory, to_string(name))); !removed)
      return removed;
  return files.sync_directory(log_directory);
}

Result<void> write_founding_log(FileSystem& files, const std::string& log_directory,
                                const NewMember& member, const LogOptions& options) {
  const SegmentName first{kFirstGeneration, FileSeq(1)};
  auto segment = make_segment(files, log_directory, first, options.first_segment_bytes, {});
  if (!segment) return segment.error();
  SpareSegments no_spares(files, log_directory, first, {}, {});
  SegmentWriter writer({kFirstGeneration, member.salt, {}}, {*std::move(segment), 0, {}, {}, false},
                       no_spares);
  const EntryRun entries = founding_entries(member);
  if (auto done = writer.append(entries); !done) return done;
  if (auto done = writer.sync(); !done) return done;
  return writer.seal();
}

}  // namespace

Result<void> initialise(FileSystem& files, const std::string& directory, const NewMember& member,
                        const LogOptions& options) {
  if (auto made = make_directory_durably(files, directory); !made) return made;
  const auto lock = files.lock(directory);
  if (!lock) return lock.error();
  if (auto free = check_no_member(files, directory); !free) return free;
  if (auto free = check_nobody_ran(files, directory); !free) return free;
  const std::string log_directory = joined(directory, kLogDirectory);
  if (auto made = make_directory_durably(files, log_directory); !made) return made;
  if (auto removed = remove_remnants(files, directory, log_directory); !removed) return removed;
  StateFiles state_files(files, directory);
  const Meta meta{kFirstGeneration, member.salt, member.base, StateGeneration(1), false};
  if (auto done = state_files.create(first_hard_state(member), meta); !done) return done;
  if (member.founding_view)
    if (auto done = write_founding_log(files, log_directory, member, options); !done) return done;
  return state_files.write_identity(member.identity);
}

model::RestoredState first_state(const NewMember& member) {
  model::RestoredState state;
  state.identity = member.identity;
  state.boot = model::BootSeq(1);
  state.hard_state = first_hard_state(member);
  state.log.base = member.base;
  if (!member.founding_view) return state;
  const EntryRun entries = founding_entries(member);
  state.log.head = entries.head();
  state.log.epochs = {
      {founding_epoch(member), entries.first_index(), entries.last_index(), entries.head().hash}};
  state.log.views = {{*member.founding_view, entries.head().position}};
  state.log.tail = {entries};
  return state;
}

}  // namespace gms::log
