#include "gms/log/posix_file_system.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {
namespace {

using model::as_bytes;
using model::Bytes;
using model::ByteSpan;
using model::ErrorCode;

class PosixFileSystemTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "groupkv-log-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

  std::string directory_;
  PosixFileSystem files_;
};

TEST_F(PosixFileSystemTest, GathersManyPiecesIntoAFile) {
  const auto file = files_.create(path("f")).value();
  std::string expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 1000; ++i) texts.push_back(std::string(static_cast<std::size_t>(i % 7), 'x'));
  std::vector<ByteSpan> pieces;
  for (const std::string& text : texts) {
    pieces.push_back(as_bytes(text));
    expected += text;
  }
  ASSERT_TRUE(file->write_at(10, pieces).has_value());
  ASSERT_TRUE(file->sync().has_value());
  EXPECT_EQ(file->size().value(), 10 + expected.size());
  Bytes bytes(expected.size() + 50);
  EXPECT_EQ(file->read_at(10, bytes).value(), expected.size());
  EXPECT_EQ(model::as_text(bytes).substr(0, expected.size()), expected);
}

TEST_F(PosixFileSystemTest, NamesWhatFailed) {
  const auto missing = files_.open(path("none"), Access::read);
  EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  EXPECT_NE(missing.error().detail.find(path("none")), std::string::npos);
  ASSERT_TRUE(files_.create(path("f")).has_value());
  EXPECT_EQ(files_.create(path("f")).error().code, ErrorCode::conflict);
  EXPECT_EQ(files_.make_directory(path("f")).error().code, ErrorCode::conflict);
}

TEST_F(PosixFileSystemTest, ListsRenamesAndRemoves) {
  ASSERT_TRUE(files_.create(path("b")).has_value());
  ASSERT_TRUE(files_.create(path("c")).has_value());
  ASSERT_TRUE(files_.rename(path("c"), path("a")).has_value());
  ASSERT_TRUE(files_.sync_directory(directory_).has_value());
  EXPECT_EQ(files_.list(directory_).value(), (std::vector<std::string>{"a", "b"}));
  ASSERT_TRUE(files_.remove(path("a")).has_value());
  EXPECT_EQ(files_.list(directory_).value(), (std::vector<std::string>{"b"}));
  EXPECT_GT(files_.free_bytes(directory_).value(), 0U);
}

TEST_F(PosixFileSystemTest, ADirectoryIsLockedForOneAtATime) {
  auto lock = files_.lock(directory_);
  ASSERT_TRUE(lock.has_value());
  EXPECT_EQ(files_.lock(directory_).error().code, ErrorCode::conflict);
  *lock = nullptr;
  EXPECT_TRUE(files_.lock(directory_).has_value());
}

TEST_F(PosixFileSystemTest, FindsDataBehindAHole) {
  const auto file = files_.create(path("f")).value();
  const ByteSpan piece = as_bytes("x");
  ASSERT_TRUE(file->write_at(1 << 20, {&piece, 1}).has_value());
  ASSERT_TRUE(file->sync().has_value());
  EXPECT_LE(file->next_data(0).value(), 1U << 20);
  EXPECT_EQ(file->next_data(1 << 20).value(), 1U << 20);
  EXPECT_EQ(file->next_data((1 << 20) + 1).value(), (1U << 20) + 1);
}

TEST_F(PosixFileSystemTest, ALogLivesOnARealDisk) {
  const std::string member = path("member");
  ASSERT_TRUE(initialise(files_, member, a_founder(), small_segments()).has_value());
  model::ChainHead head;
  for (int start = 0; start < 4; ++start) {
    auto recovered = LogStore::recover(files_, member, small_segments());
    ASSERT_TRUE(recovered.has_value()) << recovered.error().detail;
    if (start > 0) {
      EXPECT_EQ(recovered->state.log.head, head);
    }
    head = recovered->state.log.head;
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(recovered->store->spares().make({}).has_value());
      model::PersistRequest request;
      request.entries = {commands(head, 1, 3, 1500)};
      ASSERT_TRUE(recovered->store->write({&request, 1}).has_value());
      head = request.entries[0].head();
    }
    if (start == 2) {
      ASSERT_TRUE(recovered->store->seal().has_value());
    }
  }
}

}  // namespace
}  // namespace gms::log
