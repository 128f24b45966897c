#include "kvstore/storage/store.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "kvstore/storage/chores.hpp"
#include "kvstore/storage/memory_store.hpp"
#include "kvstore/storage/rocks_store.hpp"
#include "tests/support/background_threads.hpp"
#include "tests/unit/kvstore/temporary_directory.hpp"

namespace kvstore::storage {
namespace {

using api::Direction;
using api::Revision;
using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ErrorCode;
using gms::model::Index;

class OnMemory {
 public:
  std::unique_ptr<Store> open() { return std::make_unique<MemoryStore>(image_); }

 private:
  MemoryImage image_;
};

class OnRocks {
 public:
  std::unique_ptr<Store> open() {
    auto store = RocksStore::open(directory_.path(), {});
    EXPECT_TRUE(store.has_value());
    return *std::move(store);
  }

 private:
  TemporaryDirectory directory_;
};

Change put(std::string_view key, std::uint64_t revision, std::string_view value,
           Space space = Space::data) {
  return {space, as_bytes(key), api::Versioned{Revision(revision), as_bytes(value)}};
}

Change erase(std::string_view key) {
  return {Space::data, as_bytes(key), std::nullopt};
}

void apply(Store& store, std::uint64_t index, std::vector<Change> changes) {
  ASSERT_TRUE(store.apply({std::move(changes), Index(index), as_bytes("record")}).has_value());
}

std::string get(const Store& store, std::string_view key, Space space = Space::data) {
  Bytes value;
  const auto revision = store.get(space, as_bytes(key), value);
  EXPECT_TRUE(revision.has_value());
  if (!*revision) return "none";
  return std::string(as_text(value)) + "@" + std::to_string((*revision)->value());
}

std::string scan(const Snapshot& rows, std::string_view from, std::string_view to,
                 Direction direction = Direction::ascending, Space space = Space::data) {
  std::string out;
  const auto walk = rows.scan(space, {as_bytes(from), as_bytes(to)}, direction);
  for (; walk->at_row(); walk->next()) {
    out += as_text(walk->pair().key);
    out += '=';
    out += as_text(walk->pair().row.value);
    out += ' ';
  }
  EXPECT_TRUE(walk->status().has_value());
  return out;
}

template <class Place>
class AnyStore : public ::testing::Test {
 protected:
  Place place_;
};

using Places = ::testing::Types<OnMemory, OnRocks>;
TYPED_TEST_SUITE(AnyStore, Places);

TYPED_TEST(AnyStore, IsEmptyWhenNew) {
  const auto store = this->place_.open();
  EXPECT_EQ(get(*store, "a"), "none");
  EXPECT_FALSE(store->stored()->has_value());
  EXPECT_EQ(store->durable(), Index());
  EXPECT_EQ(scan(*store->snapshot(), "", ""), "");
}

TYPED_TEST(AnyStore, GivesBackWhatWasApplied) {
  const auto store = this->place_.open();
  apply(*store, 3, {put("a", 1, "one"), put("b", 2, ""), put("a", 3, "three")});
  EXPECT_EQ(get(*store, "a"), "three@3");
  EXPECT_EQ(get(*store, "b"), "@2");
  apply(*store, 4, {erase("a"), erase("never there")});
  EXPECT_EQ(get(*store, "a"), "none");
  ASSERT_TRUE(store->stored()->has_value());
  EXPECT_EQ((**store->stored()).applied, Index(4));
  EXPECT_EQ(as_text((**store->stored()).record), "record");
}

TYPED_TEST(AnyStore, KeepsItsSpacesApart) {
  const auto store = this->place_.open();
  apply(*store, 1, {put("a", 1, "data"), put("a", 1, "session", Space::session)});
  EXPECT_EQ(get(*store, "a"), "data@1");
  EXPECT_EQ(get(*store, "a", Space::session), "session@1");
  const auto rows = store->snapshot();
  EXPECT_EQ(scan(*rows, "", ""), "a=data ");
  EXPECT_EQ(scan(*rows, "", "", Direction::descending, Space::session), "a=session ");
}

TYPED_TEST(AnyStore, ScansItsBoundsInBothDirections) {
  const auto store = this->place_.open();
  apply(*store, 5,
        {put("a", 1, "1"), put("b", 2, "2"), put("c", 3, "3"), put(std::string("c\0", 2), 4, "4"),
         put("\xFF\xFF", 5, "5")});
  const auto rows = store->snapshot();
  EXPECT_EQ(scan(*rows, "b", "c"), "b=2 ");
  EXPECT_EQ(scan(*rows, "b", std::string_view("c\0", 2)), "b=2 c=3 ");
  EXPECT_EQ(scan(*rows, "", "c", Direction::descending), "b=2 a=1 ");
  EXPECT_EQ(scan(*rows, "d", "", Direction::descending), "\xFF\xFF=5 ");
  EXPECT_EQ(scan(*rows, "c", "b"), "");
  EXPECT_EQ(scan(*rows, "b", "b"), "");
}

TYPED_TEST(AnyStore, SnapshotDoesNotSeeLaterChanges) {
  const auto store = this->place_.open();
  apply(*store, 1, {put("a", 1, "old"), put("b", 1, "old")});
  const auto before = store->snapshot();
  apply(*store, 2, {put("a", 2, "new"), erase("b"), put("c", 2, "new")});
  EXPECT_EQ(before->applied(), Index(1));
  EXPECT_EQ(scan(*before, "", ""), "a=old b=old ");
  EXPECT_EQ(scan(*store->snapshot(), "", ""), "a=new c=new ");
}

std::string rest_of(Scan& walk) {
  std::string out;
  for (; walk.at_row(); walk.next()) {
    out += as_text(walk.pair().key);
    out += as_text(walk.pair().row.value);
  }
  EXPECT_TRUE(walk.status().has_value());
  return out;
}

TYPED_TEST(AnyStore, AScanStandsStillWhileItsStoreMovesOn) {
  const auto store = this->place_.open();
  apply(*store, 1, {put("b", 1, "1"), put("d", 1, "1"), put("f", 1, "1")});
  const auto rows = store->snapshot();
  const auto up = rows->scan(Space::data, {}, Direction::ascending);
  const auto down = rows->scan(Space::data, {}, Direction::descending);
  apply(*store, 2, {put("a", 2, "2"), put("c", 2, "2"), erase("d"), put("g", 2, "2")});
  ASSERT_TRUE(store->flush().has_value());
  apply(*store, 3, {put("b", 3, "3"), put("d", 3, "3"), erase("f")});
  EXPECT_EQ(rest_of(*up), "b1d1f1");
  EXPECT_EQ(rest_of(*down), "f1d1b1");
}

// Rows of several places are walked at once: while one place has the next row, the walks over the
// others already stand on theirs, which come later.
TYPED_TEST(AnyStore, AScanDoesNotSeeWhatReplacesARowThatItsSourceStandsOn) {
  const auto store = this->place_.open();
  apply(*store, 1, {put("a", 1, "1"), put("n", 1, "1"), put("z", 1, "1")});
  ASSERT_TRUE(store->flush().has_value());
  apply(*store, 2, {put("m", 2, "2"), erase("n")});
  const auto rows = store->snapshot();
  const auto up = rows->scan(Space::data, {}, Direction::ascending);
  const auto down = rows->scan(Space::data, {}, Direction::descending);
  apply(*store, 3, {put("m", 3, "3"), put("n", 3, "3")});
  EXPECT_EQ(rest_of(*up), "a1m2z1");
  EXPECT_EQ(rest_of(*down), "z1m2a1");

  const auto again = store->snapshot();
  const auto before_erasure = again->scan(Space::data, {}, Direction::ascending);
  const auto before_erasure_down = again->scan(Space::data, {}, Direction::descending);
  apply(*store, 4, {erase("m"), erase("n")});
  EXPECT_EQ(rest_of(*before_erasure), "a1m3n3z1");
  EXPECT_EQ(rest_of(*before_erasure_down), "z1n3m3a1");
}

TYPED_TEST(AnyStore, AChangeOfTheRecordAloneIsFlushed) {
  auto store = this->place_.open();
  apply(*store, 1, {put("a", 1, "one")});
  ASSERT_TRUE(store->flush().has_value());
  ASSERT_TRUE(store->apply({{}, Index(1), as_bytes("other")}).has_value());
  ASSERT_TRUE(store->flush().has_value());
  store.reset();
  store = this->place_.open();
  EXPECT_EQ(as_text((**store->stored()).record), "other");
}

TYPED_TEST(AnyStore, FlushMakesEverythingDurableAndOpenFindsIt) {
  auto store = this->place_.open();
  apply(*store, 1, {put("a", 1, "one")});
  EXPECT_EQ(store->durable(), Index());
  ASSERT_TRUE(store->flush().has_value());
  EXPECT_EQ(store->durable(), Index(1));
  apply(*store, 2, {put("b", 2, "two")});
  EXPECT_EQ(store->durable(), Index(1));
  ASSERT_TRUE(store->flush().has_value());
  store.reset();
  store = this->place_.open();
  EXPECT_EQ(get(*store, "a"), "one@1");
  EXPECT_EQ(get(*store, "b"), "two@2");
  EXPECT_EQ((**store->stored()).applied, Index(2));
  EXPECT_EQ(store->durable(), Index(2));
}

TEST(MemoryStore, ACrashGoesBackToTheLastFlush) {
  MemoryImage image;
  {
    MemoryStore store(image);
    apply(store, 1, {put("a", 1, "one")});
    apply(store, 2, {put("a", 2, "two"), put("b", 2, "two")});
    apply(store, 3, {erase("a")});
    store.flush_to(Index(2));
    EXPECT_EQ(get(store, "a"), "none");
  }
  const MemoryStore store(image);
  EXPECT_EQ(get(store, "a"), "two@2");
  EXPECT_EQ(get(store, "b"), "two@2");
  EXPECT_EQ((**store.stored()).applied, Index(2));
}

TEST(RocksStore, ReportsWhatABackgroundFlushMadeDurable) {
  const TemporaryDirectory directory;
  RocksOptions options;
  options.memtable_bytes = 256 * 1024;
  auto store = RocksStore::open(directory.path(), options);
  ASSERT_TRUE(store.has_value());
  const std::string value(10'000, 'v');
  std::uint64_t index = 0;
  while ((*store)->durable() == Index() && index < 100'000) {
    if ((*store)->is_behind()) continue;
    ++index;
    apply(**store, index, {put(std::to_string(index % 100), index, value)});
  }
  EXPECT_GT((*store)->durable(), Index());
  EXPECT_LE((*store)->durable(), Index(index));
  EXPECT_FALSE((*store)->trouble().has_value());
}

TEST(RocksStore, WritesOutInTheBackground) {
  const TemporaryDirectory directory;
  const auto store = RocksStore::open(directory.path(), {});
  ASSERT_TRUE(store.has_value());
  EXPECT_TRUE(tests::are_in_background(1));
}

TEST(Chores, AreWaitedFor) {
  Chores chores;
  int done = 0;
  for (int i = 0; i < 100; ++i) chores.add([&done] { ++done; });
  chores.wait();
  EXPECT_EQ(done, 100);
}

TEST(Chores, AreDoneInTheBackground) {
  const Chores chores;
  EXPECT_TRUE(tests::are_in_background(1));
}

TEST(RocksStore, IsBehindWhileItsDiskIsAndTakesMoreAllTheSame) {
  const TemporaryDirectory directory;
  RocksOptions options;
  options.memtable_bytes = 4'000;
  const auto store = RocksStore::open(directory.path(), options);
  ASSERT_TRUE(store.has_value());
  const std::string value(10'000, 'v');
  std::uint64_t index = 0;
  // Each change set fills a table, and each table is a file.
  while (!(*store)->is_behind() && index < 10'000) {
    ++index;
    apply(**store, index, {put(std::to_string(index % 10), index, value)});
  }
  EXPECT_TRUE((*store)->is_behind());
  for (int more = 0; more < 10; ++more) {
    ++index;
    apply(**store, index, {put("more", index, value)});
  }
  EXPECT_EQ(get(**store, "more"), value + "@" + std::to_string(index));
  ASSERT_TRUE((*store)->flush().has_value());
  EXPECT_FALSE((*store)->is_behind());
  EXPECT_EQ((*store)->durable(), Index(index));
}

/// Copies what a crash of this process would leave now. The list of files comes first: whatever it
/// names is complete by then. A file that is not in the list yet may go away meanwhile.
void copy_crash_image(const std::string& from, const std::string& to) {
  const auto is_list = [](const std::filesystem::path& file) {
    return file.filename() == "CURRENT" || file.filename().string().starts_with("MANIFEST");
  };
  for (const bool lists : {true, false})
    for (const auto& file : std::filesystem::directory_iterator(from))
      if (is_list(file.path()) == lists && file.path().filename() != "incoming.sst")
        std::filesystem::copy_file(file.path(), std::filesystem::path(to) / file.path().filename());
}

TEST(RocksStore, ACrashLeavesTheStateRightAfterOneChangeSet) {
  const TemporaryDirectory directory;
  const TemporaryDirectory image;
  RocksOptions options;
  options.memtable_bytes = 256 * 1024;
  const auto store = RocksStore::open(directory.path(), options);
  ASSERT_TRUE(store.has_value());
  const std::string padding(5'000, 'v');
  std::uint64_t index = 0;
  while ((*store)->durable() < Index(100) && index < 10'000) {
    if ((*store)->is_behind()) continue;
    ++index;
    const std::string value = std::to_string(index) + padding;
    apply(**store, index, {put("a", index, value), put("b", index, value)});
  }
  copy_crash_image(directory.path(), image.path());

  const auto after = RocksStore::open(image.path(), options);
  ASSERT_TRUE(after.has_value());
  const auto stored = (*after)->stored();
  ASSERT_TRUE(stored.has_value() && stored->has_value());
  const Index at = (*stored)->applied;
  EXPECT_GE(at, Index(100));
  EXPECT_LT(at, Index(index));
  EXPECT_EQ((*after)->durable(), at);
  const std::string value = std::to_string(at.value()) + padding + "@" + std::to_string(at.value());
  EXPECT_EQ(get(**after, "a"), value);
  EXPECT_EQ(get(**after, "b"), value);
}

TEST(RocksStore, KeepsItsFirstRowsThroughCompactionsUnderASnapshot) {
  const TemporaryDirectory directory;
  const auto store = RocksStore::open(directory.path(), {});
  ASSERT_TRUE(store.has_value());
  apply(**store, 1, {put("first", 1, "one")});
  ASSERT_TRUE((*store)->flush().has_value());
  const auto held = (*store)->snapshot();
  for (std::uint64_t index = 2; index < 60; ++index) {
    apply(**store, index, {put("later", index, "more")});
    ASSERT_TRUE((*store)->flush().has_value());
    ASSERT_EQ(get(**store, "first"), "one@1") << index;
  }
  EXPECT_EQ(scan(*held, "", ""), "first=one ");
}

std::uint64_t bytes_in(const std::string& directory) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory))
    if (file.path().extension() == ".sst") bytes += file.file_size();
  return bytes;
}

/// As far as this test is there to hear of it, it ends.
void wait_until_reclaimed(const RocksStore& store) {
  while (store.is_reclaiming()) std::this_thread::yield();
}

TEST(RocksStore, SetsTheRoomOfDeletedRowsFree) {
  const TemporaryDirectory directory;
  const auto store = RocksStore::open(directory.path(), {});
  ASSERT_TRUE(store.has_value());
  // Noise, which is not compressed.
  std::minstd_rand random(1);
  std::string value(100'000, ' ');
  for (char& byte : value) byte = static_cast<char>(random());
  std::uint64_t index = 0;
  for (int row = 0; row < 30; ++row) {
    ++index;
    apply(**store, index, {put("k" + std::to_string(row), index, value)});
  }
  ASSERT_TRUE((*store)->flush().has_value());
  const std::uint64_t before = bytes_in(directory.path());
  EXPECT_GT(before, 30 * value.size());
  for (int row = 1; row < 30; ++row) apply(**store, ++index, {erase("k" + std::to_string(row))});
  (*store)->reclaim();
  wait_until_reclaimed(**store);
  EXPECT_LT(bytes_in(directory.path()), 2 * value.size());
  EXPECT_TRUE(get(**store, "k0") == value + "@1");
  EXPECT_EQ(get(**store, "k7"), "none");
  EXPECT_EQ((*store)->durable(), Index(index));
}

TEST(RocksStore, LeavesFilesAloneThatHoldNothingToGain) {
  const TemporaryDirectory directory;
  const auto store = RocksStore::open(directory.path(), {});
  ASSERT_TRUE(store.has_value());
  apply(**store, 1, {put("a", 1, "one")});
  for (int i = 0; i < 2; ++i) {
    (*store)->reclaim();
    wait_until_reclaimed(**store);
  }
  const auto files = [&] {
    std::set<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(directory.path()))
      if (file.path().extension() == ".sst") names.insert(file.path().filename());
    return names;
  };
  const auto before = files();
  (*store)->reclaim();
  wait_until_reclaimed(**store);
  EXPECT_EQ(files(), before);
}

TEST(RocksStore, RefusesADirectoryThatIsOpen) {
  const TemporaryDirectory directory;
  const auto first = RocksStore::open(directory.path(), {});
  ASSERT_TRUE(first.has_value());
  const auto second = RocksStore::open(directory.path(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

TEST(RocksStore, RefusesADamagedStore) {
  const TemporaryDirectory directory;
  {
    const auto store = RocksStore::open(directory.path(), {});
    apply(**store, 1, {put("a", 1, "one")});
    ASSERT_TRUE((*store)->flush().has_value());
  }
  for (const auto& file : std::filesystem::directory_iterator(directory.path()))
    if (file.path().extension() == ".sst") std::filesystem::resize_file(file.path(), 10);
  const auto store = RocksStore::open(directory.path(), {});
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, ErrorCode::corrupt);
}

TEST(RocksStore, RefusesADirectoryThatCannotBeMade) {
  const auto store = RocksStore::open("/proc/no such place", {});
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code, ErrorCode::io);
}

}  // namespace
}  // namespace kvstore::storage
