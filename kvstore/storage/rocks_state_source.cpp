#include "kvstore/storage/rocks_state_source.hpp"

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "gms/model/assert.hpp"

namespace kvstore::storage {

using gms::model::Result;
using gms::model::StatePart;
using gms::model::StateSource;
namespace fs = std::filesystem;

Result<std::unique_ptr<StateSource>> RocksStateSource::open(fs::path directory, Chores& chores) {
  std::unique_ptr<RocksStateSource> source(new RocksStateSource(std::move(directory), chores));
  if (auto listed = source->list(); !listed) return listed.error();
  return std::unique_ptr<StateSource>(std::move(source));
}

RocksStateSource::~RocksStateSource() {
  remove_later(chores_, std::move(directory_));
}

Result<void> RocksStateSource::list() {
  std::error_code failed;
  for (fs::directory_iterator at(directory_, failed), end; !failed && at != end;
       at.increment(failed)) {
    const std::uint64_t bytes = at->file_size(failed);
    if (failed) break;
    parts_.push_back({at->path().filename().string(), bytes});
  }
  if (failed) return file_error("list", directory_, failed);
  std::ranges::sort(parts_, {}, &StatePart::name);
  return {};
}

std::string RocksStateSource::path_of(std::size_t part) const {
  return (directory_ / parts_[part].name).string();
}

Result<std::size_t> RocksStateSource::read(std::size_t part, std::uint64_t offset,
                                           std::span<std::byte> into) {
  GMS_ASSERT(part < parts_.size(), "StateSource::read: a part that is there");
  if (!file_.is_open() || opened_ != part) {
    auto file = RocksDescriptor::open(path_of(part), O_RDONLY);
    if (!file) return file.error();
    file_ = *std::move(file);
    opened_ = part;
  }
  const std::uint64_t bytes = parts_[part].bytes;
  const std::uint64_t left = bytes - std::min(offset, bytes);
  return read_at(file_, path_of(part), offset,
                 into.first(std::min<std::uint64_t>(left, into.size())));
}

void remove_later(Chores& chores, fs::path directory) {
  chores.add([directory = std::move(directory)] {
    // What cannot be removed goes at the next start.
    std::error_code ignored;
    fs::remove_all(directory, ignored);
  });
}

}  // namespace kvstore::storage
