#include "kvstore/server/data_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "kvstore/server/command_line.hpp"

namespace kvstore::server {
namespace {

namespace fs = std::filesystem;

class DataDirectoryTest : public ::testing::Test {
 protected:
  DataDirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "groupkv-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    settings.data = (root / "data").string();
    settings.name = "n1";
    settings.log.first_segment_bytes = 64 * 1024;
  }
  ~DataDirectoryTest() override { fs::remove_all(root); }

  fs::path root;
  Settings settings;
};

TEST_F(DataDirectoryTest, IsAMembersOnceItWasInitialised) {
  EXPECT_EQ(look_at(settings.data), DirectoryState::absent);
  EXPECT_EQ(check_member_directory(settings.data)->code, ExitCode::directory);
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  EXPECT_EQ(look_at(settings.data), DirectoryState::member);
  EXPECT_EQ(check_member_directory(settings.data), std::nullopt);
}

TEST_F(DataDirectoryTest, IsNotInitialisedTwice) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  const auto failure = initialise_directory(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
}

TEST_F(DataDirectoryTest, IsRefusedWhenItHoldsOtherFiles) {
  fs::create_directory(settings.data);
  std::ofstream(fs::path(settings.data) / "thesis.txt") << "dear to somebody";
  EXPECT_EQ(look_at(settings.data), DirectoryState::foreign);
  const auto failure = initialise_directory(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
  EXPECT_FALSE(fs::exists(settings_file(settings.data)));
}

TEST_F(DataDirectoryTest, KeepsTheAddressesItWasInitialisedWith) {
  settings.listen_client = "127.0.0.1:17791";
  settings.join = {"127.0.0.1:17792", "127.0.0.1:17793"};
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  Command run;
  run.flags = {{"--data", settings.data}, {"--listen-peer", "127.0.0.1:17794"}};
  const auto gathered = gather_settings(run, {});
  ASSERT_TRUE(std::holds_alternative<Settings>(gathered));
  const Settings& found = std::get<Settings>(gathered);
  EXPECT_EQ(found.name, "n1");
  EXPECT_EQ(found.listen_client, settings.listen_client);
  EXPECT_EQ(found.listen_peer, "127.0.0.1:17794");
  EXPECT_EQ(found.join, settings.join);
}

TEST_F(DataDirectoryTest, NeedsANameToBeInitialised) {
  settings.name.clear();
  const auto failure = initialise_directory(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::usage);
}

TEST_F(DataDirectoryTest, CanBeInspectedAndVerified) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  std::ostringstream out;
  EXPECT_EQ(verify_directory(settings.data, out), std::nullopt);
  EXPECT_NE(out.str().find("name      n1"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("log end   1:1"), std::string::npos) << out.str();
}

TEST_F(DataDirectoryTest, IsRefusedWhenItsIdentityIsDamaged) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  fs::resize_file(fs::path(settings.data) / "IDENTITY", 5);
  std::ostringstream out;
  const auto failure = inspect_directory(settings.data, out);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
}

}  // namespace
}  // namespace kvstore::server
