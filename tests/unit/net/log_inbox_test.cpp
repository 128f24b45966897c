#include "gms/net/log_inbox.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <ranges>
#include <span>
#include <thread>

#include "tests/unit/net/event_loop.hpp"

namespace gms::net {
namespace {

using model::PersistSeq;

struct Receiver final : LogInbox::Receiver {
  void take_durable(PersistSeq seq) override { durable.push_back(seq); }
  void take_read(model::ReadAnswer answer) override { reads.push_back(answer.first); }
  void take_health(model::StorageHealth health) override { disk_full = health.disk_full; }
  void take_failure(model::Error error) override { failure = std::move(error); }

  std::vector<PersistSeq> durable;
  std::vector<model::Index> reads;
  bool disk_full = false;
  std::optional<model::Error> failure;
};

TEST(LogInbox, HandsOnTheLastOfManyReportsOnce) {
  boost::asio::io_context context;
  Receiver receiver;
  const auto inbox = std::make_shared<LogInbox>(context, receiver);
  std::thread log([&] {
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) inbox->on_durable(PersistSeq(seq));
  });
  log.join();
  ASSERT_TRUE(run_until(context, [&] { return !receiver.durable.empty(); }));
  run_for(context, std::chrono::milliseconds(0));
  EXPECT_EQ(receiver.durable, std::vector<PersistSeq>{PersistSeq(1000)});
}

TEST(LogInbox, LosesNoReportThatComesWhileAnotherIsHandedOn) {
  boost::asio::io_context context;
  Receiver receiver;
  const auto inbox = std::make_shared<LogInbox>(context, receiver);
  std::thread log([&] {
    for (std::uint64_t seq = 1; seq <= 100'000; ++seq) inbox->on_durable(PersistSeq(seq));
  });
  EXPECT_TRUE(run_until(context, [&] {
    return !receiver.durable.empty() && receiver.durable.back() == PersistSeq(100'000);
  }));
  log.join();
  EXPECT_TRUE(std::is_sorted(receiver.durable.begin(), receiver.durable.end()));
}

/// Keeps the thread on the `which`-th processor that it may use, so that two threads meet: on a
/// busy machine they would take turns. Does nothing where there are not so many.
void stay_on_processor(int which) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (pthread_getaffinity_np(pthread_self(), sizeof allowed, &allowed) != 0) return;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (!CPU_ISSET(processor, &allowed) || which-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
  }
}

/// Some logs that report two orders each in every round: the first ones when the round begins, and
/// the second ones a little later, in the other order of the logs, so that they meet what hands on
/// the first ones.
class TwoReportsARound {
 public:
  TwoReportsARound(std::span<const std::shared_ptr<LogInbox>> inboxes, std::uint64_t rounds)
      : inboxes_(inboxes), thread_([this, rounds] { run(rounds); }) {}
  ~TwoReportsARound() { thread_.join(); }

  /// Returns when the first reports of the round were made.
  void begin(std::uint64_t round) {
    begun_.round.store(round);
    await(first_, round);
  }
  /// Returns when the second reports of the round were made.
  void await_end(std::uint64_t round) { await(second_, round); }

 private:
  /// In a cache line of its own, so that who waits for it does not slow the others down.
  struct alignas(128) Progress {
    std::atomic<std::uint64_t> round{0};
  };

  static void await(const Progress& progress, std::uint64_t round) {
    constexpr std::uint64_t kTriesBeforeYield = 10'000;
    for (std::uint64_t tries = 1; progress.round.load() < round; ++tries)
      if (tries % kTriesBeforeYield == 0) std::this_thread::yield();
  }

  void run(std::uint64_t rounds) {
    stay_on_processor(1);
    constexpr std::uint64_t kPausesMax = 4000;
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      await(begun_, round);
      for (const auto& inbox : inboxes_) inbox->on_durable(PersistSeq(2 * round - 1));
      first_.round.store(round);
      for (std::uint64_t pause = 0; pause < round % kPausesMax; ++pause)
        std::atomic_signal_fence(std::memory_order_seq_cst);
      for (const auto& inbox : std::views::reverse(inboxes_))
        inbox->on_durable(PersistSeq(2 * round));
      second_.round.store(round);
    }
  }

  std::span<const std::shared_ptr<LogInbox>> inboxes_;
  Progress begun_;
  Progress first_;
  Progress second_;
  std::thread thread_;
};

TEST(LogInbox, LosesNoLastReportThatComesWhileTheOneBeforeIsHandedOn) {
  constexpr std::uint64_t kRounds = 2000;
  boost::asio::io_context context;
  const auto work = boost::asio::make_work_guard(context);
  std::array<Receiver, 16> receivers;
  std::vector<std::shared_ptr<LogInbox>> inboxes;
  for (Receiver& receiver : receivers)
    inboxes.push_back(std::make_shared<LogInbox>(context, receiver));
  std::uint64_t lost = 0;
  std::thread loop([&] {
    // First, since a thread stays where the one does that makes it.
    TwoReportsARound logs(inboxes, kRounds);
    stay_on_processor(0);
    for (std::uint64_t round = 1; round <= kRounds; ++round) {
      logs.begin(round);
      context.poll();
      logs.await_end(round);
      context.poll();
      lost += static_cast<std::uint64_t>(std::ranges::count_if(receivers, [&](const Receiver& r) {
        return r.durable.empty() || r.durable.back() != PersistSeq(2 * round);
      }));
    }
  });
  loop.join();
  EXPECT_EQ(lost, 0U);
}

TEST(LogInbox, AFailureIsKnownBeforeItIsHandedOn) {
  boost::asio::io_context context;
  Receiver receiver;
  const auto inbox = std::make_shared<LogInbox>(context, receiver);
  inbox->on_health({true});
  inbox->on_failure({model::ErrorCode::io, "broken"});
  EXPECT_TRUE(inbox->has_failed());
  EXPECT_FALSE(receiver.failure.has_value());
  ASSERT_TRUE(run_until(context, [&] { return receiver.failure.has_value(); }));
  EXPECT_TRUE(receiver.disk_full);
}

TEST(LogInbox, SaysNothingAfterItWasClosed) {
  boost::asio::io_context context;
  Receiver receiver;
  const auto inbox = std::make_shared<LogInbox>(context, receiver);
  inbox->on_durable(PersistSeq(1));
  inbox->on_read({});
  inbox->close();
  run_for(context, std::chrono::milliseconds(0));
  EXPECT_TRUE(receiver.durable.empty());
  EXPECT_TRUE(receiver.reads.empty());
}

}  // namespace
}  // namespace gms::net
