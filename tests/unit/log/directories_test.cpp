#include "gms/log/directories.hpp"

#include <gtest/gtest.h>

#include "tests/support/simulated_disk.hpp"

namespace gms::log {
namespace {

using model::ErrorCode;

TEST(Directories, AParentIsTheSameHoweverAPathEnds) {
  EXPECT_EQ(parent_of("a/b"), "a");
  EXPECT_EQ(parent_of("a/b//"), "a");
  EXPECT_EQ(parent_of("a/"), ".");
  EXPECT_EQ(parent_of("/a/"), "/");
}

TEST(Directories, TheNameOfOneThatIsMadeOutlivesALossOfPower) {
  for (const char* const path : {"a", "a/", "a//"}) {
    tests::SimulatedDisk disk;
    ASSERT_TRUE(make_directory_durably(disk, path).has_value()) << path;
    disk.lose_power(tests::SimulatedDisk::Unsynced::lost);
    EXPECT_TRUE(disk.list("a").has_value()) << path;
    EXPECT_TRUE(make_directory_durably(disk, path).has_value()) << path;
  }
}

TEST(Directories, OneIsNotMadeWithoutItsParent) {
  tests::SimulatedDisk disk;
  const auto made = make_directory_durably(disk, "a/b");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace gms::log
