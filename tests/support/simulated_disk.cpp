#include "tests/support/simulated_disk.hpp"

#include <algorithm>
#include <utility>

namespace tests {
namespace {

using gms::log::Access;
using gms::log::DirectoryLock;
using gms::log::File;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

constexpr std::size_t kSector = 512;

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

/// Where the machine's own directories are, which are always there.
bool is_root(const std::string& path) {
  return path == "." || path.empty() || path == "/";
}

Error io_error(const std::string& what) {
  return {ErrorCode::io, what};
}

}  // namespace

class SimulatedDisk::OpenFile final : public File {
 public:
  OpenFile(SimulatedDisk& disk, InodeId inode, std::string path)
      : disk_(disk), inode_(inode), path_(std::move(path)), life_(disk.life_) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    const std::lock_guard guard(disk_.mutex_);
    if (auto alive = check(); !alive) return alive.error();
    const Inode& inode = *disk_.inodes_.at(inode_);
    if (offset >= inode.size) return std::size_t{0};
    const std::size_t count = std::min<std::uint64_t>(into.size(), inode.size - offset);
    for (std::size_t done = 0; done < count;) {
      const std::size_t at = (offset + done) % kSector;
      const std::size_t step = std::min(kSector - at, count - done);
      const std::size_t slot = (offset + done) / kSector;
      const Sector* const sector =
          slot < inode.slots.size() ? inode.slots[slot].cached.get() : nullptr;
      if (sector == nullptr) {
        std::fill_n(into.begin() + static_cast<std::ptrdiff_t>(done), step, std::byte{0});
      } else {
        std::copy_n(sector->begin() + at, step, into.begin() + static_cast<std::ptrdiff_t>(done));
      }
      done += step;
    }
    return count;
  }

  Result<void> write_at(std::uint64_t offset, std::span<const ByteSpan> pieces) override {
    const std::lock_guard guard(disk_.mutex_);
    Bytes whole;
    for (const ByteSpan piece : pieces) whole.insert(whole.end(), piece.begin(), piece.end());
    const bool fails = strikes(disk_.write_fault_, path_);
    if (fails) whole.resize(whole.size() / 2);
    if (auto ready = begin_write(offset + whole.size()); !ready) return ready;
    put(disk_.writable(inode_), offset, whole);
    return fails ? Result<void>(io_error("simulated write error on " + path_)) : Result<void>();
  }

  Result<void> write_zeros(std::uint64_t offset, std::uint64_t bytes) override {
    const std::lock_guard guard(disk_.mutex_);
    if (strikes(disk_.write_fault_, path_)) return io_error("simulated write error on " + path_);
    if (auto ready = begin_write(offset + bytes); !ready) return ready;
    put_zeros(disk_.writable(inode_), offset, bytes);
    return {};
  }

  Result<void> sync() override {
    const std::lock_guard guard(disk_.mutex_);
    if (auto alive = check(); !alive) return alive;
    if (auto begun = disk_.begin_change(); !begun) return begun;
    ++disk_.syncs_;
    Inode& inode = disk_.writable(inode_);
    const bool fails = strikes(disk_.sync_fault_, path_);
    for (const std::size_t number : inode.unsynced) {
      Slot& slot = inode.slots[number];
      slot.unsynced = false;
      if (!fails) slot.durable = slot.cached;
    }
    if (fails) {
      inode.missed.insert(inode.missed.end(), inode.unsynced.begin(), inode.unsynced.end());
    } else {
      inode.durable_size = inode.size;
    }
    inode.unsynced.clear();
    return fails ? Result<void>(io_error("simulated sync error on " + path_)) : Result<void>();
  }

  Result<std::uint64_t> size() override {
    const std::lock_guard guard(disk_.mutex_);
    if (auto alive = check(); !alive) return alive.error();
    return disk_.inodes_.at(inode_)->size;
  }

  Result<std::uint64_t> next_data(std::uint64_t offset) override {
    const std::lock_guard guard(disk_.mutex_);
    if (auto alive = check(); !alive) return alive.error();
    const Inode& inode = *disk_.inodes_.at(inode_);
    for (std::size_t slot = offset / kSector; slot < inode.slots.size(); ++slot)
      if (inode.slots[slot].cached != nullptr)
        return std::max<std::uint64_t>(offset, slot * kSector);
    return inode.size;
  }

 private:
  [[nodiscard]] Result<void> check() const {
    if (life_ != disk_.life_) return io_error(path_ + " was opened in an earlier life");
    if (disk_.changes_left_ == 0) return io_error("no power");
    return {};
  }

  [[nodiscard]] Result<void> begin_write(std::uint64_t end) {
    if (auto alive = check(); !alive) return alive;
    if (auto begun = disk_.begin_change(); !begun) return begun;
    return disk_.grow(disk_.writable(inode_), end);
  }

  SimulatedDisk& disk_;
  InodeId inode_;
  std::string path_;
  std::uint64_t life_;
};

class SimulatedDisk::Lock final : public DirectoryLock {
 public:
  Lock(SimulatedDisk& disk, std::string path)
      : disk_(disk), path_(std::move(path)), life_(disk.life_) {}
  ~Lock() override {
    const std::lock_guard guard(disk_.mutex_);
    if (life_ == disk_.life_) disk_.locked_.erase(path_);
  }

 private:
  SimulatedDisk& disk_;
  std::string path_;
  std::uint64_t life_;
};

std::unique_ptr<SimulatedDisk> SimulatedDisk::image() const {
  const std::lock_guard guard(mutex_);
  auto copy = std::make_unique<SimulatedDisk>();
  owned_.clear();
  copy->inodes_ = inodes_;
  copy->next_inode_ = next_inode_;
  copy->names_ = names_;
  copy->durable_names_ = durable_names_;
  copy->unsynced_names_ = unsynced_names_;
  copy->capacity_ = capacity_;
  return copy;
}

Result<std::unique_ptr<File>> SimulatedDisk::create(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_change(); !begun) return begun.error();
  if (auto fresh = check_new(path); !fresh) return fresh.error();
  add(path);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, names_.at(path), path));
}

Result<std::unique_ptr<File>> SimulatedDisk::open(const std::string& path, Access) {
  const std::lock_guard guard(mutex_);
  const auto inode = find(path);
  if (!inode) return inode.error();
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, *inode, path));
}

Result<void> SimulatedDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_change(); !begun) return begun;
  if (const auto inode = find(from); !inode) return inode.error();
  change_names({NameChange::Kind::rename, from, 0, to});
  return {};
}

Result<void> SimulatedDisk::remove(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_change(); !begun) return begun;
  if (const auto inode = find(path); !inode) return inode.error();
  change_names({NameChange::Kind::remove, path, 0, {}});
  return {};
}

Result<void> SimulatedDisk::make_directory(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_change(); !begun) return begun;
  if (auto fresh = check_new(path); !fresh) return fresh;
  add(path);
  return {};
}

Result<void> SimulatedDisk::sync_directory(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (auto begun = begin_change(); !begun) return begun;
  if (!is_root(path))
    if (const auto inode = find(path); !inode) return inode.error();
  ++syncs_;
  if (strikes(sync_fault_, path)) return io_error("simulated sync error on " + path);
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    if (directory_of(change.path) != path) return false;
    apply(change, durable_names_);
    return true;
  });
  return {};
}

Result<std::vector<std::string>> SimulatedDisk::list(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const auto inode = find(path); !inode) return inode.error();
  std::vector<std::string> names;
  const std::string prefix = path + "/";
  for (auto at = names_.lower_bound(prefix); at != names_.end() && at->first.starts_with(prefix);
       ++at)
    if (directory_of(at->first) == path) names.push_back(at->first.substr(prefix.size()));
  return names;
}

Result<std::uint64_t> SimulatedDisk::free_bytes(const std::string&) {
  const std::lock_guard guard(mutex_);
  if (!capacity_) return std::uint64_t{1} << 40;
  const std::uint64_t used = used_bytes();
  return *capacity_ > used ? *capacity_ - used : 0;
}

Result<std::unique_ptr<DirectoryLock>> SimulatedDisk::lock(const std::string& path) {
  const std::lock_guard guard(mutex_);
  if (const auto inode = find(path); !inode) return inode.error();
  if (!locked_.insert(path).second)
    return Error{ErrorCode::conflict, path + " is in use by another process"};
  return std::unique_ptr<DirectoryLock>(std::make_unique<Lock>(*this, path));
}

void SimulatedDisk::end_process() {
  const std::lock_guard guard(mutex_);
  void_handles();
}

void SimulatedDisk::lose_power(Unsynced fate) {
  // The draws of resolve() and lose_power() below: 0 loses, 1 keeps.
  lose_power([fate] { return fate == Unsynced::lost ? 0U : 1U; });
}

void SimulatedDisk::lose_power(const RandomBits& random) {
  const std::lock_guard guard(mutex_);
  void_handles();
  for (const NameChange& change : unsynced_names_)
    if (random() % 2 == 1) apply(change, durable_names_);
  unsynced_names_.clear();
  names_ = durable_names_;
  drop_orphans();
  for (const auto& [id, shared] : inodes_) {
    const bool is_clean = shared->unsynced.empty() && shared->missed.empty();
    if (!is_clean || shared->size != shared->durable_size) resolve(writable(id), random);
  }
}

void SimulatedDisk::resolve(Inode& inode, const RandomBits& random) {
  for (const std::size_t number : inode.unsynced) {
    Slot& slot = inode.slots[number];
    const std::uint64_t draw = random();
    slot.unsynced = false;
    const bool is_torn = draw % 4 == 3;
    if (is_torn) {
      auto torn = std::make_shared<Sector>(slot.durable ? *slot.durable : Sector{});
      const std::size_t written = draw / 4 % kSector;
      const Sector now = slot.cached ? *slot.cached : Sector{};
      std::copy_n(now.begin(), written, torn->begin());
      slot.durable = std::move(torn);
    } else if (draw % 4 == 1) {
      slot.durable = slot.cached;
    }
    const bool is_lost = draw % 4 == 0 || draw % 4 == 2;
    if (!is_lost)
      inode.durable_size =
          std::max(inode.durable_size, std::min(inode.size, (number + 1) * kSector));
    slot.cached = slot.durable;
  }
  for (const std::size_t number : inode.missed)
    inode.slots[number].cached = inode.slots[number].durable;
  inode.unsynced.clear();
  inode.missed.clear();
  inode.size = inode.durable_size;
}

void SimulatedDisk::drop_orphans() {
  std::erase_if(names_, [this](const auto& entry) {
    std::string directory = directory_of(entry.first);
    while (!is_root(directory)) {
      if (!names_.contains(directory)) return true;
      directory = directory_of(directory);
    }
    return false;
  });
  durable_names_ = names_;
  std::set<InodeId> named;
  for (const auto& [path, inode] : names_) named.insert(inode);
  std::erase_if(inodes_, [&](const auto& entry) { return !named.contains(entry.first); });
}

void SimulatedDisk::void_handles() {
  ++life_;
  locked_.clear();
  changes_left_.reset();
  sync_fault_.reset();
  write_fault_.reset();
}

void SimulatedDisk::fail_sync(std::string path_part, std::uint64_t skip) {
  const std::lock_guard guard(mutex_);
  sync_fault_ = Fault{std::move(path_part), skip};
}

void SimulatedDisk::fail_write(std::string path_part, std::uint64_t skip) {
  const std::lock_guard guard(mutex_);
  write_fault_ = Fault{std::move(path_part), skip};
}

void SimulatedDisk::cut_power_after(std::uint64_t changes) {
  const std::lock_guard guard(mutex_);
  // The last of them still happens.
  changes_left_ = changes + 1;
}

void SimulatedDisk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard guard(mutex_);
  capacity_ = bytes;
}

void SimulatedDisk::damage(const std::string& path, std::uint64_t offset, ByteSpan bytes) {
  const std::lock_guard guard(mutex_);
  Inode& inode = writable(names_.at(path));
  GMS_ASSERT(offset + bytes.size() <= inode.size, "SimulatedDisk::damage");
  const std::vector<std::size_t> unsynced = inode.unsynced;
  put(inode, offset, bytes);
  for (std::size_t number = offset / kSector; number * kSector < offset + bytes.size(); ++number) {
    inode.slots[number].durable = inode.slots[number].cached;
    inode.slots[number].unsynced = false;
  }
  inode.unsynced.clear();
  for (const std::size_t number : unsynced)
    if (inode.slots[number].unsynced) inode.unsynced.push_back(number);
}

void SimulatedDisk::flip_bit(const std::string& path, std::uint64_t offset, unsigned bit) {
  const std::byte flipped = content(path).at(offset) ^ static_cast<std::byte>(1U << bit);
  damage(path, offset, {&flipped, 1});
}

Bytes SimulatedDisk::content(const std::string& path) const {
  const std::lock_guard guard(mutex_);
  const Inode& inode = *inodes_.at(names_.at(path));
  Bytes out(inode.size);
  for (std::size_t number = 0; number < inode.slots.size(); ++number) {
    const SectorRef& sector = inode.slots[number].cached;
    const std::size_t at = number * kSector;
    if (sector == nullptr || at >= out.size()) continue;
    std::copy_n(sector->begin(), std::min(kSector, out.size() - at),
                out.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return out;
}

std::uint64_t SimulatedDisk::sync_count() const {
  const std::lock_guard guard(mutex_);
  return syncs_;
}

std::uint64_t SimulatedDisk::change_count() const {
  const std::lock_guard guard(mutex_);
  return changes_;
}

Result<void> SimulatedDisk::begin_change() {
  if (changes_left_ && *changes_left_ > 0) --*changes_left_;
  if (changes_left_ == 0) return io_error("no power");
  ++changes_;
  return {};
}

Result<SimulatedDisk::InodeId> SimulatedDisk::find(const std::string& path) const {
  if (changes_left_ == 0) return io_error("no power");
  const auto at = names_.find(path);
  if (at == names_.end()) return Error{ErrorCode::not_found, path + " is not there"};
  return at->second;
}

Result<void> SimulatedDisk::check_new(const std::string& path) const {
  if (names_.contains(path)) return Error{ErrorCode::conflict, path + " is there already"};
  const std::string directory = directory_of(path);
  if (is_root(directory)) return {};
  if (const auto inode = find(directory); !inode) return inode.error();
  return {};
}

void SimulatedDisk::add(const std::string& path) {
  const InodeId id = next_inode_++;
  inodes_[id] = std::make_shared<Inode>();
  owned_.insert(id);
  change_names({NameChange::Kind::create, path, id, {}});
}

void SimulatedDisk::change_names(NameChange change) {
  apply(change, names_);
  unsynced_names_.push_back(std::move(change));
}

void SimulatedDisk::apply(const NameChange& change, Names& names) {
  switch (change.kind) {
    case NameChange::Kind::create: names[change.path] = change.inode; break;
    case NameChange::Kind::remove: names.erase(change.path); break;
    case NameChange::Kind::rename: {
      // Its source may never have become durable.
      const auto from = names.find(change.path);
      if (from == names.end()) break;
      const InodeId inode = from->second;
      names.erase(from);
      names[change.to] = inode;
      break;
    }
  }
}

SimulatedDisk::Inode& SimulatedDisk::writable(InodeId inode) {
  std::shared_ptr<Inode>& shared = inodes_.at(inode);
  if (owned_.insert(inode).second) shared = std::make_shared<Inode>(*shared);
  return *shared;
}

Result<void> SimulatedDisk::grow(Inode& inode, std::uint64_t size) {
  if (size <= inode.size) return {};
  if (capacity_ && used_bytes() + (size - inode.size) > *capacity_)
    return Error{ErrorCode::busy, "simulated disk: no space left"};
  inode.size = size;
  return {};
}

std::uint64_t SimulatedDisk::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& [path, inode] : names_) used += inodes_.at(inode)->size;
  return used;
}

bool SimulatedDisk::strikes(std::optional<Fault>& fault, const std::string& path) {
  if (!fault || path.find(fault->path_part) == std::string::npos) return false;
  if (fault->skip > 0) {
    --fault->skip;
    return false;
  }
  fault.reset();
  return true;
}

void SimulatedDisk::put(Inode& inode, std::uint64_t offset, ByteSpan bytes) {
  while (!bytes.empty()) {
    const std::size_t number = offset / kSector;
    const std::size_t at = offset % kSector;
    const std::size_t step = std::min(kSector - at, bytes.size());
    if (inode.slots.size() <= number) inode.slots.resize(number + 1);
    const SectorRef& before = inode.slots[number].cached;
    auto sector = std::make_shared<Sector>(before ? *before : Sector{});
    std::copy_n(bytes.begin(), step, sector->begin() + at);
    set(inode, number, std::move(sector));
    offset += step;
    bytes = bytes.subspan(step);
  }
}

void SimulatedDisk::put_zeros(Inode& inode, std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t end = std::min<std::uint64_t>(offset + bytes, inode.slots.size() * kSector);
  while (offset < end) {
    const std::size_t number = offset / kSector;
    const std::uint64_t sector_end = (number + 1) * kSector;
    if (offset % kSector == 0 && sector_end <= end) {
      if (inode.slots[number].cached != nullptr) set(inode, number, nullptr);
    } else {
      const Sector zeros{};
      put(inode, offset, ByteSpan(zeros).first(std::min(end, sector_end) - offset));
    }
    offset = sector_end;
  }
}

void SimulatedDisk::set(Inode& inode, std::size_t slot, SectorRef content) {
  Slot& changed = inode.slots[slot];
  changed.cached = std::move(content);
  if (std::exchange(changed.unsynced, true)) return;
  inode.unsynced.push_back(slot);
}

}  // namespace tests
