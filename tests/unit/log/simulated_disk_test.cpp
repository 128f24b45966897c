#include "tests/support/simulated_disk.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tests {
namespace {

using gms::log::Access;
using gms::log::File;
using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::ByteSpan;
using gms::model::ErrorCode;
using Unsynced = SimulatedDisk::Unsynced;

/// A disk with a durable directory `d` and a durable file `d/f` of three sectors of `a`.
class SimulatedDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.make_directory("d").has_value());
    ASSERT_TRUE(disk_.sync_directory(".").has_value());
    file_ = disk_.create("d/f").value();
    write(0, std::string(3 * 512, 'a'));
    ASSERT_TRUE(file_->sync().has_value());
    ASSERT_TRUE(disk_.sync_directory("d").has_value());
  }

  void write(std::uint64_t offset, const std::string& text) {
    const ByteSpan piece = as_bytes(text);
    ASSERT_TRUE(file_->write_at(offset, {&piece, 1}).has_value());
  }
  [[nodiscard]] std::string text(const SimulatedDisk& disk) const {
    const auto content = disk.content("d/f");
    return std::string(as_text(content));
  }

  SimulatedDisk disk_;
  std::unique_ptr<File> file_;
};

TEST_F(SimulatedDiskTest, SyncedBytesOutliveThePowerAndOthersNeedNot) {
  write(512, "bbb");
  const auto before = disk_.image();
  ASSERT_TRUE(file_->sync().has_value());
  disk_.lose_power(Unsynced::lost);
  EXPECT_EQ(text(disk_)[512], 'b');
  EXPECT_EQ(text(*before)[512], 'b');
  before->lose_power(Unsynced::lost);
  EXPECT_EQ(text(*before)[512], 'a');
}

TEST_F(SimulatedDiskTest, EachUnsyncedSectorHasItsOwnFate) {
  write(0, std::string(2 * 512, 'b'));
  std::mt19937_64 random(5);
  std::set<std::string> fates;
  for (int i = 0; i < 500; ++i) {
    const auto image = disk_.image();
    image->lose_power([&] { return random(); });
    std::string fate;
    for (const std::size_t sector : {0U, 1U}) {
      const std::string bytes = text(*image).substr(sector * 512, 512);
      const auto torn_at = bytes.find('a');
      fate += torn_at == 0 ? "lost " : torn_at == std::string::npos ? "kept " : "torn ";
      EXPECT_EQ(bytes.find('b', torn_at), std::string::npos);
    }
    fates.insert(fate);
    EXPECT_EQ(text(*image).substr(1024), std::string(512, 'a'));
  }
  EXPECT_EQ(fates.size(), 9U);
}

TEST_F(SimulatedDiskTest, AFailedSyncTakesForCleanWhatItDidNotWrite) {
  write(0, "b");
  disk_.fail_sync("d/f");
  EXPECT_FALSE(file_->sync().has_value());
  EXPECT_TRUE(file_->sync().has_value());
  disk_.end_process();
  EXPECT_EQ(text(disk_)[0], 'b');
  disk_.lose_power(Unsynced::kept);
  EXPECT_EQ(text(disk_)[0], 'a');
}

TEST_F(SimulatedDiskTest, WhatIsWrittenAgainAfterAFailedSyncIsSyncedTheNextTime) {
  write(0, "b");
  disk_.fail_sync("d/f");
  EXPECT_FALSE(file_->sync().has_value());
  write(0, "b");
  EXPECT_TRUE(file_->sync().has_value());
  disk_.lose_power(Unsynced::lost);
  EXPECT_EQ(text(disk_)[0], 'b');
}

TEST_F(SimulatedDiskTest, NamesThatAreNotSyncedVanish) {
  ASSERT_TRUE(disk_.create("d/new").has_value());
  ASSERT_TRUE(disk_.rename("d/f", "d/g").has_value());
  const auto kept = disk_.image();
  kept->lose_power(Unsynced::kept);
  EXPECT_EQ(kept->list("d").value(), (std::vector<std::string>{"g", "new"}));
  disk_.lose_power(Unsynced::lost);
  EXPECT_EQ(disk_.list("d").value(), (std::vector<std::string>{"f"}));
}

TEST_F(SimulatedDiskTest, ALostDirectoryTakesItsFilesWithIt) {
  ASSERT_TRUE(disk_.make_directory("e").has_value());
  ASSERT_TRUE(disk_.create("e/f").has_value());
  ASSERT_TRUE(disk_.sync_directory("e").has_value());
  disk_.lose_power(Unsynced::lost);
  EXPECT_EQ(disk_.open("e/f", Access::read).error().code, ErrorCode::not_found);
}

TEST_F(SimulatedDiskTest, PowerCanFailBetweenAnyTwoChanges) {
  disk_.cut_power_after(1);
  write(0, "b");
  EXPECT_FALSE(file_->sync().has_value());
  EXPECT_FALSE(file_->size().has_value());
  EXPECT_FALSE(disk_.open("d/f", Access::read).has_value());
  disk_.lose_power(Unsynced::kept);
  EXPECT_EQ(text(disk_)[0], 'b');
}

TEST_F(SimulatedDiskTest, HandlesAndLocksEndWithTheProcess) {
  const auto lock = disk_.lock("d").value();
  EXPECT_EQ(disk_.lock("d").error().code, ErrorCode::conflict);
  disk_.end_process();
  EXPECT_FALSE(file_->size().has_value());
  EXPECT_TRUE(disk_.lock("d").has_value());
}

TEST_F(SimulatedDiskTest, AFullDiskRefusesToGrowFilesOnly) {
  disk_.set_capacity(2048);
  EXPECT_EQ(disk_.free_bytes("d").value(), 512U);
  const auto grown = file_->write_zeros(1536, 1024);
  EXPECT_EQ(grown.error().code, ErrorCode::busy);
  write(0, std::string(1536, 'b'));
  EXPECT_TRUE(file_->write_zeros(1536, 512).has_value());
}

TEST_F(SimulatedDiskTest, AFileOfZerosHoldsNoData) {
  const auto zeros = disk_.create("d/zeros").value();
  ASSERT_TRUE(zeros->write_zeros(0, std::uint64_t{1} << 30).has_value());
  EXPECT_EQ(zeros->next_data(0).value(), std::uint64_t{1} << 30);
  EXPECT_EQ(file_->next_data(700).value(), 700U);
  ASSERT_TRUE(file_->write_zeros(0, 1024).has_value());
  EXPECT_EQ(file_->next_data(0).value(), 1024U);
}

TEST_F(SimulatedDiskTest, AnImageAndItsDiskGoTheirOwnWays) {
  const auto image = disk_.image();
  write(0, "b");
  EXPECT_EQ(text(*image)[0], 'a');
  image->flip_bit("d/f", 1, 0);
  EXPECT_EQ(text(disk_)[1], 'a');
  EXPECT_EQ(text(*image)[1], 'a' ^ 1);
}

}  // namespace
}  // namespace tests
