#include "tests/cluster/faulty_disks.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

/// Programs of the system, on a disk that loses what was not synced.
class FaultyDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    disks.emplace();
    without_sanitizer.emplace("LD_PRELOAD", FaultyDisks::library().string());
    fs::create_directories(data());
    disk().prepare();
  }

  [[nodiscard]] fs::path data() const { return disks->parent() / "member" / "data"; }
  [[nodiscard]] preload::Disk disk() const {
    return preload::Disk((disks->parent() / "member").string());
  }
  [[nodiscard]] Finished run(const std::string& script) const {
    return run_program({"/bin/bash", "-c", "cd '" + data().string() + "' && " + script});
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    return fs::exists(data() / name) ? content_of(data() / name) : "none";
  }
  void order(const std::string& rules) const { std::ofstream(disk().rules()) << rules << '\n'; }

  std::optional<FaultyDisks> disks;
  /// Programs of the system are not of this build.
  std::optional<Variable> without_sanitizer;
};

TEST_F(FaultyDisk, LosesBytesWrittenAfterTheLastSync) {
  EXPECT_EQ(run("printf old > file; sync file .; printf new >> file; cat file").out, "oldnew");
  lose_unsynced(disk());
  EXPECT_EQ(content("file"), "old");
  EXPECT_EQ(run("printf new > file; cat file").out, "new");
  lose_unsynced(disk());
  EXPECT_EQ(content("file"), "old");
}

TEST_F(FaultyDisk, KeepsEachPageAsOfItsOwnSync) {
  const std::string page = "dd if=/dev/zero bs=4096 count=1 status=none | tr '\\0' ";
  const std::string into = " | dd of=file bs=4096 conv=notrunc status=none seek=";
  ASSERT_EQ(run(page + "a" + into + "0; " + page + "a" + into + "1; sync file .").exit_code, 0);
  ASSERT_EQ(run(page + "b" + into + "1; sync file; " + page + "c" + into + "0").exit_code, 0);
  EXPECT_EQ(content("file"), std::string(4096, 'c') + std::string(4096, 'b'));
  lose_unsynced(disk());
  EXPECT_EQ(content("file"), std::string(4096, 'a') + std::string(4096, 'b'));
}

TEST_F(FaultyDisk, LosesNamesThatTheirDirectoryHasNotSynced) {
  EXPECT_EQ(run("printf 1 > old; sync old .; printf 2 > new; sync new; mv old renamed; ls").out,
            "new\nrenamed\n");
  lose_unsynced(disk());
  EXPECT_EQ(content("old"), "1");
  EXPECT_EQ(content("renamed"), "none");
  EXPECT_EQ(content("new"), "none");
  EXPECT_EQ(run("mv old renamed; sync .; rm renamed; ls").out, "");
  lose_unsynced(disk());
  EXPECT_EQ(content("renamed"), "1");
}

TEST_F(FaultyDisk, KeepsANameWithoutItsBytesIfOnlyTheDirectoryWasSynced) {
  EXPECT_EQ(run("mkdir folder; printf 1 > folder/file; sync . folder").exit_code, 0);
  lose_unsynced(disk());
  EXPECT_EQ(content("folder/file"), "");
}

TEST_F(FaultyDisk, DropsForGoodWhatAFailedSyncShouldHaveWritten) {
  EXPECT_EQ(run("printf old > file; sync file .").exit_code, 0);
  order("sync /file 0 1 EIO");
  EXPECT_THAT(run("printf new > file; sync file").err, HasSubstr("Input/output error"));
  fs::remove(disk().rules());
  EXPECT_EQ(run("cat file; sync file").out, "new") << "another process";
  lose_unsynced(disk());
  EXPECT_EQ(content("file"), "old");
}

TEST_F(FaultyDisk, FailsTheCallsThatARuleNames) {
  order("write /full 0 9 ENOSPC\nwrite /short 1 1 short");
  EXPECT_THAT(run("printf 1 | dd of=full").err, HasSubstr("No space left"));
  EXPECT_EQ(run("printf 1 | dd of=other; cat other").out, "1");
  const std::string writes = "print syswrite(F, \"1234\"), syswrite(F, \"5678\")";
  EXPECT_EQ(run("perl -e 'open F, \">\", \"short\"; " + writes + "'").out, "42");
  EXPECT_EQ(content("short"), "123456");
  EXPECT_THAT(content_of(disk().fired()), HasSubstr("write /short 1 1 short at"));
}

TEST_F(FaultyDisk, MakesASyncTakeItsTime) {
  order("sync /file 0 1 wait:300");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(run("printf 1 > file; sync file").exit_code, 0);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 300ms);
}

}  // namespace
}  // namespace tests::cluster
