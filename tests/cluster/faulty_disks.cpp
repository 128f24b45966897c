#include "tests/cluster/faulty_disks.hpp"

#include <fcntl.h>
#include <signal.h>

#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using preload::Disk;
namespace fs = std::filesystem;

/// What programs of this build are to load first.
std::string preloaded() {
  const std::string runtime = GROUPKV_SANITIZER_RUNTIME;
  const std::string library = FaultyDisks::library().string();
  return runtime.empty() ? library : runtime + ":" + library;
}

Disk disk_of(const LocalGroup& group, const std::string& name) {
  return Disk((group.directory() / name).string());
}

std::string id_of(const fs::path& path) {
  const auto inode = preload::inode_at(AT_FDCWD, path.c_str());
  if (!inode) throw std::runtime_error("nothing is at " + path.string());
  return inode->id;
}

/// Makes the files and names again that were durable.
class Restoration {
 public:
  explicit Restoration(const Disk& disk) : disk_(disk) {}

  /// Fills the empty directory `into` with what the directory of this id had at its last sync.
  void restore(const std::string& id, const fs::path& into) {
    std::ifstream names(fs::path(disk_.names()) / id);
    std::string kind;
    std::string entry;
    while (names >> kind >> entry) {
      std::string name;
      std::getline(names.ignore(1), name);
      if (kind == "f") {
        restore_file(entry, into / name);
      } else {
        fs::create_directory(into / name);
        restore(entry, into / name);
      }
    }
  }

 private:
  void restore_file(const std::string& id, const fs::path& path) {
    const auto [first, is_new] = made_.try_emplace(id, path);
    const fs::path content = fs::path(disk_.content()) / id;
    if (!is_new)
      fs::create_hard_link(first->second, path);
    else if (fs::exists(content))
      fs::copy_file(content, path);
    else
      std::ofstream(path, std::ios::trunc).close();
  }

  const Disk& disk_;
  /// A file may have several names.
  std::map<std::string, fs::path> made_;
};

/// All that is there is durable.
void adopt(const Disk& disk, const fs::path& directory) {
  if (!preload::record_names(directory.string(), disk.names() + "/" + id_of(directory)))
    throw std::runtime_error("cannot record the names in " + directory.string());
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.is_directory())
      adopt(disk, entry.path());
    else
      fs::copy_file(entry.path(), fs::path(disk.content()) / id_of(entry.path()),
                    fs::copy_options::overwrite_existing);
  }
}

}  // namespace

void lose_unsynced(const Disk& disk) {
  const fs::path restored = disk.data() + ".restored";
  fs::create_directory(restored);
  Restoration(disk).restore(id_of(disk.data()), restored);
  fs::remove_all(disk.data());
  fs::rename(restored, disk.data());
  for (const std::string& records : {disk.content(), disk.names(), disk.lost()})
    fs::remove_all(records);
  disk.prepare();
  adopt(disk, disk.data());
}

FaultyDisks::FaultyDisks(const fs::path& parent)
    : parent_(fs::canonical(fresh_directory(parent))),
      library_("LD_PRELOAD", preloaded()),
      root_(preload::kRootVariable, parent_.string()) {}

FaultyDisks::~FaultyDisks() {
  if (is_kept_) return;
  std::error_code ignored;
  fs::remove_all(parent_, ignored);
}

fs::path FaultyDisks::library() {
  return fs::path(built("kvd")).parent_path().parent_path() / "lib" / "libkvd_faults.so";
}

void FaultyDisks::order(const LocalGroup& group, const std::string& name,
                        const std::string& rules) {
  const Disk disk = disk_of(group, name);
  fs::remove(disk.fired());
  // Those who read the rules see all of them, or those before.
  const fs::path unfinished = disk.rules() + ".new";
  std::ofstream(unfinished, std::ios::trunc) << rules << '\n';
  fs::rename(unfinished, disk.rules());
}

void FaultyDisks::mend(const LocalGroup& group, const std::string& name) {
  fs::remove(disk_of(group, name).rules());
}

bool FaultyDisks::wait_until_fired(const LocalGroup& group, const std::string& name,
                                   std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!fs::exists(disk_of(group, name).fired())) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

fs::path FaultyDisks::fired_at(const LocalGroup& group, const std::string& name) {
  constexpr std::string_view kBefore = " at ";
  const auto until = std::chrono::steady_clock::now() + 1s;
  while (std::chrono::steady_clock::now() < until) {
    const std::string fired = content_of(disk_of(group, name).fired());
    const std::size_t begin = fired.find(kBefore);
    const std::size_t end = fired.find('\n');
    // Whoever writes it may be in the middle of the line.
    if (begin < end && end != std::string::npos)
      return fired.substr(begin + kBefore.size(), end - begin - kBefore.size());
    std::this_thread::sleep_for(5ms);
  }
  throw std::runtime_error(name + " does not say which file its fault was of");
}

void FaultyDisks::power_off(const LocalGroup& group, const std::vector<std::string>& names) {
  std::vector<pid_t> processes;
  for (const std::string& name : names) processes.push_back(group.pid(name));
  for (const pid_t process : processes) ::kill(process, SIGKILL);
  for (const std::string& name : names) {
    if (!group.ends_within(name, 5s)) throw std::runtime_error(name + " goes on");
    lose_unsynced(disk_of(group, name));
  }
}

}  // namespace tests::cluster
