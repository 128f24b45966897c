#include <gmock/gmock.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <random>
#include <thread>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr std::uint64_t kMiB = 1024 * 1024;

/// Gives this process mounts of its own, which end with it and with those that it starts.
bool has_own_mounts() {
  const std::string user = std::to_string(::geteuid());
  const std::string users_group = std::to_string(::getegid());
  const bool is_root = user == "0";
  const int apart = is_root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS;
  if (::syscall(SYS_unshare, apart) != 0) return false;
  if (!is_root) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
    std::ofstream("/proc/self/gid_map") << "0 " + users_group + " 1";
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// A file system in memory of `bytes` at `path`; false where mounting is not allowed.
bool mount_disk(const std::filesystem::path& path, std::uint64_t bytes) {
  const std::string options = "mode=0755,size=" + std::to_string(bytes);
  return ::mount("tmpfs", path.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

/// A small disk: a file system in memory, or, where mounting is not allowed, a reserve that makes
/// the members take their disk for full after as much.
class SmallDisk {
 public:
  SmallDisk() : path_(fresh_directory()) {
    mounted_ = has_own_mounts() && mount_disk(path_, kBytes);
    std::uint64_t reserve = kReserve;
    if (!mounted_) {
      std::cout << "mounting is not allowed here: a large reserve stands in for a small disk\n";
      struct statvfs about{};
      ::statvfs(path_.c_str(), &about);
      reserve = about.f_bavail * about.f_frsize - (kBytes - kReserve);
    }
    ::testing::Test::RecordProperty("mounted", mounted_ ? 1 : 0);
    reserve_.emplace("KVD_LOG_DISK_RESERVE_BYTES", std::to_string(reserve));
    low_.emplace("KVD_LOG_DISK_LOW_BYTES", std::to_string(reserve + kUnderWay));
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] bool is_mounted() const { return mounted_; }
  void grow() const {
    ASSERT_EQ(::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, "size=256m"), 0);
  }

 private:
  static constexpr std::uint64_t kBytes = 192 * kMiB;
  /// For the copies that all three stores make when they set room free.
  static constexpr std::uint64_t kReserve = 64 * kMiB;
  /// For what comes to the disk of three members after puts are refused: two memtables and two
  /// segments each, as their own setting has it of one. With less, deletes may be refused too.
  static constexpr std::uint64_t kUnderWay = 3 * (2 * 4 + 2 * 2) * kMiB;

  std::filesystem::path path_;
  bool mounted_ = false;
  std::optional<Variable> reserve_;
  std::optional<Variable> low_;
};

/// Letters at random, the same for the same number: what no store can pack.
std::string noise(int number, std::size_t size) {
  std::minstd_rand random(static_cast<unsigned>(number) + 1);
  std::string text(size, ' ');
  for (char& letter : text) letter = static_cast<char>('a' + random() / 1024 % 26);
  return text;
}

/// Three replicas that share a small disk, and what was acknowledged.
class DiskFull : public ::testing::Test {
 protected:
  [[nodiscard]] std::string value_of(int number) const { return noise(number, 300'000); }

  /// Writes until a write is refused, which it returns.
  Finished fill() {
    for (int tries = 0; tries < 2000; ++tries) {
      const std::string key = "key" + std::to_string(acknowledged);
      const Finished put =
          group.kvctl({"put", key, "-q", "--timeout", "3s"}, value_of(acknowledged));
      if (put.exit_code != 0) return put;
      ++acknowledged;
    }
    return {};
  }

  /// What `status` says after a write was refused: that the disk is full. With a sanitizer the
  /// store may have the time to make room in between.
  [[nodiscard]] std::string status_when_full() {
    std::string said;
    for (int tries = 0; tries < patience() && said.empty(); ++tries) {
      said = group.kvctl({"status"}).err;
      if (said.empty()) (void)fill();
    }
    return said;
  }

  void expect_all_there() const {
    for (int number = 0; number < acknowledged; ++number)
      EXPECT_TRUE(group.must({"get", "key" + std::to_string(number)}) == value_of(number) + "\n")
          << "key" << number << " was acknowledged and is lost";
    EXPECT_EQ(group.must({"range", "--count"}), std::to_string(acknowledged) + "\n");
  }

  /// Writes the next key as soon as that is taken.
  void expect_put_within(std::chrono::seconds limit) {
    const std::string key = "key" + std::to_string(acknowledged);
    const auto until = std::chrono::steady_clock::now() + limit;
    Finished put;
    do {
      put = group.kvctl({"put", key, "-q", "--timeout", "200ms"}, value_of(acknowledged));
    } while (put.exit_code != 0 && std::chrono::steady_clock::now() < until);
    EXPECT_EQ(put.exit_code, 0) << put.err;
    if (put.exit_code == 0) ++acknowledged;
  }

  [[nodiscard]] std::vector<pid_t> processes() const {
    return {group.pid("n1"), group.pid("n2"), group.pid("n3")};
  }

  const Variable segment{"KVD_LOG_SEGMENT_BYTES", "2MiB"};
  const Variable first_segment{"KVD_LOG_FIRST_SEGMENT_BYTES", "1MiB"};
  const Variable memory{"KVD_STORAGE_MEMTABLE_BYTES", "4MiB"};
  const SmallDisk disk;
  const LocalGroup group{3, 25400, disk.path()};
  int acknowledged = 0;
};

TEST_F(DiskFull, RefusesWritesWithTheReasonLosesNothingAndGoesOnReading) {
  const auto started = processes();
  const Finished refused = fill();
  EXPECT_GT(acknowledged, 20);
  EXPECT_EQ(refused.exit_code, 8) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("disk full"));
  EXPECT_THAT(refused.err, HasSubstr("Not applied"));
  EXPECT_THAT(status_when_full(), HasSubstr("refuses writes: disk full for all but deletes"));
  expect_all_there();

  group.must({"local", "kill", "all"});
  group.must({"local", "restart", "all"});
  expect_all_there();
  EXPECT_NE(processes(), started);
}

TEST_F(DiskFull, TakesWritesAgainByItselfWhenThereIsRoom) {
  const auto started = processes();
  EXPECT_EQ(fill().exit_code, 8);
  if (!disk.is_mounted()) GTEST_SKIP() << "only a disk of its own can grow";
  disk.grow();
  expect_put_within(10s);
  expect_all_there();
  EXPECT_EQ(processes(), started) << "a member did not stay up";
  group.must({"verify", "--deep"});
}

TEST_F(DiskFull, TakesDeletesAndAfterThemPutsAgain) {
  if (!disk.is_mounted()) GTEST_SKIP() << "what others write to this disk decides";
  const auto started = processes();
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(fill().exit_code, 8);
    EXPECT_GT(acknowledged * patience(), 20);
    group.must({"del", "key", "--prefix", "--yes", "-q"});
    EXPECT_EQ(group.must({"range", "--count"}), "0\n");
    acknowledged = 0;
    expect_put_within(60s);
    expect_all_there();
  }
  EXPECT_EQ(processes(), started) << "a member did not stay up";
  group.must({"verify", "--deep"});
}

/// Three replicas, of which n1 has a small disk to itself.
class OneDiskFull : public ::testing::Test {
 protected:
  OneDiskFull() {
    const std::filesystem::path home = group.directory() / "n1";
    const std::filesystem::path aside = group.directory() / "aside";
    group.must({"local", "kill", "n1"});
    std::filesystem::copy(home, aside, std::filesystem::copy_options::recursive);
    mounted = has_own_mounts() && mount_disk(home, 64 * kMiB);
    if (!mounted) return;
    std::filesystem::copy(aside, home,
                          std::filesystem::copy_options::recursive |
                              std::filesystem::copy_options::overwrite_existing);
    group.must({"local", "restart", "n1"});
    group.wait_all_up();
  }
  ~OneDiskFull() override {
    if (!mounted) return;
    // Its process is known by a file there.
    static_cast<void>(group.kvctl({"local", "kill", "n1"}));
    ::umount2((group.directory() / "n1").c_str(), MNT_DETACH);
  }

  /// Leaves so much room on n1's disk, with a file that no member knows of.
  void leave(std::uint64_t bytes) const {
    std::filesystem::remove(ballast);
    struct statvfs about{};
    ASSERT_EQ(::statvfs((group.directory() / "n1").c_str(), &about), 0);
    const std::uint64_t free = about.f_bavail * about.f_frsize;
    ASSERT_GT(free, bytes);
    std::ofstream out(ballast, std::ios::binary);
    out << std::string(free - bytes, 'b');
    ASSERT_TRUE(out.flush());
  }

  [[nodiscard]] bool becomes(const std::function<bool()>& condition) const {
    for (int tries = 0; tries < 150; ++tries) {
      if (condition()) return true;
      std::this_thread::sleep_for(100ms);
    }
    return false;
  }
  [[nodiscard]] std::string remarks() const { return group.kvctl({"status"}).err; }

  const Variable segment{"KVD_LOG_SEGMENT_BYTES", "2MiB"};
  const Variable first_segment{"KVD_LOG_FIRST_SEGMENT_BYTES", "1MiB"};
  const Variable memory{"KVD_STORAGE_MEMTABLE_BYTES", "4MiB"};
  const Variable reserve{"KVD_LOG_DISK_RESERVE_BYTES", "8MiB"};
  const Variable low{"KVD_LOG_DISK_LOW_BYTES", "16MiB"};
  const LocalGroup group{3, 25600};
  const std::filesystem::path ballast = group.directory() / "n1" / "ballast";
  bool mounted = false;
};

TEST_F(OneDiskFull, TheOthersGoOnAndTheLeaderMoves) {
  if (!mounted) GTEST_SKIP() << "mounting is not allowed here";
  group.must({"member", "transfer", "n1"});
  EXPECT_EQ(group.leader(), "n1");
  leave(12 * kMiB);
  EXPECT_TRUE(becomes([this] { return group.leader() != "n1"; }));
  EXPECT_THAT(remarks(), HasSubstr("n1 refuses writes: disk full for all but deletes"));
  for (int number = 0; number < 20; ++number)
    group.must({"put", "low" + std::to_string(number), "-q"}, noise(number, 10'000));

  leave(kMiB);
  EXPECT_TRUE(becomes(
      [this] { return remarks().find("n1 refuses writes: disk full:") != std::string::npos; }));
  for (int number = 0; number < 20; ++number)
    group.must({"put", "full" + std::to_string(number), "-q"}, noise(number, 100'000));
  EXPECT_NE(group.leader(), "n1");

  std::filesystem::remove(ballast);
  EXPECT_TRUE(becomes([this] { return remarks().find("n1 refuses") == std::string::npos; }));
  // The leader hears of it by the answer to its next heartbeat.
  EXPECT_TRUE(becomes([this] { return group.kvctl({"member", "transfer", "n1"}).exit_code == 0; }));
  EXPECT_EQ(group.leader(), "n1");
  EXPECT_EQ(group.must({"range", "--count"}), "40\n");
  group.must({"verify", "--deep"});
}

}  // namespace
}  // namespace tests::cluster
