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
    request.seq = seq_ = seq_.next();
    request.entries = {run};
    log_.persist(std::move(request));
    head_ = run.head();
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

TEST_F(MemoryLogTest, SaysNothingAfterItsStop) {
  persist(commands(head_, 1));
  log_.stop();
  log_.complete();
  EXPECT_TRUE(listener_.heard().durable.empty());
}

}  // namespace
}  // namespace gms::log
