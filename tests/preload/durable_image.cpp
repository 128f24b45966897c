#include "tests/preload/durable_image.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "tests/preload/real_calls.hpp"

namespace tests::preload {
namespace {

using Page = std::array<std::byte, kPageBytes>;

/// A file by its own number, closed at the end.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : number_(real().open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (number_ < 0) give_up("cannot open " + path);
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] std::size_t read(std::uint64_t page, Page& into) const {
    const ssize_t got =
        real().read_at(number_, into.data(), into.size(), static_cast<off_t>(page * kPageBytes));
    if (got < 0) give_up("cannot read a page");
    return static_cast<std::size_t>(got);
  }
  void write(std::uint64_t page, const Page& from, std::size_t bytes) const {
    const ssize_t wrote =
        real().write_at(number_, from.data(), bytes, static_cast<off_t>(page * kPageBytes));
    if (wrote != static_cast<ssize_t>(bytes)) give_up("cannot write a page of the image");
  }
  void resize(std::uint64_t bytes) const {
    if (real().truncate(number_, static_cast<off_t>(bytes)) != 0) give_up("cannot resize an image");
  }

 private:
  int number_;
};

std::string content_of(const OpenFile& file) {
  return file.disk.content() + "/" + file.inode.id;
}

std::string lost_of(const OpenFile& file) {
  return file.disk.lost() + "/" + file.inode.id;
}

std::uint64_t pages_of(const OpenFile& file) {
  return (file.inode.bytes + kPageBytes - 1) / kPageBytes;
}

void copy_page(const Descriptor& from, const Descriptor& to, std::uint64_t page) {
  Page bytes;
  if (const std::size_t got = from.read(page, bytes); got > 0) to.write(page, bytes, got);
}

bool is_same(const Descriptor& one, const Descriptor& other, std::uint64_t page) {
  Page ones{};
  Page others{};
  return one.read(page, ones) == other.read(page, others) && ones == others;
}

}  // namespace

DurableImage::Known& DurableImage::known(const OpenFile& file) {
  const auto [place, is_new] = files_.try_emplace(content_of(file));
  if (is_new) {
    file.disk.prepare();
    std::ifstream lost(lost_of(file));
    for (std::uint64_t page = 0; lost >> page;) place->second.lost.insert(page);
  }
  return place->second;
}

void DurableImage::save_lost(const OpenFile& file, const Known& known) {
  std::ofstream lost(lost_of(file), std::ios::trunc);
  for (const std::uint64_t page : known.lost) lost << page << '\n';
}

void DurableImage::wrote(const OpenFile& file, std::uint64_t offset, std::uint64_t bytes) {
  if (bytes == 0) return;
  const std::lock_guard held(mutex_);
  Known& about = known(file);
  bool regained = false;
  for (std::uint64_t page = offset / kPageBytes; page <= (offset + bytes - 1) / kPageBytes;
       ++page) {
    if (!about.is_whole) about.dirty.insert(page);
    if (about.lost.erase(page) > 0) regained = true;
  }
  if (regained) save_lost(file, about);
}

void DurableImage::changed(const OpenFile& file) {
  const std::lock_guard held(mutex_);
  known(file).is_whole = true;
}

void DurableImage::synced(const OpenFile& file) {
  const std::lock_guard held(mutex_);
  Known& about = known(file);
  if (file.inode.kind == Inode::Kind::directory) {
    if (!record_names(path_of_open(file.number), file.disk.names() + "/" + file.inode.id))
      give_up("cannot record the names in " + file.path);
    return;
  }
  const Descriptor from(path_of_open(file.number), O_RDONLY);
  const Descriptor to(content_of(file), O_RDWR | O_CREAT);
  to.resize(file.inode.bytes);
  if (about.is_whole) {
    for (std::uint64_t page = 0; page < pages_of(file); ++page)
      if (!about.lost.contains(page)) copy_page(from, to, page);
  } else {
    for (const std::uint64_t page : about.dirty) copy_page(from, to, page);
  }
  about.dirty.clear();
  about.is_whole = false;
}

void DurableImage::sync_failed(const OpenFile& file) {
  if (file.inode.kind == Inode::Kind::directory) return;
  const std::lock_guard held(mutex_);
  Known& about = known(file);
  const Descriptor from(path_of_open(file.number), O_RDONLY);
  const Descriptor to(content_of(file), O_RDWR | O_CREAT);
  for (std::uint64_t page = 0; page < pages_of(file); ++page)
    if (!is_same(from, to, page)) about.lost.insert(page);
  save_lost(file, about);
  about.dirty.clear();
  about.is_whole = false;
}

}  // namespace tests::preload
