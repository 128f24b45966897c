#include "gms/log/state_files.hpp"

#include <algorithm>
#include <utility>

namespace gms::log {
namespace {

using model::BootSeq;
using model::Bytes;
using model::ByteSpan;
using model::Error;
using model::ErrorCode;
using model::HardState;
using model::Identity;
using model::Result;

constexpr std::string_view kRefusedName = "REFUSED";
/// The second slot of BOOT stands in another page, which is damaged apart from the first.
constexpr std::uint64_t kSecondBootSlot = 4096;

Error corrupt(const std::string& what) {
  return {ErrorCode::corrupt, what + "; " + std::string(kRejoinAdvice)};
}

/// The content of a file that holds one record; nothing in it if it is damaged.
Result<std::optional<CheckedRecord>> read_record_file(FileSystem& files, const std::string& path,
                                                      RecordKind kind) {
  auto file = files.open(path, Access::read);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  Bytes bytes(std::min<std::uint64_t>(*size, kRecordBytesMax));
  const auto got = (*file)->read_at(0, bytes);
  if (!got) return got.error();
  return decode_record(kind, ByteSpan(bytes).first(got.value()));
}

}  // namespace

StateFiles::StateFiles(FileSystem& files, std::string directory)
    : files_(files),
      directory_(std::move(directory)),
      boot_{TwinRecord(
                files, RecordKind::boot,
                {{{joined(directory_, "BOOT"), 0}, {joined(directory_, "BOOT"), kSecondBootSlot}}}),
            {},
            0},
      hard_state_{
          TwinRecord(files, RecordKind::hard_state,
                     {{{joined(directory_, "HARD.0"), 0}, {joined(directory_, "HARD.1"), 0}}}),
          {},
          0},
      meta_{TwinRecord(files, RecordKind::meta,
                       {{{joined(directory_, "META.0"), 0}, {joined(directory_, "META.1"), 0}}}),
            {},
            0} {}

Result<StoredState> StateFiles::read() {
  StoredState state;
  auto identity = read_identity();
  if (!identity) return identity.error();
  state.identity = *std::move(identity);
  if (auto allowed = check_not_refused(); !allowed) return allowed.error();
  const auto boot = read_next_boot();
  if (!boot) return boot.error();
  state.next_boot = *boot;
  const auto hard_state_bytes = read_twin(hard_state_, "HARD");
  if (!hard_state_bytes) return hard_state_bytes.error();
  const auto hard_state = decode_hard_state(*hard_state_bytes);
  if (!hard_state) return hard_state.error();
  state.hard_state = *hard_state;
  const auto meta_bytes = read_twin(meta_, "META");
  if (!meta_bytes) return meta_bytes.error();
  auto meta = decode_meta(*meta_bytes);
  if (!meta) return meta.error();
  state.meta = *std::move(meta);
  return state;
}

Result<void> StateFiles::check_not_refused() {
  const std::string path = joined(directory_, kRefusedName);
  const auto record = read_record_file(files_, path, RecordKind::refusal);
  if (!record && record.error().code == ErrorCode::not_found) return {};
  // An unreadable marker still says no.
  const std::string reason = record && *record ? std::string(model::as_text((*record)->content))
                                               : std::string("unreadable");
  return corrupt(path + " says that this incarnation must not start again: " + reason);
}

Result<Identity> StateFiles::read_identity() {
  const std::string path = joined(directory_, kIdentityName);
  const auto record = read_record_file(files_, path, RecordKind::identity);
  if (!record) {
    if (record.error().code != ErrorCode::not_found) return record.error();
    return Error{ErrorCode::not_found, directory_ + " is not a member's data directory"};
  }
  if (!*record) return corrupt(path + " is damaged");
  return decode_identity((*record)->content);
}

Result<BootSeq> StateFiles::read_next_boot() {
  const TwinCopies copies = boot_.record.read();
  const CheckedRecord* const newest = copies.newest();
  if (newest == nullptr) return corrupt(joined(directory_, "BOOT") + " has no readable slot");
  boot_.first_to_rewrite = copies.first_to_rewrite();
  // The unreadable slot may have held the number after the readable one's.
  return BootSeq(newest->version.value() + (copies.both_readable() ? 1 : 2));
}

Result<Bytes> StateFiles::read_twin(Twin& twin, std::string_view name) {
  const TwinCopies copies = twin.record.read();
  const CheckedRecord* const newest = copies.newest();
  if (newest == nullptr)
    return corrupt(joined(directory_, name) + ".0 and .1 are both missing or damaged");
  twin.version = newest->version;
  twin.first_to_rewrite = copies.first_to_rewrite();
  return newest->content;
}

bool StateFiles::has_booted() {
  const TwinCopies copies = boot_.record.read();
  const CheckedRecord* const newest = copies.newest();
  return newest != nullptr && newest->version > RecordVersion();
}

Result<void> StateFiles::create(const HardState& hard_state, const Meta& meta) {
  if (auto done = boot_.record.write({}, {}, 0); !done) return done;
  if (auto done = write_twin(hard_state_, encode(hard_state)); !done) return done;
  if (auto done = write_twin(meta_, encode(meta)); !done) return done;
  return files_.sync_directory(directory_);
}

Result<void> StateFiles::rewrite(const StoredState& state) {
  const RecordVersion boot(state.next_boot.value());
  if (auto done = boot_.record.write(boot, {}, boot_.first_to_rewrite); !done) return done;
  if (auto done = write_twin(hard_state_, encode(state.hard_state)); !done) return done;
  if (auto done = write_twin(meta_, encode(state.meta)); !done) return done;
  // Also syncs the directory, in which a missing copy was made anew.
  return write_identity(state.identity);
}

Result<void> StateFiles::write_twin(Twin& twin, ByteSpan content) {
  const std::size_t first = std::exchange(twin.first_to_rewrite, 0);
  return twin.record.write(++twin.version, content, first);
}

Result<void> StateFiles::write_identity(const Identity& identity) {
  return replace_file(kIdentityName, RecordKind::identity, encode(identity));
}

Result<void> StateFiles::write_hard_state(const HardState& hard_state) {
  return write_twin(hard_state_, encode(hard_state));
}

Result<void> StateFiles::write_meta(const Meta& meta) {
  return write_twin(meta_, encode(meta));
}

Result<void> StateFiles::refuse(std::string_view reason) {
  return replace_file(kRefusedName, RecordKind::refusal, model::as_bytes(reason));
}

Result<void> StateFiles::replace_file(std::string_view name, RecordKind kind, ByteSpan content) {
  const std::string path = joined(directory_, name);
  const std::string temporary = path + ".new";
  if (auto removed = files_.remove(temporary);
      !removed && removed.error().code != ErrorCode::not_found)
    return removed;
  auto file = files_.create(temporary);
  if (!file) return file.error();
  const Bytes bytes = encode_record(kind, RecordVersion(1), content);
  const ByteSpan piece(bytes);
  if (auto written = (*file)->write_at(0, {&piece, 1}); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto renamed = files_.rename(temporary, path); !renamed) return renamed;
  return files_.sync_directory(directory_);
}

}  // namespace gms::log
