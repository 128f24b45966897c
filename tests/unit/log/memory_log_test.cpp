#include "gms/log/memory_log.hpp"

#include "tests/unit/log/log_fixture.hpp"
#include "tests/unit/log/recording_listener.hpp"

namespace gms::log {
namespace {

using model::Index;
using model::PersistSeq;

class MemoryLogTest : public testing::Test {
 protected:
  void persist(const model::EntryRun& run) {
    model::PersistRequest request;
    request.entries = {run};
    persist(std::move(request));
    head_ = run.head();
  }
  void persist(model::PersistRequest request) {
    request.seq = seq_ = seq_.next();
    log_.persist(std::move(request));
  }
  [[nodiscard]] model::ReadAnswer read(std::uint64_t first, std::size_t bytes_max = 1'000'000) {
    log_.read({a_member(), Index(first), bytes_max});
    log_.complete();
    return listener_.heard().answers.back();
  }

  RecordingListener listener_;
  int asked_ = 0;
  MemoryLog log_{first_state(a_founder()).log, listener_, [this] { ++asked_; }};
  model::ChainHead head_ = first_state(a_founder()).log.head;
  PersistSeq seq_;
};

TEST_F(MemoryLogTest, AnswersOnlyWhenItIsAskedToComplete) {
  persist(commands(head_, 1));
  persist(commands(head_, 1));
  EXPECT_TRUE(listener_.heard().durable.empty());
  EXPECT_EQ(asked_, 1);
  log_.complete();
  EXPECT_EQ(listener_.heard().durable, (std::vector<PersistSeq>{PersistSeq(2)}));
  persist(commands(head_, 1));
  EXPECT_EQ(asked_, 2);
}

TEST_F(MemoryLogTest, ReadsWhatStandsNow) {
  persist(commands(head_, 1, 4));
  const auto before = read(4).previous;
  persist(commands(before, 2, 1));
  EXPECT_EQ(read(4).entries.head(), head_);
  EXPECT_EQ(read(3, 1).entries.count(), 1U);
  EXPECT_EQ(read(1).previous, model::ChainHead{});
  EXPECT_TRUE(read(5).gone);
  EXPECT_TRUE(read(0).gone);
}

TEST_F(MemoryLogTest, ForgetsWhatIsUpToItsBase) {
  const auto run = commands(head_, 1, 6);
  persist(run.until(Index(4)));
  persist(run.from(Index(4)));
  model::PersistRequest trim;
  trim.trim_to = a_base(run.until(Index(6)).head());
  persist(std::move(trim));
  EXPECT_TRUE(read(5).gone);
  EXPECT_EQ(read(6).previous, run.until(Index(6)).head());
  EXPECT_EQ(read(6).entries.head(), run.head());
  persist(commands(run.head(), 2));
  EXPECT_EQ(read(8).entries.head(), head_);
}

TEST_F(MemoryLogTest, BeginsAnewAfterAnotherMembersState) {
  persist(commands(head_, 1, 6));
  const model::ChainHead far{{model::Epoch(4), Index(50)}, model::EntryHash(9), {}};
  const auto next = commands(far, 4, 3);
  model::PersistRequest request;
  request.install = model::InstallRequest{a_base(far), model::StateGeneration(2), false};
  request.entries = {next};
  persist(std::move(request));
  for (const std::uint64_t index : {1U, 5U, 7U, 50U}) EXPECT_TRUE(read(index).gone) << index;
  EXPECT_EQ(read(51).previous, far);
  EXPECT_EQ(read(51).entries.head(), next.head());
}

TEST_F(MemoryLogTest, KeepsTheTailThatGoesOnAfterAnotherMembersState) {
  const auto run = commands(head_, 1, 6);
  persist(run);
  const auto base = run.until(Index(4)).head();
  model::PersistRequest request;
  request.install = model::InstallRequest{a_base(base), model::StateGeneration(2), true};
  persist(std::move(request));
  EXPECT_TRUE(read(3).gone);
  EXPECT_EQ(read(4).previous, base);
  EXPECT_EQ(read(4).entries.head(), run.head());
}

TEST_F(MemoryLogTest, SaysNothingAfterItsStop) {
  persist(commands(head_, 1));
  log_.stop();
  log_.complete();
  EXPECT_TRUE(listener_.heard().durable.empty());
}

}  // namespace
}  // namespace gms::log
