#include "kvstore/storage/rocks_state_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "gms/model/assert.hpp"
#include "kvstore/storage/rocks_state_source.hpp"

namespace kvstore::storage {

using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;
using gms::model::StatePart;
using gms::model::StateSink;

namespace {

/// So much is handed to the disk at a time; twice as much may be on its way.
constexpr std::uint64_t kWriteBackBytes = 2 * 1024 * 1024;

Error corrupt(std::string why) {
  return {ErrorCode::corrupt, std::move(why)};
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Such as RocksDB gives: no path, no hidden file, nothing that a terminal would not show.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= gms::model::kStatePartNameBytesMax && name[0] != '.' &&
         std::ranges::all_of(name, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
         });
}

}  // namespace

Result<void> check_parts(const std::vector<StatePart>& parts) {
  if (parts.size() > gms::model::kStatePartsMax)
    return corrupt("a state of " + std::to_string(parts.size()) + " files");
  std::set<std::string_view> names;
  std::uint64_t left = std::numeric_limits<std::int64_t>::max();
  for (const StatePart& part : parts) {
    if (!is_file_name(part.name)) return corrupt("a file of a state has a name that none has");
    if (!names.insert(part.name).second) return corrupt("two files of a state are " + part.name);
    if (part.bytes > left) return corrupt("a state that is larger than any disk");
    left -= part.bytes;
  }
  return {};
}

std::uint64_t total_bytes(const std::vector<StatePart>& parts) {
  std::uint64_t bytes = 0;
  for (const StatePart& part : parts) bytes += part.bytes;
  return bytes;
}

Result<std::unique_ptr<StateSink>> RocksStateSink::open(const Place& place,
                                                        std::vector<StatePart> parts) {
  std::unique_ptr<RocksStateSink> sink(new RocksStateSink(place, std::move(parts)));
  std::error_code failed;
  std::filesystem::create_directory(place.directory, failed);
  if (failed) return file_error("make", place.directory, failed);
  return std::unique_ptr<StateSink>(std::move(sink));
}

RocksStateSink::RocksStateSink(const Place& place, std::vector<StatePart> parts)
    : place_(place), parts_(std::move(parts)) {
  place_.is_alive = true;
}

RocksStateSink::~RocksStateSink() {
  if (!is_released_) remove_later(place_.chores, place_.directory);
  place_.is_alive = false;
}

Result<void> RocksStateSink::write(std::size_t part, std::uint64_t offset, ByteSpan bytes) {
  if (part >= parts_.size() || part + 1 < begun_)
    return corrupt("a state arrived out of order, at file " + std::to_string(part));
  if (auto there = go_to(part); !there) return there;
  if (offset != written_ || bytes.size() > current().bytes - written_)
    return corrupt("a state arrived out of order, in its file " + current().name);
  if (auto wrote = write_at(file_, path_, offset, bytes); !wrote) return wrote;
  written_ += bytes.size();
  return written_ - written_back_ >= kWriteBackBytes ? write_back() : Result<void>();
}

Result<void> RocksStateSink::finish() {
  if (!parts_.empty())
    if (auto there = go_to(parts_.size() - 1); !there) return there;
  if (auto completed = complete(); !completed) return completed;
  if (auto synced = sync_directory(place_.directory); !synced) return synced;
  is_finished_ = true;
  return {};
}

Result<void> RocksStateSink::go_to(std::size_t part) {
  while (begun_ <= part) {
    if (auto completed = complete(); !completed) return completed;
    if (auto begun = begin_next(); !begun) return begun;
  }
  return {};
}

Result<void> RocksStateSink::begin_next() {
  path_ = (place_.directory / parts_[begun_].name).string();
  auto file = RocksDescriptor::open(path_, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return file.error();
  file_ = *std::move(file);
  ++begun_;
  written_ = written_back_ = settled_ = 0;
  return {};
}

Result<void> RocksStateSink::complete() {
  if (!file_.is_open()) return {};
  if (written_ != current().bytes) return corrupt("a state arrived without all of " + path_);
  if (auto synced = sync(file_, path_); !synced) return synced;
  file_.close();
  return {};
}

Result<void> RocksStateSink::write_back() {
  const auto range = [this](std::uint64_t from, std::uint64_t to, unsigned flags) {
    return to == from || ::sync_file_range(file_.number(), static_cast<off_t>(from),
                                           static_cast<off_t>(to - from), flags) == 0;
  };
  // Starts on what is new, then waits for what was started the last time.
  constexpr unsigned kAndWait =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (!range(written_back_, written_, SYNC_FILE_RANGE_WRITE) ||
      !range(settled_, written_back_, kAndWait))
    return system_error("sync_file_range", path_);
  settled_ = std::exchange(written_back_, written_);
  return {};
}

}  // namespace kvstore::storage
