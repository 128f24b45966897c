#include "kvstore/storage/rocks_directories.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <limits>

#include "tests/unit/kvstore/file_size_limit.hpp"
#include "tests/unit/kvstore/state_copy.hpp"
#include "tests/unit/kvstore/temporary_directory.hpp"

namespace kvstore::storage {
namespace {

using gms::model::as_bytes;
using gms::model::ErrorCode;
using gms::model::StateGeneration;
using gms::model::StatePart;
using gms::model::StateSink;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

void make_file(const fs::path& path, std::string_view content = "content") {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << content;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The directories of a data directory, which can be left to find what is on disk then.
class RocksDirectoriesTest : public ::testing::Test {
 protected:
  RocksDirectories& directories() {
    if (!directories_)
      directories_ = std::make_unique<RocksDirectories>(RocksDirectories::Settings{data(), 0});
    return *directories_;
  }
  void open(std::uint64_t generation = 1) {
    const auto opened = directories().open(StateGeneration(generation));
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
  }
  /// Waits until all is removed that was to be.
  void leave() { directories_.reset(); }

  std::unique_ptr<StateSink> receive(std::vector<StatePart> parts) {
    auto sink = directories().receive(std::move(parts));
    EXPECT_TRUE(sink.has_value()) << sink.error().detail;
    return sink ? *std::move(sink) : nullptr;
  }
  fs::path data() const { return place_.path(); }

 private:
  TemporaryDirectory place_;
  std::unique_ptr<RocksDirectories> directories_;
};

TEST_F(RocksDirectoriesTest, KeepsTheGenerationThatItOpensAndNoOther) {
  make_file(data() / "state.1" / "old");
  make_file(data() / "state.2" / "current");
  make_file(data() / "state.3" / "unfinished");
  make_file(data() / "state.txt", "not a store");
  make_file(data() / "snap" / "in.7" / "half");
  make_file(data() / "snap" / "out.8" / "half");
  open(2);
  leave();
  EXPECT_THAT(names_in(data()), ElementsAre("snap", "state.2", "state.txt"));
  EXPECT_THAT(names_in(data() / "state.2"), ElementsAre("current"));
  EXPECT_THAT(names_in(data() / "snap"), IsEmpty());
}

TEST_F(RocksDirectoriesTest, MakesTheFirstGenerationOnly) {
  open(1);
  EXPECT_TRUE(fs::is_directory(data() / "state.1"));
  const auto missing = directories().open(StateGeneration(2));
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::corrupt);
  leave();
  EXPECT_TRUE(fs::is_directory(data() / "state.1")) << "what may be all that is left was removed";
}

TEST_F(RocksDirectoriesTest, UsesNoNameThatIsBeingRemoved) {
  make_file(data() / "snap" / "out.41" / "half");
  open();
  EXPECT_EQ(directories().next_outgoing(), data() / "snap" / "out.42");
  EXPECT_EQ(directories().next_outgoing(), data() / "snap" / "out.43");
}

TEST_F(RocksDirectoriesTest, PutsWhatArrivedInPlaceOfALeftover) {
  make_file(data() / "state.1" / "current");
  open(1);
  make_file(data() / "state.2" / "leftover");
  auto sink = receive({{"CURRENT", 3}, {"empty", 0}, {"000001.sst", 5}});
  ASSERT_TRUE(sink->write(0, 0, as_bytes("abc")).has_value());
  ASSERT_TRUE(sink->write(2, 0, as_bytes("de")).has_value());
  ASSERT_TRUE(sink->write(2, 2, as_bytes("fgh")).has_value());
  ASSERT_TRUE(sink->finish().has_value());
  ASSERT_TRUE(directories()
                  .put_in_place(dynamic_cast<RocksStateSink&>(*sink), StateGeneration(2))
                  .has_value());
  sink.reset();
  EXPECT_EQ(content_of(data() / "state.2" / "000001.sst"), "defgh");
  EXPECT_TRUE(fs::exists(data() / "state.1" / "current")) << "a crash may still go back to it";
  directories().remove_before(StateGeneration(2));
  leave();
  EXPECT_THAT(names_in(data()), ElementsAre("snap", "state.2"));
  EXPECT_THAT(names_in(data() / "state.2"), ElementsAre("000001.sst", "CURRENT", "empty"));
  EXPECT_THAT(names_in(data() / "snap"), IsEmpty());
}

TEST_F(RocksDirectoriesTest, AStateThatCannotBePutInItsPlaceLeavesTheOneThatIsThere) {
  make_file(data() / "state.1" / "current");
  open(1);
  auto sink = receive({{"CURRENT", 3}});
  ASSERT_TRUE(sink->write(0, 0, as_bytes("abc")).has_value());
  ASSERT_TRUE(sink->finish().has_value());
  auto& arrived = dynamic_cast<RocksStateSink&>(*sink);
  // The rename meets a disk that has lost what it was to rename.
  fs::remove_all(arrived.directory());
  const auto put = directories().put_in_place(arrived, StateGeneration(2));
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, ErrorCode::io);
  sink.reset();
  leave();
  EXPECT_FALSE(fs::exists(data() / "state.2"));
  open(1);
  EXPECT_EQ(content_of(data() / "state.1" / "current"), "content");
}

TEST_F(RocksDirectoriesTest, RemovesWhatWasGivenUp) {
  open();
  auto sink = receive({{"a", 3}});
  ASSERT_TRUE(sink->write(0, 0, as_bytes("ab")).has_value());
  EXPECT_FALSE(names_in(data() / "snap").empty());
  sink.reset();
  leave();
  EXPECT_THAT(names_in(data() / "snap"), IsEmpty());
}

TEST_F(RocksDirectoriesTest, TakesOneStateAtATime) {
  open();
  auto first = receive({{"a", 3}});
  const auto second = directories().receive({{"a", 3}});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::busy);
  first.reset();
  EXPECT_NE(receive({{"a", 3}}), nullptr);
}

TEST_F(RocksDirectoriesTest, RefusesNamesThatLeadElsewhere) {
  open();
  const std::string too_long(gms::model::kStatePartNameBytesMax + 1, 'a');
  const std::vector<std::string> names = {
      "",    ".",   "..",       "/etc/passwd", "../x",   "a/b", ".hidden", std::string("a\0b", 3),
      "a b", "a\n", "\xC3\xA9", "a\\b",        too_long, "a:b", "~"};
  for (const std::string& name : names) {
    const auto sink = directories().receive({{"good", 1}, {name, 1}});
    ASSERT_FALSE(sink.has_value()) << name;
    EXPECT_EQ(sink.error().code, ErrorCode::corrupt) << name;
  }
  EXPECT_THAT(names_in(data() / "snap"), IsEmpty());
}

TEST_F(RocksDirectoriesTest, RefusesPartsThatAreNoState) {
  open();
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  const std::vector<std::vector<StatePart>> refused = {
      {{"a", 1}, {"a", 2}},
      {{"a", huge}, {"b", 2}},
      {{"a", huge / 2}, {"b", huge / 2}, {"c", 3}},
  };
  for (const auto& parts : refused) {
    const auto sink = directories().receive(parts);
    ASSERT_FALSE(sink.has_value());
    EXPECT_EQ(sink.error().code, ErrorCode::corrupt);
  }
  std::vector<StatePart> many;
  for (std::size_t i = 0; i <= gms::model::kStatePartsMax; ++i)
    many.push_back({std::to_string(i), 0});
  EXPECT_FALSE(check_parts(many).has_value());
  many.pop_back();
  EXPECT_TRUE(check_parts(many).has_value());
}

TEST_F(RocksDirectoriesTest, RefusesAStateThatTheDiskHasNoRoomFor) {
  open();
  const std::uint64_t room = fs::space(data()).available;
  const auto sink = directories().receive({{"a", room + (1 << 30)}});
  ASSERT_FALSE(sink.has_value());
  EXPECT_EQ(sink.error().code, ErrorCode::busy);
  RocksDirectories reserved({data(), room + (std::uint64_t{1} << 40)});
  ASSERT_FALSE(reserved.receive({{"a", 1}}).has_value());
  EXPECT_EQ(reserved.check_room(0).error().code, ErrorCode::busy);
}

TEST_F(RocksDirectoriesTest, RefusesBytesThatAreNotTheNext) {
  open();
  const auto code_of = [&](std::size_t part, std::uint64_t offset, std::string_view bytes) {
    const auto sink = receive({{"a", 4}, {"b", 4}});
    EXPECT_TRUE(sink->write(0, 0, as_bytes("abc")).has_value());
    const auto written = sink->write(part, offset, as_bytes(bytes));
    return written ? std::optional<ErrorCode>() : written.error().code;
  };
  EXPECT_EQ(code_of(0, 3, "d"), std::nullopt);
  EXPECT_EQ(code_of(0, 3, "de"), ErrorCode::corrupt) << "more than was named";
  EXPECT_EQ(code_of(0, 2, "d"), ErrorCode::corrupt) << "again";
  EXPECT_EQ(code_of(0, 4, "d"), ErrorCode::corrupt) << "a gap";
  EXPECT_EQ(code_of(1, 0, "d"), ErrorCode::corrupt) << "the part before is not complete";
  EXPECT_EQ(code_of(2, 0, "d"), ErrorCode::corrupt) << "no such part";
}

TEST_F(RocksDirectoriesTest, IsNotFinishedWhileSomethingIsMissing) {
  open();
  const auto sink = receive({{"a", 4}, {"b", 4}});
  EXPECT_EQ(sink->finish().error().code, ErrorCode::corrupt);
}

TEST_F(RocksDirectoriesTest, ADiskThatTakesNoMoreIsAnErrorAndNothingStays) {
  open();
  constexpr std::uint64_t kLimit = 3 * 1024 * 1024;
  const std::vector<std::byte> chunk(1024 * 1024);
  const FileSizeLimit limit(kLimit);
  auto sink = receive({{"a", 10 * kLimit}});
  for (std::uint64_t at = 0; at < kLimit; at += chunk.size())
    ASSERT_TRUE(sink->write(0, at, chunk).has_value());
  const auto written = sink->write(0, kLimit, chunk);
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, ErrorCode::io);
  sink.reset();
  leave();
  EXPECT_THAT(names_in(data() / "snap"), IsEmpty());
}

}  // namespace
}  // namespace kvstore::storage
