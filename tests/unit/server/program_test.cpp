#include "kvstore/server/program.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <filesystem>

#include "kvstore/server/data_directory.hpp"

namespace kvstore::server {
namespace {

namespace fs = std::filesystem;

/// A process whose working directory was removed, beside the directory of a member.
class WithoutWorkingDirectoryTest : public ::testing::Test {
 protected:
  WithoutWorkingDirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "groupkv-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    settings.data = (root / "data").string();
    settings.name = "n1";
    settings.group.first_segment_bytes = 64 * 1024;
    EXPECT_EQ(initialise_directory(settings), std::nullopt);
    fs::create_directory(root / "gone");
    fs::current_path(root / "gone");
    fs::remove(root / "gone");
  }
  ~WithoutWorkingDirectoryTest() override {
    fs::current_path(before);
    fs::remove_all(root);
  }

  fs::path before = fs::current_path();
  fs::path root;
  Settings settings;
};

/// How a kvd ends that is told to do this with that directory.
int exit_code_of(const char* command, const char* data) {
  const std::array<const char*, 9> arguments{
      command,       "--data",        data,         "--name", "n1", "--listen-client",
      "127.0.0.1:0", "--listen-peer", "127.0.0.1:0"};
  return run_program(arguments);
}

constexpr int kDirectory = static_cast<int>(ExitCode::directory);

TEST_F(WithoutWorkingDirectoryTest, NoMemberRunsOnARelativePath) {
  EXPECT_EQ(exit_code_of("run", "data"), kDirectory);
  // The member is found like that, but its store needs a path that stays true.
  EXPECT_EQ(look_at("../data"), DirectoryState::member);
  EXPECT_EQ(exit_code_of("run", "../data"), kDirectory);
}

TEST_F(WithoutWorkingDirectoryTest, NoMemberIsMadeOnARelativePath) {
  EXPECT_EQ(exit_code_of("init", "data"), kDirectory);
  EXPECT_EQ(exit_code_of("init", "../other"), kDirectory);
  EXPECT_FALSE(fs::exists(root / "other"));
}

TEST_F(WithoutWorkingDirectoryTest, ThePathOfAnotherPlaceIsFullAsItIs) {
  EXPECT_EQ(full_path(settings.data).value(), settings.data);
  const auto relative = full_path("data");
  ASSERT_FALSE(relative.has_value());
  EXPECT_EQ(relative.error().code, gms::model::ErrorCode::io);
}

TEST(IsThere, IsAnErrorOfWhatCannotBeLookedAt) {
  EXPECT_TRUE(is_there("/").value());
  EXPECT_FALSE(is_there("/nowhere/at/all").value());
  const auto too_long = is_there("/" + std::string(5000, 'x'));
  ASSERT_FALSE(too_long.has_value());
  EXPECT_EQ(too_long.error().code, gms::model::ErrorCode::io);
}

}  // namespace
}  // namespace kvstore::server
