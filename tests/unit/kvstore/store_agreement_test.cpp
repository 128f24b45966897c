#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "kvstore/storage/memory_store.hpp"
#include "kvstore/storage/rocks_store.hpp"
#include "tests/unit/kvstore/temporary_directory.hpp"

namespace kvstore::storage {
namespace {

using api::Direction;
using api::Revision;
using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::Index;

/// Small tables, so that a run goes through many of them.
RocksOptions small_tables() {
  RocksOptions options;
  options.memtable_bytes = 16 * 1024;
  return options;
}

/// The two stores under the same random work, compared wherever they can be seen.
class TwoStores {
 public:
  explicit TwoStores(std::uint64_t seed) : random_(seed) { open(); }

  void run(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) step();
    compare_snapshots(*memory_->snapshot(), *rocks_->snapshot());
  }

 private:
  struct Pair {
    std::unique_ptr<Snapshot> memory;
    std::unique_ptr<Snapshot> rocks;
  };
  /// A scan of each that goes on while its store does.
  struct Walk {
    Pair rows;
    std::unique_ptr<Scan> memory;
    std::unique_ptr<Scan> rocks;
  };

  std::uint64_t pick(std::uint64_t upto) { return random_() % upto; }
  std::string key() { return "key" + std::to_string(pick(400)); }

  void open() {
    memory_ = std::make_unique<MemoryStore>(image_);
    auto opened = RocksStore::open(directory_.path(), small_tables());
    ASSERT_TRUE(opened.has_value());
    rocks_ = *std::move(opened);
    ASSERT_EQ(*memory_->stored(), *rocks_->stored());
  }

  void step() {
    const std::uint64_t what = pick(1000);
    if (what < 900) {
      apply();
    } else if (what < 940) {
      held_.push_back({memory_->snapshot(), rocks_->snapshot()});
      if (held_.size() > 4) held_.erase(held_.begin());
    } else if (what < 970) {
      if (!held_.empty()) compare_range(held_[pick(held_.size())]);
    } else if (what < 985) {
      compare_range({memory_->snapshot(), rocks_->snapshot()});
    } else if (what < 997) {
      flush();
    } else {
      reopen();
    }
    compare_get();
    walk_on();
  }

  void apply() {
    std::vector<std::string> bytes(pick(20) * 2);
    ChangeSet changes;
    changes.applied = index_ = index_ + pick(3);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      bytes[i] = key();
      bytes[i + 1].assign(pick(10) == 0 ? pick(3000) : pick(60), static_cast<char>('a' + pick(26)));
      const Space space = pick(8) == 0 ? Space::session : Space::data;
      std::optional<api::Versioned> row;
      if (pick(5) != 0) row = api::Versioned{Revision(index_.value()), as_bytes(bytes[i + 1])};
      changes.changes.push_back({space, as_bytes(bytes[i]), row});
    }
    const std::string record(pick(40), 'r');
    changes.record = as_bytes(record);
    ASSERT_TRUE(memory_->apply(changes).has_value());
    ASSERT_TRUE(rocks_->apply(changes).has_value());
    ASSERT_EQ(*memory_->stored(), *rocks_->stored());
    const Index durable = rocks_->durable();
    ASSERT_LE(durable, index_);
    ASSERT_GE(durable, durable_);
    durable_ = durable;
  }

  void flush() {
    ASSERT_TRUE(memory_->flush().has_value());
    ASSERT_TRUE(rocks_->flush().has_value());
    ASSERT_EQ(memory_->durable(), rocks_->durable());
    durable_ = rocks_->durable();
  }

  void reopen() {
    walk_ = {};
    held_.clear();
    flush();
    memory_.reset();
    rocks_.reset();
    open();
    ASSERT_EQ(memory_->durable(), rocks_->durable());
  }

  void compare_get() {
    const std::string wanted = key();
    const Space space = pick(4) == 0 ? Space::session : Space::data;
    Bytes a;
    Bytes b;
    const auto first = memory_->get(space, as_bytes(wanted), a);
    const auto second = rocks_->get(space, as_bytes(wanted), b);
    ASSERT_TRUE(first.has_value() && second.has_value());
    ASSERT_EQ(*first, *second) << wanted;
    if (!*first) return;
    ASSERT_EQ(a, b) << wanted;
  }

  void compare_range(const Pair& at) {
    std::string from = key();
    std::string to = pick(4) == 0 ? "" : key();
    compare(at, Space::data, {as_bytes(from), as_bytes(to)});
  }

  void begin_walk() {
    const Direction direction = pick(2) == 0 ? Direction::ascending : Direction::descending;
    const Space space = pick(4) == 0 ? Space::session : Space::data;
    walk_ = {};
    walk_.rows = {memory_->snapshot(), rocks_->snapshot()};
    walk_.memory = walk_.rows.memory->scan(space, {}, direction);
    walk_.rocks = walk_.rows.rocks->scan(space, {}, direction);
  }

  void walk_on() {
    if (!walk_.memory || !walk_.memory->at_row()) begin_walk();
    for (std::uint64_t left = pick(10); left > 0 && walk_.memory->at_row(); --left) {
      ASSERT_TRUE(walk_.rocks->at_row());
      ASSERT_EQ(text_of(*walk_.memory), text_of(*walk_.rocks));
      walk_.memory->next();
      walk_.rocks->next();
    }
    ASSERT_EQ(walk_.memory->at_row(), walk_.rocks->at_row());
    ASSERT_TRUE(walk_.rocks->status().has_value());
  }

  static void compare_snapshots(const Snapshot& memory, const Snapshot& rocks) {
    for (const Space space : {Space::data, Space::session})
      for (const Direction direction : {Direction::ascending, Direction::descending})
        ASSERT_EQ(rows_of(memory, space, {}, direction), rows_of(rocks, space, {}, direction));
  }

  static void compare(const Pair& at, Space space, const api::KeyBounds& bounds) {
    ASSERT_EQ(at.memory->applied(), at.rocks->applied());
    for (const Direction direction : {Direction::ascending, Direction::descending})
      ASSERT_EQ(rows_of(*at.memory, space, bounds, direction),
                rows_of(*at.rocks, space, bounds, direction));
  }

  static std::string rows_of(const Snapshot& rows, Space space, const api::KeyBounds& bounds,
                             Direction direction) {
    std::string out;
    const auto walk = rows.scan(space, bounds, direction);
    for (; walk->at_row(); walk->next()) out += text_of(*walk);
    EXPECT_TRUE(walk->status().has_value());
    return out;
  }

  static std::string text_of(const Scan& walk) {
    const api::Pair pair = walk.pair();
    std::string out(as_text(pair.key));
    out += '@' + std::to_string(pair.row.revision.value()) + '=';
    out += as_text(pair.row.value);
    return out + '\n';
  }

  std::mt19937_64 random_;
  TemporaryDirectory directory_;
  MemoryImage image_;
  std::unique_ptr<MemoryStore> memory_;
  std::unique_ptr<RocksStore> rocks_;
  std::vector<Pair> held_;
  Walk walk_;
  Index index_;
  Index durable_;
};

class StoresAgree : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(StoresAgree, OnRandomChangesFlushesSnapshotsAndReopens) {
  TwoStores stores(GetParam());
  stores.run(1500);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoresAgree, ::testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace kvstore::storage
