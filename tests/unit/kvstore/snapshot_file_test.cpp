#include "kvstore/api/snapshot_file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "gms/log/posix_file_system.hpp"
#include "tests/support/simulated_disk.hpp"
#include "tests/unit/kvstore/temporary_directory.hpp"

namespace kvstore::api {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ErrorCode;

class SnapshotFiles : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return directory_.path() + "/snapshot"; }

  void write_file() { write_file(files_, path()); }
  gms::model::Result<std::string> read_all() { return read_all(files_, path()); }

  /// Two chunks of three rows in all.
  static void write_file(gms::log::FileSystem& files, const std::string& path) {
    const auto record = as_bytes("the record");
    auto writer = SnapshotWriter::create(
        files, path, {{1, 2}, 1234, gms::model::Index(77), {record.begin(), record.end()}});
    ASSERT_TRUE(writer.has_value()) << writer.error().detail;
    writer->add({as_bytes("ka"), {Revision(5), as_bytes("one")}});
    writer->add({as_bytes("kb"), {Revision(6), {}}});
    ASSERT_TRUE(writer->flush().has_value());
    writer->add({as_bytes("s1"), {Revision(7), as_bytes("a session")}});
    EXPECT_FALSE(files.open(path, gms::log::Access::read)) << "before it is whole";
    ASSERT_TRUE(writer->finish().has_value());
  }
  /// All that the file has, as text, or the error's code and what is known by then.
  static gms::model::Result<std::string> read_all(gms::log::FileSystem& files,
                                                  const std::string& path) {
    auto reader = SnapshotReader::open(files, path);
    if (!reader) return reader.error();
    std::string text = to_string(reader->head().group) + " " +
                       std::to_string(reader->head().taken_at_ms) + " " +
                       std::to_string(reader->head().state.value()) + " " +
                       std::string(as_text(reader->head().record));
    for (;;) {
      const auto rows = reader->next();
      if (!rows) return rows.error();
      if (rows->empty()) return text;
      for (const SnapshotRow& row : *rows)
        text += "; " + std::string(as_text(row.key)) + "@" +
                std::to_string(row.row.revision.value()) + "=" +
                std::string(as_text(row.row.value));
    }
  }
  [[nodiscard]] std::string content() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void replace(const std::string& content) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << content;
  }

  gms::log::PosixFileSystem files_;
  storage::TemporaryDirectory directory_;
};

TEST_F(SnapshotFiles, AreReadAsTheyWereWritten) {
  write_file();
  const auto text = read_all();
  ASSERT_TRUE(text.has_value()) << text.error().detail;
  EXPECT_EQ(*text, to_string(gms::model::GroupId{1, 2}) +
                       " 1234 77 the record; ka@5=one; kb@6=; s1@7=a session");
}

TEST_F(SnapshotFiles, AreRefusedWhateverByteIsChangedMissingOrAdded) {
  write_file();
  const std::string whole = content();
  ASSERT_GT(whole.size(), 100U);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      replace(changed);
      const auto read = read_all();
      ASSERT_FALSE(read.has_value()) << "byte " << i << ", bit " << bit << ": " << *read;
      EXPECT_EQ(read.error().code, ErrorCode::corrupt);
    }
    replace(whole.substr(0, i));
    ASSERT_FALSE(read_all().has_value()) << "cut after " << i;
  }
  replace(whole + '\0');
  EXPECT_FALSE(read_all().has_value());
  replace(whole);
  EXPECT_TRUE(read_all().has_value());
}

TEST_F(SnapshotFiles, AreDurableBeforeTheyHaveTheirName) {
  tests::SimulatedDisk disk;
  ASSERT_TRUE(disk.make_directory("files").has_value());
  ASSERT_TRUE(disk.sync_directory(".").has_value());
  write_file(disk, "files/snapshot");
  disk.lose_power(tests::SimulatedDisk::Unsynced::lost);
  const auto text = read_all(disk, "files/snapshot");
  EXPECT_TRUE(text.has_value()) << text.error().detail;
}

TEST_F(SnapshotFiles, LeaveNothingBehindWhenTheyAreGivenUp) {
  {
    const auto writer = SnapshotWriter::create(files_, path(), {});
    ASSERT_TRUE(writer.has_value());
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  EXPECT_EQ(read_all().error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kvstore::api
