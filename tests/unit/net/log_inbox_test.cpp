#include "gms/net/log_inbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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
