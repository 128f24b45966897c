#include <array>
#include <random>

#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {
namespace {

using model::Epoch;
using model::HardState;
using model::Index;
using model::PersistRequest;
using tests::SimulatedDisk;

/// Syncs that fail, restarts without a loss of power, and losses of power.
class Crash : public LogFixture {
 protected:
  /// What the disk alone would give, if the power failed now.
  [[nodiscard]] model::ChainHead durable_head() const {
    const auto image = disk_.image();
    image->lose_power(SimulatedDisk::Unsynced::lost);
    const auto found = inspect(*image, kDirectory, 0);
    EXPECT_TRUE(found.has_value()) << found.error().detail;
    return found ? found->log.log.head : model::ChainHead{};
  }
  [[nodiscard]] HardState durable_hard_state() const {
    const auto image = disk_.image();
    image->lose_power(SimulatedDisk::Unsynced::lost);
    return inspect(*image, kDirectory, 0).value().stored.hard_state;
  }
};

// S20
TEST_F(Crash, WhatARestartReadsFromTheCacheIsDurableBeforeItIsActedOn) {
  found();
  append(1, 2);
  disk_.fail_sync(".seg");
  EXPECT_FALSE(write(commands(head_, 1)).has_value());
  const auto synced = head_;
  recover();
  EXPECT_EQ(state_.log.head.position.index, synced.position.index.next());
  EXPECT_EQ(durable_head(), state_.log.head);
  append(1);
  EXPECT_EQ(durable_head(), head_);
}

TEST_F(Crash, ASealThatOnlyTheCacheHasIsWrittenAgain) {
  found();
  append(1, 2);
  disk_.fail_sync(".seg");
  EXPECT_FALSE(store_->seal().has_value());
  recover();
  append(1);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
}

class CrashAtARoll : public Crash, public testing::WithParamInterface<std::uint64_t> {};

// S38
TEST_P(CrashAtARoll, BatchesOnBothSidesAreDurableAfterAFailedSync) {
  found();
  make_spare();
  append(1, 1, 6000);
  const auto first = commands(head_, 1, 1, 500);
  // Another epoch at the same index, so that it makes a batch of its own.
  const auto second = commands(head_, 2, 1, 3000);
  const std::vector<PersistRequest> group = {order({first}), order({second})};
  const std::uint64_t syncs_before_the_failing = GetParam();
  disk_.fail_sync(".seg", syncs_before_the_failing);
  EXPECT_FALSE(store_->write(group).has_value());
  recover();
  EXPECT_EQ(state_.log.head, syncs_before_the_failing == 0 ? first.head() : second.head());
  EXPECT_EQ(durable_head(), state_.log.head);
  append(3);
  EXPECT_EQ(durable_head(), head_);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
}

INSTANTIATE_TEST_SUITE_P(FirstOrSecondSync, CrashAtARoll, testing::Values(0U, 1U));

class CrashInHardState : public Crash, public testing::WithParamInterface<const char*> {};

// S34
TEST_P(CrashInHardState, WhatOnlyTheCacheHasIsDurableBeforeItIsActedOn) {
  found();
  PersistRequest request = order({});
  request.hard_state = HardState{Epoch(9), a_member()};
  disk_.fail_sync(GetParam());
  EXPECT_FALSE(store_->write({&request, 1}).has_value());
  recover();
  const HardState acted_on = state_.hard_state;
  EXPECT_EQ(acted_on.epoch, Epoch(9));
  EXPECT_EQ(durable_hard_state(), acted_on);
  power_loss();
  for (const char* const rotten : {"member/HARD.0", "member/HARD.1"}) {
    const auto image = disk_.image();
    image->flip_bit(rotten, 33, 0);
    const auto recovered = LogStore::recover(*image, kDirectory, options_);
    ASSERT_TRUE(recovered.has_value());
    EXPECT_EQ(recovered->state.hard_state, acted_on) << rotten;
  }
}

INSTANTIATE_TEST_SUITE_P(EitherCopy, CrashInHardState, testing::Values("HARD.0", "HARD.1"));

// S35
TEST_F(Crash, ABootNumberNeverRepeatsWhicheverSlotRots) {
  found();
  std::uint64_t largest = state_.boot.value();
  for (int start = 0; start < 20; ++start) {
    power_loss(start % 3 == 0 ? SimulatedDisk::Unsynced::kept : SimulatedDisk::Unsynced::lost);
    if (start % 4 != 3) disk_.flip_bit("member/BOOT", start % 2 == 0 ? 17 : 4096 + 17, 2);
    // A start that is cut off after the first slot leaves two different ones.
    if (start % 5 == 4) {
      disk_.fail_sync("BOOT", 1);
      EXPECT_FALSE(LogStore::recover(disk_, kDirectory, options_).has_value());
    }
    recover();
    EXPECT_GT(state_.boot.value(), largest);
    largest = state_.boot.value();
  }
  power_loss();
  disk_.flip_bit("member/BOOT", 17, 2);
  disk_.flip_bit("member/BOOT", 4096 + 17, 2);
  EXPECT_EQ(recover_error().code, model::ErrorCode::corrupt);
}

TEST_F(Crash, AnUnreadableBootSlotMayHaveHeldTheNextNumber) {
  found();
  ASSERT_EQ(state_.boot, model::BootSeq(1));
  power_loss();
  disk_.flip_bit("member/BOOT", 17, 2);
  recover();
  EXPECT_EQ(state_.boot, model::BootSeq(3));
  recover();
  EXPECT_EQ(state_.boot, model::BootSeq(4));
}

/// A log as the ones who hear of it know it: which entry stands where, and what was promised.
struct Known {
  std::vector<model::ChainHead> heads = {{}};
  std::size_t base = 0;
  model::StateGeneration state{1};
  HardState hard_state;

  void apply(const model::EntryRun& run) {
    heads.resize(run.first_index().value());
    for (const model::EntryView entry : run)
      heads.push_back({entry.position(), entry.hash(), entry.clock()});
  }
  void install(const model::InstallRequest& install) {
    base = install.base.head.position.index.value();
    state = install.state;
    if (install.keeps_tail) return;
    heads.assign(base, {});
    heads.push_back(install.base.head);
  }
  [[nodiscard]] const model::ChainHead& last() const { return heads.back(); }
  [[nodiscard]] std::vector<model::EpochSpan> epochs() const {
    std::vector<model::EpochSpan> spans;
    for (std::size_t i = base + 1; i < heads.size(); ++i) {
      const model::Position at = heads[i].position;
      if (spans.empty() || spans.back().epoch != at.epoch)
        spans.push_back({at.epoch, at.index, {}, {}});
      spans.back().last = at.index;
      spans.back().last_hash = heads[i].hash;
    }
    return spans;
  }
  [[nodiscard]] bool is(const model::RecoveredLog& log) const {
    return last() == log.head && heads[base] == log.base.head;
  }
};

/// Random orders and crashes. After each start the log must be what was reported durable, and of
/// the order that was cut off a part that a prefix of its batches explains.
class Torture {
 public:
  explicit Torture(std::uint64_t seed) : random_(seed) {}

  void run() {
    ASSERT_TRUE(initialise(disk_, kDirectory, a_founder(), small_segments()).has_value());
    const model::RestoredState first = first_state(a_founder());
    promised_ = first.hard_state;
    pasts_.resize(1);
    pasts_[0].hard_state = promised_;
    pasts_[0].apply(first.log.tail.front());
    start();
    for (int step = 0; step < 60 && !testing::Test::HasFatalFailure(); ++step) act();
  }

 private:
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void start() {
    disk_.end_process();
    auto recovered = LogStore::recover(disk_, kDirectory, small_segments());
    ASSERT_TRUE(recovered.has_value()) << recovered.error().detail;
    EXPECT_GT(recovered->state.boot, boot_);
    boot_ = recovered->state.boot;
    store_ = std::move(recovered->store);
    take_over(recovered->state);
    check_durable();
  }

  /// Finds out which of the possible pasts this is.
  void take_over(const model::RestoredState& state) {
    std::erase_if(pasts_, [&](const Known& past) { return !past.is(state.log); });
    ASSERT_FALSE(pasts_.empty()) << "ended at " << model::to_string(state.log.head.position);
    known_ = pasts_[0];
    EXPECT_EQ(state.state, known_.state);
    EXPECT_EQ(state.log.epochs, known_.epochs());
    EXPECT_TRUE(state.hard_state == known_.hard_state || state.hard_state == promised_ ||
                state.hard_state.voted_for.is_none());
    EXPECT_GE(state.hard_state.epoch, known_.hard_state.epoch);
    known_.hard_state = state.hard_state;
    promised_ = state.hard_state;
    pasts_.clear();
  }

  void act() {
    switch (below(11)) {
      case 0: static_cast<void>(store_->spares().make({})); break;
      case 10: recycle(); break;
      case 1: ASSERT_TRUE(store_->seal().has_value()); break;
      case 2: read_somewhere(); break;
      case 3: restart(); break;
      case 4: crash_in_a_start(); break;
      case 5: write(Fate::cut_off); break;
      case 6: write(Fate::sync_fails); break;
      default: write(Fate::done); break;
    }
  }

  enum class Fate { done, cut_off, sync_fails };

  void write(Fate fate) {
    std::vector<PersistRequest> group;
    pasts_ = {known_};
    for (std::uint64_t orders = 1 + below(3); orders > 0; --orders) group.push_back(an_order());
    if (below(3) == 0) order_trim(group.back());
    if (fate == Fate::cut_off) disk_.cut_power_after(below(14));
    constexpr std::array kPlaces = {"HARD", ".seg", "META"};
    if (fate == Fate::sync_fails) disk_.fail_sync(kPlaces[below(3)], below(2));
    const auto written = store_->write(group);
    if (written) {
      known_ = pasts_.back();
      known_.hard_state = promised_;
      pasts_.clear();
      check_durable();
      if (fate != Fate::done) restart();
    } else {
      crash(fate);
    }
  }

  PersistRequest an_order() {
    PersistRequest request;
    if (below(4) == 0) {
      promised_ = {promised_.epoch.next(), a_member()};
      request.hard_state = promised_;
    }
    if (below(8) == 0) order_install(request);
    // Mostly behind the end, sometimes in place of what is there.
    Known next = pasts_.back();
    if (below(3) == 0) {
      const std::size_t kept =
          next.heads.size() - below(std::min<std::uint64_t>(next.heads.size() - 1, 6));
      next.heads.resize(std::max({kept, std::size_t{2}, next.base + 1}));
    }
    const std::uint64_t epoch =
        std::max(promised_.epoch.value(), next.last().position.epoch.value());
    const auto run = commands(next.last(), epoch, 1 + below(4), below(1500));
    next.apply(run);
    pasts_.push_back(next);
    request.entries = {run};
    return request;
  }

  void order_install(PersistRequest& request) {
    Known next = pasts_.back();
    model::InstallRequest install;
    install.state = next.state.next();
    const std::size_t last = next.heads.size() - 1;
    install.keeps_tail = last > next.base && below(2) == 0;
    if (install.keeps_tail) {
      install.base = a_base(next.heads[next.base + 1 + below(last - next.base)]);
    } else {
      const model::Epoch epoch = std::max(promised_.epoch, next.last().position.epoch);
      install.base = a_base(
          {{epoch, Index(last + 1 + below(5))}, model::EntryHash(random_()), next.last().clock});
    }
    next.install(install);
    pasts_.push_back(next);
    request.install = install;
  }

  /// Takes effect behind all entries of the group.
  void order_trim(PersistRequest& request) {
    Known next = pasts_.back();
    const std::size_t room = next.heads.size() - 1 - next.base;
    if (room == 0) return;
    next.base += 1 + below(room);
    request.trim_to = a_base(next.heads[next.base]);
    pasts_.push_back(next);
  }

  void recycle() {
    const bool cut = below(2) == 0;
    if (cut) disk_.cut_power_after(below(8));
    const auto done = store_->spares().recycle({});
    EXPECT_TRUE(done || cut);
    if (cut) restart(Restart::power_loss);
  }

  /// After a failed write the process is gone, the power perhaps too.
  void crash(Fate fate) {
    store_.reset();
    // Orders of one group may share a batch, or not.
    if (fate == Fate::cut_off || below(2) == 0) {
      disk_.lose_power([this] { return random_(); });
    } else {
      disk_.end_process();
    }
    start();
  }

  enum class Restart { any, power_loss };

  void restart(Restart kind = Restart::any) {
    pasts_ = {known_};
    store_.reset();
    if (below(2) == 0) disk_.end_process();
    if (kind == Restart::power_loss || below(2) == 0)
      disk_.lose_power([this] { return random_(); });
    start();
  }

  void crash_in_a_start() {
    pasts_ = {known_};
    for (int tries = 0; tries < 3; ++tries) {
      store_.reset();
      disk_.lose_power([this] { return random_(); });
      disk_.cut_power_after(below(25));
      static_cast<void>(LogStore::recover(disk_, kDirectory, small_segments()));
    }
    disk_.lose_power([this] { return random_(); });
    start();
  }

  void read_somewhere() {
    const std::uint64_t count = known_.heads.size() - 1 - known_.base;
    if (count == 0) return;
    const std::uint64_t first = known_.base + 1 + below(count);
    const auto answer = store_->read({a_member(), Index(first), below(5000)});
    ASSERT_TRUE(answer.has_value()) << answer.error().detail;
    ASSERT_FALSE(answer->gone);
    EXPECT_EQ(answer->previous, known_.heads[first - 1]);
    for (const model::EntryView entry : answer->entries)
      EXPECT_EQ(entry.hash(), known_.heads[entry.index().value()].hash);
  }

  /// The disk alone, should the power fail now, has all that was reported [I11].
  void check_durable() {
    const auto image = disk_.image();
    image->lose_power(SimulatedDisk::Unsynced::lost);
    const auto found = inspect(*image, kDirectory, 0);
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    EXPECT_TRUE(known_.is(found->log.log));
  }

  std::mt19937_64 random_;
  SimulatedDisk disk_;
  std::unique_ptr<LogStore> store_;
  model::BootSeq boot_;
  Known known_;
  HardState promised_;
  /// What the log may be after a crash.
  std::vector<Known> pasts_;
};

TEST(LogTorture, RecoversWhatWasDurableAndAPrefixOfTheRest) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Torture(seed).run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace gms::log
