#include "gms/log/durable_log.hpp"

#include <thread>

#include "tests/support/background_threads.hpp"
#include "tests/unit/log/log_fixture.hpp"
#include "tests/unit/log/recording_listener.hpp"

namespace gms::log {
namespace {

using model::Index;
using model::PersistSeq;
using model::StorageHealth;
using Heard = RecordingListener::Heard;

TEST(WorkQueue, GivesItemsInTheirOrderAndAllAtOnce) {
  WorkQueue<int> queue;
  EXPECT_TRUE(queue.take_all().empty());
  queue.push(1);
  queue.push(2);
  queue.push(3);
  EXPECT_EQ(queue.take_all(), (std::vector<int>{1, 2, 3}));
}

TEST(WorkQueue, ExactlyOnePushFindsTheConsumerAsleep) {
  using Consumer = WorkQueue<int>::Consumer;
  WorkQueue<int> queue;
  ASSERT_TRUE(queue.fall_asleep());
  EXPECT_EQ(queue.push(1), Consumer::asleep);
  EXPECT_EQ(queue.push(2), Consumer::awake);
  EXPECT_FALSE(queue.fall_asleep());
  EXPECT_EQ(queue.take_all(), (std::vector<int>{1, 2}));
  ASSERT_TRUE(queue.fall_asleep());
  EXPECT_TRUE(queue.wake());
  EXPECT_EQ(queue.push(3), Consumer::awake);
}

TEST(WorkQueue, LosesNothingBetweenTwoThreads) {
  constexpr int kItems = 20'000;
  WorkQueue<int> queue;
  Wakeup wakeup;
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i)
      if (queue.push(i) == WorkQueue<int>::Consumer::asleep) wakeup.wake();
  });
  int expected = 0;
  while (expected < kItems) {
    const std::vector<int> items = queue.take_all();
    for (const int item : items) ASSERT_EQ(item, expected++);
    if (items.empty() && queue.fall_asleep()) wakeup.wait();
  }
  producer.join();
}

class DurableLogTest : public LogFixture {
 protected:
  void start(const LogOptions& options = small_segments(), DurableLog::Options threads = {}) {
    found(options);
    log_ = std::make_unique<DurableLog>(std::move(store_), listener_, threads);
  }
  /// Orders the next entry.
  void persist() {
    auto request = order({commands(head_, 1)});
    request.seq = seq_ = seq_.next();
    head_ = request.entries[0].head();
    log_->persist(std::move(request));
  }
  [[nodiscard]] std::size_t segments() { return disk_.list("member/log").value().size(); }
  /// Works and waits until that many segments were made.
  void reach_segments(std::size_t wanted) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (segments() < wanted && std::chrono::steady_clock::now() < limit) {
      persist();
      ASSERT_TRUE(listener_.wait_until_durable(seq_.value()));
    }
    ASSERT_GE(segments(), wanted);
  }
  /// The next entry, after which the log begins.
  void persist_and_trim() {
    auto request = order({commands(head_, 1, 1, 2000)});
    request.seq = seq_ = seq_.next();
    head_ = request.entries[0].head();
    request.trim_to = a_base(head_);
    log_->persist(std::move(request));
  }
  /// Another member's state, a little ahead of the log, and an entry behind it.
  void install() {
    model::PersistRequest request;
    request.seq = seq_ = seq_.next();
    head_.position.index = Index(head_.position.index.value() + 10);
    head_.hash = model::EntryHash(seq_.value());
    request.install = model::InstallRequest{a_base(head_), model::StateGeneration(2), false};
    request.entries = {commands(head_, 1)};
    head_ = request.entries[0].head();
    log_->persist(std::move(request));
  }
  [[nodiscard]] model::ChainHead durable_head() {
    disk_.lose_power(tests::SimulatedDisk::Unsynced::lost);
    return inspect(disk_, kDirectory, 0).value().log.log.head;
  }

  RecordingListener listener_;
  PersistSeq seq_;
  /// After the listener and the disk, which it uses.
  std::unique_ptr<DurableLog> log_;
};

TEST_F(DurableLogTest, StopCarriesOutWhatWasAskedFor) {
  start();
  for (int i = 0; i < 100; ++i) persist();
  log_->stop();
  EXPECT_EQ(listener_.heard().durable.back(), seq_);
  EXPECT_EQ(log_->statistics().queue_depth, 0U);
  EXPECT_EQ(durable_head(), head_);
}

TEST_F(DurableLogTest, MakesSegmentsInTheBackground) {
  start();
  // The thread that syncs is not.
  EXPECT_TRUE(tests::are_in_background(1));
}

TEST_F(DurableLogTest, OrdersThatGatherDuringASyncShareTheNext) {
  start();
  listener_.hold();
  persist();
  ASSERT_TRUE(listener_.wait_until_durable(1));
  for (int i = 0; i < 50; ++i) persist();
  EXPECT_EQ(log_->statistics().queue_depth, 51U);
  listener_.release();
  ASSERT_TRUE(listener_.wait_until_durable(51));
  EXPECT_EQ(listener_.heard().durable, (std::vector<PersistSeq>{PersistSeq(1), PersistSeq(51)}));
  log_->stop();
  EXPECT_EQ(log_->statistics().syncs, 2U);
  EXPECT_GT(log_->statistics().bytes_written, 51U * 40U);
  EXPECT_GE(log_->statistics().sync_time_total, log_->statistics().sync_time_max);
}

TEST_F(DurableLogTest, AReadSeesEveryOrderBeforeIt) {
  start();
  persist();
  persist();
  log_->read({a_member(), Index(2), 100'000});
  ASSERT_TRUE(listener_.wait_until([](const Heard& heard) { return heard.answers.size() == 1; }));
  EXPECT_EQ(listener_.heard().answers[0].entries.head(), head_);
}

TEST_F(DurableLogTest, AnOrderWaitsForOneReadAtMost) {
  start();
  listener_.on_answer = [this] { persist(); };
  listener_.hold();
  persist();
  ASSERT_TRUE(listener_.wait_until_durable(1));
  for (int i = 0; i < 3; ++i) log_->read({a_member(), Index(2), 100'000});
  listener_.release();
  ASSERT_TRUE(listener_.wait_until([](const Heard& heard) { return heard.answers.size() == 3; }));
  EXPECT_EQ(listener_.heard().answers_at_durable, (std::vector<std::size_t>{0, 1}));
}

TEST_F(DurableLogTest, AFailedSyncIsToldOnceAndIsTheEnd) {
  start();
  persist();
  ASSERT_TRUE(listener_.wait_until_durable(1));
  disk_.fail_sync("1-1.seg");
  persist();
  ASSERT_TRUE(listener_.wait_until([](const Heard& heard) { return !heard.failures.empty(); }));
  persist();
  log_->read({a_member(), Index(1), 100});
  log_->stop();
  const Heard heard = listener_.heard();
  EXPECT_EQ(heard.failures.size(), 1U);
  EXPECT_EQ(heard.failures[0].code, model::ErrorCode::io);
  EXPECT_EQ(heard.durable, (std::vector<PersistSeq>{PersistSeq(1)}));
  EXPECT_TRUE(heard.answers.empty());
}

TEST_F(DurableLogTest, AFaultWhileMakingASpareIsTheEndToo) {
  found();
  disk_.fail_sync("1-2.seg");
  log_ = std::make_unique<DurableLog>(std::move(store_), listener_, DurableLog::Options{});
  ASSERT_TRUE(listener_.wait_until([](const Heard& heard) { return !heard.failures.empty(); }));
  persist();
  log_->stop();
  EXPECT_TRUE(listener_.heard().durable.empty());
}

TEST_F(DurableLogTest, AnIdleLogIsSealed) {
  start(small_segments(), {.seal_after = model::Duration(1)});
  persist();
  const auto sealed = [this] {
    const auto found = inspect(*disk_.image(), kDirectory, 0);
    return found && found->log.seal && found->log.log.head == head_;
  };
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!sealed() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  EXPECT_TRUE(sealed());
  persist();
  ASSERT_TRUE(listener_.wait_until_durable(2));
}

TEST_F(DurableLogTest, ALogThatIsStoppedIsSealed) {
  start(small_segments(), {.seal_after = std::chrono::hours(1)});
  persist();
  ASSERT_TRUE(listener_.wait_until_durable(1));
  log_->stop();
  const auto found = inspect(*disk_.image(), kDirectory, 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->log.seal);
  EXPECT_EQ(found->log.log.head, head_);
}

TEST_F(DurableLogTest, AFullDiskIsToldBeforeTheLogRunsOutAndAgainWhenThereIsRoom) {
  start(small_segments(), {.room_check = model::Duration(1)});
  reach_segments(3);
  disk_.set_capacity(0);
  const auto said_full = [](const Heard& heard) {
    return !heard.health.empty() && heard.health.back().disk_full;
  };
  ASSERT_TRUE(listener_.wait_until(said_full));
  // What is ordered still, such as the entry of a new epoch, has the room that was made ahead.
  for (int i = 0; i < 4; ++i) persist();
  ASSERT_TRUE(listener_.wait_until_durable(seq_.value()));
  EXPECT_TRUE(listener_.heard().failures.empty());
  disk_.set_capacity(std::uint64_t{1} << 30);
  ASSERT_TRUE(listener_.wait_until(
      [](const Heard& heard) { return !heard.health.empty() && !heard.health.back().disk_full; }));
  log_->stop();
  EXPECT_EQ(durable_head(), head_);
}

TEST_F(DurableLogTest, LittleRoomIsToldBeforeTheDiskIsFull) {
  LogOptions options = small_segments();
  options.low_bytes = std::uint64_t{1} << 29;
  start(options, {.room_check = model::Duration(1)});
  reach_segments(3);
  disk_.set_capacity(std::uint64_t{1} << 28);
  ASSERT_TRUE(listener_.wait_until([](const Heard& heard) { return !heard.health.empty(); }));
  EXPECT_EQ(listener_.heard().health.back(), (StorageHealth{false, false, true}));
  disk_.set_capacity(0);
  ASSERT_TRUE(
      listener_.wait_until([](const Heard& heard) { return heard.health.back().disk_full; }));
  EXPECT_TRUE(listener_.heard().health.back().disk_low);
  disk_.set_capacity(std::uint64_t{1} << 30);
  ASSERT_TRUE(listener_.wait_until(
      [](const Heard& heard) { return heard.health.back() == StorageHealth(); }));
}

TEST_F(DurableLogTest, TrimmedSegmentsGoByThemselves) {
  const LogOptions options = small_segments();
  start(options, {.room_check = model::Duration(3'600'000)});
  reach_segments(12);
  // The twelfth may be under way still.
  persist();
  ASSERT_TRUE(listener_.wait_until_durable(seq_.value()));
  EXPECT_GE(log_->statistics().segments, 11U);
  persist_and_trim();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (segments() > 1 + options.spares_max && std::chrono::steady_clock::now() < limit)
    std::this_thread::yield();
  EXPECT_LE(segments(), 1 + options.spares_max);
  // What is counted is as it was at the last sync, and the maker goes on: both are looked at once.
  LogStatistics counted;
  std::size_t there = 0;
  do {
    persist();
    ASSERT_TRUE(listener_.wait_until_durable(seq_.value()));
    counted = log_->statistics();
    there = segments();
  } while (counted.segments != there && std::chrono::steady_clock::now() < limit);
  EXPECT_EQ(counted.segments, there);
  EXPECT_GE(counted.segment_bytes, there * options.segment_bytes);
  log_->stop();
  EXPECT_EQ(durable_head(), head_);
}

TEST_F(DurableLogTest, TheLogGoesOverToAnotherWhileSparesAreMade) {
  start(small_segments(), {.room_check = model::Duration(1)});
  for (int i = 0; i < 60; ++i) {
    persist_and_trim();
    persist();
    install();
    ASSERT_TRUE(i % 7 != 0 || listener_.wait_until_durable(seq_.value()));
  }
  log_->stop();
  EXPECT_TRUE(listener_.heard().failures.empty());
  EXPECT_EQ(durable_head(), head_);
  recover();
  EXPECT_LE(segments(), 1 + options_.spares_max + 1);
}

TEST_F(DurableLogTest, SparesAreMadeAgainAsTheyAreUsed) {
  start(small_segments(), {.room_check = model::Duration(3'600'000)});
  reach_segments(12);
  log_->stop();
  EXPECT_EQ(durable_head(), head_);
}

}  // namespace
}  // namespace gms::log
