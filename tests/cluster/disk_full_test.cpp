#include <gmock/gmock.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
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

/// A disk of 160 MiB: a file system in memory, or, where mounting is not allowed, a reserve that
/// makes the members take their disk for full after as much.
class SmallDisk {
 public:
  SmallDisk() : path_(fresh_directory()) {
    mounted_ =
        has_own_mounts() && ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=160m,mode=0755") == 0;
    std::uint64_t reserve = kReserve;
    if (!mounted_) {
      std::cout << "mounting is not allowed here: a large reserve stands in for a small disk\n";
      struct statvfs about{};
      ::statvfs(path_.c_str(), &about);
      reserve = about.f_bavail * about.f_frsize - (160 * kMiB - kReserve);
    }
    ::testing::Test::RecordProperty("mounted", mounted_ ? 1 : 0);
    reserve_.emplace("KVD_LOG_DISK_RESERVE_BYTES", std::to_string(reserve));
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
  /// For what all three members have under way when the disk is full, and for what their stores
  /// have in memory.
  static constexpr std::uint64_t kReserve = 64 * kMiB;

  std::filesystem::path path_;
  bool mounted_ = false;
  std::optional<Variable> reserve_;
};

/// Three replicas that share a small disk, and what was acknowledged.
class DiskFull : public ::testing::Test {
 protected:
  [[nodiscard]] std::string value_of(int number) const {
    return std::to_string(number) + std::string(100'000, 'v');
  }

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

  void expect_all_there() const {
    for (int number = 0; number < acknowledged; ++number)
      EXPECT_TRUE(group.must({"get", "key" + std::to_string(number)}) == value_of(number) + "\n")
          << "key" << number << " was acknowledged and is lost";
    EXPECT_EQ(group.must({"range", "--count"}), std::to_string(acknowledged) + "\n");
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
  EXPECT_THAT(group.kvctl({"status"}).err, HasSubstr("refuses writes: disk full"));
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
  const std::string key = "key" + std::to_string(acknowledged);
  Finished put;
  for (int tries = 0; tries < 50 && (tries == 0 || put.exit_code != 0); ++tries)
    put = group.kvctl({"put", key, "-q", "--timeout", "200ms"}, value_of(acknowledged));
  EXPECT_EQ(put.exit_code, 0) << put.err;
  ++acknowledged;
  expect_all_there();
  EXPECT_EQ(processes(), started) << "a member did not stay up";
  group.must({"verify", "--deep"});
}

}  // namespace
}  // namespace tests::cluster
