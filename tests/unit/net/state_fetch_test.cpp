#include "gms/net/state_fetch.hpp"

#include <gtest/gtest.h>

#include "gms/net/address.hpp"
#include "gms/wire/state_codec.hpp"
#include "tests/support/own_loopback.hpp"
#include "tests/unit/net/transfer_fixture.hpp"

namespace gms::net {
namespace {

using boost::asio::io_context;
using model::Bytes;
using model::ErrorCode;

constexpr std::size_t kChunk = 4096;
constexpr std::size_t kWindow = 4 * kChunk;

model::SnapshotMeta scripted_meta(const ScriptedSource& source, std::uint64_t bytes) {
  return {model::SnapshotId(1), transfer_member(1), source.address(), {}, bytes};
}

TEST(StateFetch, BringsPartsOfAllSizesAsTheyAre) {
  for (const std::vector<std::size_t>& sizes : {std::vector<std::size_t>{},
                                                {0},
                                                {1},
                                                {kChunk},
                                                {0, 0, 3 * kWindow + 17, 0, 5, kChunk, 0}}) {
    io_context context;
    SourceEnd source(context, transfer_settings(1));
    const auto contents = contents_of(sizes);
    const auto meta = source.put(5, contents);
    FetchEnd fetcher(context, transfer_settings(2), meta);
    ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
    EXPECT_TRUE(fetcher.staged);
    EXPECT_EQ(fetcher.fetch().parts().size(), sizes.size());
    EXPECT_TRUE(fetcher.contents == contents) << sizes.size() << " parts";
    EXPECT_TRUE(fetcher.fate.finished);
    EXPECT_TRUE(fetcher.failed_attempts.empty());
    EXPECT_EQ(source.fate.bytes, meta.bytes) << "every byte is read once";
    EXPECT_EQ(source.bytes_sent(), meta.bytes);
    EXPECT_NE(fetcher.fetch().take_sink(), nullptr);
  }
}

TEST(StateFetch, GoesOnWhereItWasWhenTheConnectionIsCut) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto contents = contents_of({10 * kChunk, 100, 0, 10 * kChunk});
  auto meta = source.put(5, contents);
  Relay relay(context, source.address(), {{30'000}, {1000}, {20}, {40'000}});
  meta.address = relay.address();
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_TRUE(fetcher.staged);
  EXPECT_TRUE(fetcher.contents == contents);
  EXPECT_EQ(relay.connections(), 5U);
  EXPECT_EQ(fetcher.failed_attempts.size(), 4U);
  EXPECT_EQ(fetcher.asked_for_place, 1U);
  EXPECT_LE(source.fate.bytes, meta.bytes + 4 * kWindow) << "only what was under way is read again";
}

TEST(StateFetch, DropsAConnectionWithADamagedChunkAndGetsItAgain) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto contents = contents_of({10 * kChunk});
  auto meta = source.put(5, contents);
  std::vector<Relay::Fault> faults;
  for (const std::size_t place : {20'000UL, 13'000UL, 60UL}) faults.push_back({SIZE_MAX, place});
  Relay relay(context, source.address(), faults);
  meta.address = relay.address();
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_TRUE(fetcher.staged);
  EXPECT_TRUE(fetcher.contents == contents);
  EXPECT_EQ(fetcher.failed_attempts, std::vector<std::string>(3, "a frame's checksum is wrong"));
}

TEST(StateFetch, NeverPullsMoreThanItsWindowAheadOfTheSink) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({100 * kChunk}));
  FetchEnd fetcher(context, transfer_settings(2), meta);
  std::uint64_t most = 0;
  fetcher.script.on_write = [&] {
    // The chunk that is being written is counted as written already.
    most = std::max(most, source.fate.bytes + kChunk - fetcher.fate.bytes);
  };
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_TRUE(fetcher.staged);
  EXPECT_LE(most, kWindow);
  EXPECT_GT(most, kWindow / 2) << "it does pull ahead";
}

TEST(StateFetch, EndsAtOnceWhenTheSourceDoesNotHaveItAnyMore) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  auto meta = source.put(5, contents_of({10}));
  meta.id = model::SnapshotId(6);
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_EQ(fetcher.failure->code, ErrorCode::not_found);
  EXPECT_TRUE(fetcher.failed_attempts.empty());
  EXPECT_EQ(fetcher.asked_for_place, 0U);
}

TEST(StateFetch, IsRefusedByAnotherGroupAndByAnotherMember) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({10}));
  auto settings = transfer_settings(2);
  settings.group = {1, 1};
  FetchEnd foreigner(context, settings, meta);
  auto other_meta = meta;
  other_meta.source = transfer_member(3);
  FetchEnd astray(context, transfer_settings(2), other_meta);
  other_meta.source = {};
  FetchEnd aimless(context, transfer_settings(2), other_meta);
  const auto all_over = [&] {
    return foreigner.is_over() && astray.is_over() && aimless.is_over();
  };
  ASSERT_TRUE(run_until(context, all_over));
  for (const FetchEnd* fetcher : {&foreigner, &astray, &aimless}) {
    EXPECT_EQ(fetcher->failure->code, ErrorCode::conflict);
    EXPECT_TRUE(fetcher->failed_attempts.empty());
  }
  EXPECT_EQ(
      foreigner.failure->detail,
      "refused: another group: here is 00000000000000070000000000000008; if that was founded anew, "
      "join it with a new data directory");
  EXPECT_EQ(source.refused, 3U);
}

TEST(StateFetch, TriesABusySourceAgainUntilItHasRoom) {
  io_context context;
  auto settings = transfer_settings(1);
  settings.serving_max = 1;
  SourceEnd source(context, settings);
  const auto meta = source.put(5, contents_of({10 * kChunk}));
  auto slow = transfer_settings(2);
  slow.bytes_per_second = 1;
  auto first = std::make_unique<FetchEnd>(context, slow, meta);
  ASSERT_TRUE(run_until(context, [&] { return source.shelf().serving_count() == 1; }));
  auto patient = transfer_settings(3);
  patient.failures_max = 1000;
  FetchEnd second(context, patient, meta);
  ASSERT_TRUE(run_until(context, [&] { return second.failed_attempts.size() == 2; }));
  EXPECT_FALSE(second.is_over());
  first.reset();
  ASSERT_TRUE(run_until(context, [&] { return second.is_over(); }));
  EXPECT_TRUE(second.staged);
}

TEST(StateFetch, FailsAfterAsManyAttemptsInARowAsMayFail) {
  io_context context;
  model::SnapshotMeta meta{model::SnapshotId(1), transfer_member(1), "", {}, 10};
  {
    const auto acceptor = listen_at(context, tests::any_own_port());
    meta.address = to_string(acceptor->local_endpoint());
  }
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_EQ(fetcher.failure->code, ErrorCode::closed);
  EXPECT_EQ(fetcher.failed_attempts.size(), 4U) << "the fifth is the end";
}

TEST(StateFetch, GivesUpASourceThatSaysNothing) {
  io_context context;
  const auto silent = listen_at(context, tests::any_own_port());
  const model::SnapshotMeta meta{
      model::SnapshotId(1), transfer_member(1), to_string(silent->local_endpoint()), {}, 10};
  auto settings = transfer_settings(2);
  settings.handshake_deadline = 5ms;
  settings.failures_max = 2;
  FetchEnd fetcher(context, settings, meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_EQ(fetcher.failure->code, ErrorCode::timed_out);
}

TEST(StateFetch, TakesOnlyTheChunkThatItAskedFor) {
  io_context context;
  const auto contents = contents_of({8});
  wire::FrameWriter astray;
  wire::add_state_parts(astray, {{"part 0", 8}});
  wire::add_state_chunk(astray, {0, 4, model::Payload::copy_of(contents[0])});
  wire::FrameWriter right;
  wire::add_state_parts(right, {{"part 0", 8}});
  wire::add_state_chunk(right, {0, 0, model::Payload::copy_of(contents[0])});
  ScriptedSource source(context, {astray, right});
  FetchEnd fetcher(context, transfer_settings(2), scripted_meta(source, 8));
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  EXPECT_TRUE(fetcher.staged);
  EXPECT_TRUE(fetcher.contents == contents);
  EXPECT_EQ(fetcher.failed_attempts, std::vector<std::string>{"a chunk that was not asked for"});
}

TEST(StateFetch, GivesUpASourceWhosePartsAreOthersThanBefore) {
  const std::vector<std::vector<model::StatePart>> others{
      {{"a", 8}}, {{"a", 8}, {"b", 9}}, {{"b", 8}, {"a", 8}}, {{"a", 8}, {"b", 8}, {"c", 8}}};
  for (const auto& parts : others) {
    io_context context;
    wire::FrameWriter first;
    wire::add_state_parts(first, {{"a", 8}, {"b", 8}});
    wire::add_state_chunk(first, {7, 0, model::Payload::copy_of(contents_of({8})[0])});
    wire::FrameWriter second;
    wire::add_state_parts(second, parts);
    ScriptedSource source(context, {first, second});
    FetchEnd fetcher(context, transfer_settings(2), scripted_meta(source, 16));
    ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
    ASSERT_TRUE(fetcher.failure.has_value());
    EXPECT_EQ(fetcher.failure->detail, "the source has other parts than before");
    EXPECT_EQ(source.connections(), 2U);
  }
}

TEST(StateFetch, EndsWhenThereIsNoPlaceForIt) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({10 * kChunk}));
  FetchEnd nowhere(context, transfer_settings(2), meta);
  nowhere.refuses = true;
  FetchEnd full(context, transfer_settings(3), meta);
  full.script.full_at = 5 * kChunk;
  FetchEnd unsynced(context, transfer_settings(4), meta);
  unsynced.script.cannot_finish = true;
  const auto all_over = [&] { return nowhere.is_over() && full.is_over() && unsynced.is_over(); };
  ASSERT_TRUE(run_until(context, all_over));
  EXPECT_EQ(nowhere.failure->code, ErrorCode::busy);
  EXPECT_EQ(full.failure->detail, "no room");
  EXPECT_EQ(full.fate.bytes, 5 * kChunk);
  EXPECT_TRUE(full.fate.destroyed);
  EXPECT_TRUE(full.failed_attempts.empty());
  EXPECT_EQ(unsynced.failure->detail, "cannot sync");
  EXPECT_TRUE(unsynced.fate.destroyed);
}

TEST(StateFetch, ThatIsStoppedInTheMiddleDropsItsSinkAndSaysNothingMore) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({1000 * kChunk}));
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.fate.bytes > kWindow; }));
  fetcher.fetch().stop();
  EXPECT_TRUE(fetcher.fate.destroyed);
  const auto told = fetcher.progress.size();
  ASSERT_TRUE(run_until(context, [&] { return source.shelf().serving_count() == 0; }));
  run_for(context, 5ms);
  EXPECT_EQ(fetcher.progress.size(), told);
  EXPECT_FALSE(fetcher.is_over());
  EXPECT_LT(fetcher.fate.bytes, meta.bytes);
}

TEST(StateFetch, TellsItsProgressNowAndThen) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({300 * kChunk}));
  FetchEnd fetcher(context, transfer_settings(2), meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.is_over(); }));
  ASSERT_FALSE(fetcher.progress.empty());
  EXPECT_TRUE(std::ranges::is_sorted(fetcher.progress));
  EXPECT_LE(fetcher.progress.back(), meta.bytes);
  EXPECT_LT(fetcher.progress.size(), 300U) << "not with every chunk";
}

TEST(StateFetch, PullsNoMoreThanItsRateLets) {
  io_context context;
  SourceEnd source(context, transfer_settings(1));
  const auto meta = source.put(5, contents_of({10 * kChunk}));
  auto settings = transfer_settings(2);
  settings.bytes_per_second = 1;
  FetchEnd fetcher(context, settings, meta);
  ASSERT_TRUE(run_until(context, [&] { return fetcher.fate.bytes == kChunk; }));
  run_for(context, 20ms);
  EXPECT_EQ(source.fate.bytes, kChunk) << "the first burst";
}

TEST(TokenBucket, LetsItsRatePassAndABurstAfterAPause) {
  const TokenBucket::Clock::time_point start{};
  TokenBucket bucket(1'000'000, 100'000, start);
  std::uint64_t passed = 0;
  auto now = start;
  const auto pass_until = [&](TokenBucket::Clock::time_point end) {
    while (now < end) {
      if (const auto time = bucket.wait(30'000, now); time.count() > 0) {
        now += time;
        continue;
      }
      bucket.take(30'000);
      passed += 30'000;
    }
  };
  pass_until(start + 10s);
  EXPECT_GE(passed, 10'000'000U);
  EXPECT_LE(passed, 10'000'000U + 100'000U + 30'000U);
  passed = 0;
  now += 60s;
  pass_until(now + 1ms);
  EXPECT_GE(passed, 90'000U);
  EXPECT_LE(passed, 130'000U) << "a pause saves up one burst, not more";
}

TEST(TokenBucket, LetsMoreThanABurstPassWithAFullBucketAndThenWaitsTheLonger) {
  const TokenBucket::Clock::time_point start{};
  TokenBucket bucket(1000, 100, start);
  EXPECT_EQ(bucket.wait(5000, start).count(), 0);
  bucket.take(5000);
  EXPECT_GE(bucket.wait(1, start), 4900ms);
  EXPECT_LE(bucket.wait(1, start), 4902ms);
}

TEST(TokenBucket, WithoutARateSetsNoLimit) {
  TokenBucket bucket(0, 1, {});
  bucket.take(UINT64_MAX);
  EXPECT_EQ(bucket.wait(UINT64_MAX, {}).count(), 0);
}

}  // namespace
}  // namespace gms::net
