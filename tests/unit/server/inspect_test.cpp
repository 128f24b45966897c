#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "gms/log/log_store.hpp"
#include "gms/log/posix_file_system.hpp"
#include "kvstore/server/data_directory.hpp"

namespace kvstore::server {
namespace {

namespace fs = std::filesystem;

class InspectTest : public ::testing::Test {
 protected:
  InspectTest() {
    std::string pattern = (fs::temp_directory_path() / "groupkv-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    settings.data = (root / "data").string();
    settings.name = "n1";
    settings.group.first_segment_bytes = 64 * 1024;
  }
  ~InspectTest() override { fs::remove_all(root); }

  /// Trims the founder's log behind its first view, the only entry.
  void trim_log() {
    gms::log::PosixFileSystem files;
    gms::log::LogOptions options;
    options.spares = 0;
    auto found = gms::log::LogStore::recover(files, settings.data, options);
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    const gms::model::RecoveredLog& log = found->state.log;
    gms::model::PersistRequest request;
    request.trim_to = gms::model::Base{log.head, log.views.back()};
    ASSERT_TRUE(found->store->write({&request, 1}).has_value());
  }

  fs::path root;
  Settings settings;
};

TEST_F(InspectTest, TellsTheBaseOfATrimmedLogAndTheViewThere) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  std::ostringstream before;
  ASSERT_EQ(inspect_directory(settings.data, before), std::nullopt);
  EXPECT_NE(before.str().find("log base  0:0\n"), std::string::npos) << before.str();
  trim_log();
  std::ostringstream after;
  ASSERT_EQ(inspect_directory(settings.data, after), std::nullopt);
  EXPECT_NE(after.str().find("log base  1:1\nlog end   1:1\n"), std::string::npos) << after.str();
  EXPECT_NE(after.str().find("state     state.1\n"), std::string::npos) << after.str();
  EXPECT_NE(after.str().find("view      1\n  n1 "), std::string::npos) << after.str();
}

}  // namespace
}  // namespace kvstore::server
