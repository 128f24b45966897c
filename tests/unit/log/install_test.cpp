#include <functional>

#include "tests/unit/log/crash_steps.hpp"

namespace gms::log {
namespace {

using model::Base;
using model::Index;
using model::InstallRequest;
using model::PersistRequest;
using model::StateGeneration;

class Installs : public LogFixture {
 protected:
  [[nodiscard]] std::vector<std::string> names() { return disk_.list("member/log").value(); }
  [[nodiscard]] Meta meta() { return inspect(disk_, kDirectory, 0).value().stored.meta; }
  [[nodiscard]] static PersistRequest install_order(const InstallRequest& install) {
    PersistRequest request = order({});
    request.install = install;
    return request;
  }
  void install(const InstallRequest& install) {
    const PersistRequest request = install_order(install);
    const auto written = store_->write({&request, 1});
    ASSERT_TRUE(written.has_value()) << written.error().detail;
  }
  /// Where another member's state stands: far above this log's end.
  [[nodiscard]] static Base far_base() {
    return a_base({{model::Epoch(5), Index(100)}, model::EntryHash(77), model::GroupClock(9)});
  }
  void append_batches(int count, std::uint64_t epoch = 1) {
    for (int i = 0; i < count; ++i) {
      append(epoch, 1, 2000);
      while (store_->spares().missing() > 0) make_spare();
    }
  }
  void append_view(std::uint64_t epoch) {
    model::EntryRunBuilder builder;
    model::View view = a_view();
    view.seq = model::ViewSeq(2);
    builder.append(model::EntryKind::view, {model::encode(view)});
    ASSERT_TRUE(write(builder.seal(head_, model::Epoch(epoch), head_.clock)).has_value());
  }
  void close() {
    ASSERT_TRUE(store_->seal().has_value());
    store_.reset();
    disk_.end_process();
  }
};

TEST_F(Installs, WithoutATailTheLogBeginsAnewAfterTheBase) {
  found();
  append(1, 4);
  install({far_base(), StateGeneration(2), false});
  EXPECT_EQ(read_text(3), "gone");
  EXPECT_EQ(read_text(100), "gone");
  head_ = far_base().head;
  append(5, 2);
  EXPECT_EQ(read_text(101), text_of(101, 5));
  EXPECT_EQ(head_before(101), far_base().head);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.state, StateGeneration(2));
  EXPECT_EQ(state_.log.base.head, far_base().head);
  EXPECT_EQ(state_.log.base.view.view, a_view());
  EXPECT_EQ(state_.log.head, head);
  EXPECT_TRUE(state_.log.views.empty());
  EXPECT_EQ(read_text(102), text_of(102, 5));
}

TEST_F(Installs, ALogWithoutEntriesAfterItsBaseIsWhole) {
  options_ = small_segments();
  ASSERT_TRUE(initialise(disk_, kDirectory, a_joiner(), options_).has_value());
  recover();
  install({far_base(), StateGeneration(2), false});
  for (int start = 0; start < 2; ++start) {
    power_loss();
    recover();
    EXPECT_EQ(state_.log.head, far_base().head);
    EXPECT_TRUE(state_.log.epochs.empty());
    EXPECT_EQ(state_.hard_state, (model::HardState{model::Epoch(5), {}}));
  }
}

TEST_F(Installs, ALogThatBeginsBehindItsBaseIsACorruption) {
  found();
  install({far_base(), StateGeneration(2), false});
  auto later = far_base().head;
  later.position.index = Index(101);
  ASSERT_TRUE(write(commands(later, 5)).has_value());
  EXPECT_EQ(recover_error().code, model::ErrorCode::corrupt);
}

TEST_F(Installs, WithATailTheLogGoesOnAsItIs) {
  found();
  append_batches(6);
  append_view(1);
  append(2);
  const auto head = head_;
  const Base base = a_base(head_before(6));
  const Meta before = meta();
  install({base, StateGeneration(2), true});
  EXPECT_EQ(read_text(5), "gone");
  EXPECT_EQ(read_text(6), text_of(6, 1));
  power_loss();
  recover();
  EXPECT_EQ(meta().generation, before.generation);
  EXPECT_EQ(meta().salt, before.salt);
  EXPECT_EQ(state_.state, StateGeneration(2));
  EXPECT_EQ(state_.log.base.head, base.head);
  EXPECT_EQ(state_.log.head, head);
  ASSERT_EQ(state_.log.views.size(), 1U);
  EXPECT_EQ(state_.log.views[0].view.seq, model::ViewSeq(2));
}

TEST_F(Installs, AtTheBaseThatIsThereOnlyTheStateIsAnother) {
  found();
  append_batches(6);
  const auto head = head_;
  const Base base = a_base(head_before(6));
  install({base, StateGeneration(2), true});
  install({base, StateGeneration(3), true});
  power_loss();
  recover();
  EXPECT_EQ(state_.state, StateGeneration(3));
  EXPECT_EQ(state_.log.base.head, base.head);
  EXPECT_EQ(state_.log.head, head);
  EXPECT_EQ(read_text(6), text_of(6, 1));
}

TEST_F(Installs, ATailOrderedJustBeforeIsInTheLogFirst) {
  found();
  const auto tail = commands(head_, 1, 4);
  const Base base = a_base(tail.until(Index(4)).head());
  const std::vector<PersistRequest> group = {order({tail}),
                                             install_order({base, StateGeneration(2), true})};
  ASSERT_TRUE(store_->write(group).has_value());
  power_loss();
  recover();
  EXPECT_EQ(state_.log.base.head, base.head);
  EXPECT_EQ(state_.log.head, tail.head());
}

TEST_F(Installs, WithinAGroupTheOrderCounts) {
  found();
  append(1, 6);
  PersistRequest before = order({commands(head_, 1, 3)});
  before.trim_to = a_base(head_before(4));
  PersistRequest now = install_order({far_base(), StateGeneration(2), false});
  const auto next = commands(far_base().head, 5, 3);
  now.entries = {next};
  now.trim_to = a_base(next.until(Index(103)).head());
  const std::vector<PersistRequest> group = {before, now, order({commands(next.head(), 6)})};
  ASSERT_TRUE(store_->write(group).has_value());
  power_loss();
  recover();
  EXPECT_EQ(state_.log.base.head.position.index, Index(102));
  EXPECT_EQ(state_.log.head.position, (model::Position{model::Epoch(6), Index(104)}));
  EXPECT_EQ(state_.state, StateGeneration(2));
}

TEST_F(Installs, ANewLogIsOfAGenerationThatNoFileIsOf) {
  found();
  append(1, 2);
  const Meta before = meta();
  ASSERT_TRUE(disk_.create("member/log/4-9.seg").has_value());
  install({far_base(), StateGeneration(2), false});
  EXPECT_EQ(meta().generation, Generation(5));
  EXPECT_NE(meta().salt, before.salt);
  power_loss();
  recover();
  EXPECT_EQ(names(), (std::vector<std::string>{"5-1.seg"}));
}

TEST_F(Installs, SegmentsOfTheOldLogServeTheNewOne) {
  found();
  append_batches(8);
  install({far_base(), StateGeneration(2), false});
  ASSERT_TRUE(store_->spares().recycle({}).has_value());
  EXPECT_EQ(names(),
            (std::vector<std::string>{"2-1.seg", "2-2.seg", "2-3.seg", "2-4.seg", "2-5.seg"}));
  head_ = far_base().head;
  append_batches(8, 5);
  const auto head = head_;
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, head);
  for (std::uint64_t index = 101; index <= 108; ++index)
    EXPECT_EQ(read_text(index), text_of(index, 5));
}

/// Another file system, in which something else happens just before a directory is synced.
class InterruptedFiles final : public FileSystem {
 public:
  explicit InterruptedFiles(FileSystem& files) : files_(files) {}
  std::function<void()> before_sync;

  using Done = model::Result<void>;
  model::Result<std::unique_ptr<File>> create(const std::string& path) override {
    return files_.create(path);
  }
  model::Result<std::unique_ptr<File>> open(const std::string& path, Access access) override {
    return files_.open(path, access);
  }
  Done rename(const std::string& from, const std::string& to) override {
    return files_.rename(from, to);
  }
  Done remove(const std::string& path) override { return files_.remove(path); }
  Done make_directory(const std::string& path) override { return files_.make_directory(path); }
  Done sync_directory(const std::string& path) override {
    if (const auto happens = std::exchange(before_sync, nullptr)) happens();
    return files_.sync_directory(path);
  }
  model::Result<std::vector<std::string>> list(const std::string& path) override {
    return files_.list(path);
  }
  model::Result<std::uint64_t> free_bytes(const std::string& path) override {
    return files_.free_bytes(path);
  }
  model::Result<std::unique_ptr<DirectoryLock>> lock(const std::string& path) override {
    return files_.lock(path);
  }

 private:
  FileSystem& files_;
};

// The maker's thread is in the middle of it when the log goes over to another generation.
TEST_F(Installs, WhatIsMadeForTheOldLogMeanwhileIsNotTheNewOnes) {
  found();
  InterruptedFiles files(disk_);
  SpareSegments spares(files, "member/log", {Generation(1), FileSeq(8)}, {4096, 2, 2, 0}, {});
  const auto go_over = [&spares] { spares.start_over({Generation(2), FileSeq(1)}); };
  files.before_sync = go_over;
  ASSERT_TRUE(spares.make({}).has_value());
  EXPECT_FALSE(spares.take().has_value());
  EXPECT_EQ(spares.missing(), 2U);
  EXPECT_EQ(spares.retired(), 1U);
  ASSERT_TRUE(spares.recycle({}).has_value());
  EXPECT_EQ(names(), (std::vector<std::string>{"1-1.seg", "2-1.seg"}));
  EXPECT_EQ(spares.take().value().seq, FileSeq(1));
}

TEST_F(Installs, BytesWrittenCountOverGenerations) {
  found();
  append(1, 2);
  const std::uint64_t before = store_->bytes_written();
  install({far_base(), StateGeneration(2), false});
  EXPECT_EQ(store_->bytes_written(), before);
  head_ = far_base().head;
  append(5, 2);
  EXPECT_GT(store_->bytes_written(), before);
}

class CrashInAnInstall : public Installs, public testing::WithParamInterface<bool> {};

// S14
TEST_P(CrashInAnInstall, LeavesTheOldStateOrTheNewOneWhole) {
  const bool keeps_tail = GetParam();
  found();
  append_batches(8);
  append_view(1);
  append(1, 2);
  const auto old_head = head_;
  const Base base = keeps_tail ? a_base(head_before(8)) : far_base();
  const auto next = commands(keeps_tail ? old_head : base.head, 6, 2);
  close();
  const auto act = [&](LogStore& store) {
    const PersistRequest install = install_order({base, StateGeneration(2), keeps_tail});
    const PersistRequest entries = order({next});
    auto done = store.write({&install, 1});
    if (done) done = store.write({&entries, 1});
    if (done) done = store.spares().recycle({});
    return done;
  };
  int old_ones = 0;
  CrashSteps(disk_, options_).run(act, [&](LogStore::Recovered& found, auto outcome) {
    const model::RecoveredLog& log = found.state.log;
    const bool is_new = found.state.state == StateGeneration(2);
    old_ones += is_new ? 0 : 1;
    const bool is_done = outcome == CrashSteps::Outcome::done;
    EXPECT_TRUE(is_new || !is_done);
    EXPECT_TRUE(log.head == next.head() || !is_done);
    EXPECT_EQ(log.base.head, is_new ? base.head : model::ChainHead());
    const auto end = is_new && !keeps_tail ? base.head : old_head;
    EXPECT_TRUE(log.head == end || (is_new && log.head == next.head()));
    // The founding view is below the base then, and the one in the tail is not.
    const std::size_t views = !is_new ? 2 : keeps_tail ? 1 : 0;
    EXPECT_EQ(log.views.size(), views);
    const PersistRequest more = order({commands(log.head, 7)});
    EXPECT_TRUE(found.store->write({&more, 1}).has_value());
    EXPECT_TRUE(found.store->spares().recycle({}).has_value());
  });
  EXPECT_GT(old_ones, 0);
}

INSTANTIATE_TEST_SUITE_P(WithOrWithoutATail, CrashInAnInstall, testing::Bool());

}  // namespace
}  // namespace gms::log
