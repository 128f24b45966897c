#include "tests/preload/disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string_view>

namespace tests::preload {

std::optional<Disk> Disk::of(const std::string& root, const std::string& path) {
  constexpr std::string_view kData = "/data";
  if (root.empty() || !path.starts_with(root + "/")) return std::nullopt;
  const std::size_t at = (path + "/").find(std::string(kData) + "/", root.size());
  if (at == std::string::npos) return std::nullopt;
  return Disk(path.substr(0, at));
}

void Disk::prepare() const {
  for (const std::string& path : {records(), content(), names(), lost()})
    ::mkdir(path.c_str(), 0755);
}

std::optional<Inode> inode_at(int directory, const char* name) {
  struct statx about{};
  const int flags = AT_SYMLINK_NOFOLLOW | (*name == '\0' ? AT_EMPTY_PATH : 0);
  constexpr unsigned kWanted = STATX_INO | STATX_BTIME | STATX_TYPE | STATX_SIZE;
  if (::statx(directory, name, flags, kWanted, &about) != 0) return std::nullopt;
  Inode inode;
  // The number of a file that is gone is used again: the time of its birth tells them apart.
  inode.id = std::to_string(about.stx_ino) + "-" + std::to_string(about.stx_btime.tv_sec) + "." +
             std::to_string(about.stx_btime.tv_nsec);
  if (S_ISREG(about.stx_mode)) inode.kind = Inode::Kind::file;
  if (S_ISDIR(about.stx_mode)) inode.kind = Inode::Kind::directory;
  inode.bytes = about.stx_size;
  return inode;
}

bool record_names(const std::string& path, const std::string& record) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
  if (directory == nullptr) return false;
  const std::string unfinished = record + ".new";
  std::ofstream out(unfinished, std::ios::trunc);
  while (const dirent* const entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const auto inode = inode_at(::dirfd(directory.get()), entry->d_name);
    if (!inode || inode->kind == Inode::Kind::other) continue;
    out << (inode->kind == Inode::Kind::file ? 'f' : 'd') << ' ' << inode->id << ' ' << name
        << '\n';
  }
  out.close();
  return out && std::rename(unfinished.c_str(), record.c_str()) == 0;
}

}  // namespace tests::preload
