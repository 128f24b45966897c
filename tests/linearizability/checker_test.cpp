#include "tests/linearizability/checker.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <unordered_map>

#include "tests/linearizability/history_file.hpp"
#include "tests/linearizability/register_model.hpp"

namespace tests::linearizability {
namespace {

Operation call(std::uint32_t client, Moment invoked, Moment returned, Action action) {
  Operation out;
  out.client = client;
  out.key = Key(1);
  out.action = action;
  out.invoked = invoked;
  out.returned = returned;
  out.outcome = Outcome::ok;
  return out;
}

Operation put(std::uint32_t client, Moment invoked, Moment returned, std::uint64_t value) {
  Operation out = call(client, invoked, returned, Action::put);
  out.value = Value(value);
  return out;
}

Operation get(std::uint32_t client, Moment invoked, Moment returned, std::uint64_t seen) {
  Operation out = call(client, invoked, returned, Action::get);
  out.seen = Value(seen);
  return out;
}

struct Condition {
  std::uint64_t expected;
  bool held;
};

Operation put_if(std::uint32_t client, Moment invoked, Moment returned, std::uint64_t value,
                 Condition condition) {
  Operation out = call(client, invoked, returned, Action::put_if);
  out.value = Value(value);
  out.expected = Value(condition.expected);
  out.applied = condition.held;
  return out;
}

Operation unknown(Operation operation) {
  operation.outcome = Outcome::unknown;
  operation.returned = kNever;
  return operation;
}

Verdict verdict_of(const History& history) {
  return check_linearizability(history).verdict;
}

TEST(Linearizability, AcceptsAnEmptyHistory) {
  EXPECT_EQ(verdict_of({}), Verdict::linearizable);
}

TEST(Linearizability, AcceptsOverlappingOperationsInAnyOrderThatExplainsThem) {
  EXPECT_EQ(verdict_of({put(1, 0, 100, 1), get(2, 10, 40, 0), get(3, 20, 90, 1)}),
            Verdict::linearizable);
  EXPECT_EQ(verdict_of({put(1, 0, 100, 1), put(2, 0, 100, 2), get(3, 101, 110, 1)}),
            Verdict::linearizable);
}

TEST(Linearizability, RejectsAReadThatGoesBack) {
  EXPECT_EQ(verdict_of({put(1, 0, 100, 1), get(2, 10, 40, 1), get(3, 50, 90, 0)}),
            Verdict::violated);
}

TEST(Linearizability, RejectsAReadOfAnOverwrittenValue) {
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), put(1, 20, 30, 2), get(2, 40, 50, 1)}),
            Verdict::violated);
}

TEST(Linearizability, RejectsALostWrite) {
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), get(2, 20, 30, 0)}), Verdict::violated);
}

TEST(Linearizability, RejectsAValueThatNobodyWrote) {
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), get(2, 5, 30, 7)}), Verdict::violated);
}

TEST(Linearizability, RejectsAStaleFailureOfACondition) {
  EXPECT_EQ(verdict_of({put_if(1, 0, 10, 5, {0, true}), put_if(2, 20, 30, 6, {5, false})}),
            Verdict::violated);
  EXPECT_EQ(verdict_of({put_if(1, 0, 10, 5, {0, true}), put_if(2, 20, 30, 6, {0, true})}),
            Verdict::violated);
}

TEST(Linearizability, AcceptsOneWinnerOfTwoConditionalWrites) {
  EXPECT_EQ(verdict_of({put_if(1, 0, 50, 5, {0, true}), put_if(2, 10, 60, 6, {0, false}),
                        get(3, 70, 80, 5)}),
            Verdict::linearizable);
}

TEST(Linearizability, LetsAnUnknownWriteTakeEffectMuchLater) {
  EXPECT_EQ(verdict_of({unknown(put(1, 0, 0, 1)), get(2, 10, 20, 0), get(2, 30, 40, 0),
                        get(2, 50, 60, 1)}),
            Verdict::linearizable);
}

TEST(Linearizability, LetsAWriteTakeEffectAfterItsClientGaveItUp) {
  Operation given_up = put(1, 0, 5, 1);
  given_up.outcome = Outcome::unknown;
  EXPECT_EQ(verdict_of({given_up, get(2, 10, 20, 0), get(2, 50, 60, 1)}), Verdict::linearizable);
}

TEST(Linearizability, TakesOperationsThatTouchInTimeForSimultaneous) {
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), get(2, 10, 20, 0)}), Verdict::linearizable);
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), get(2, 11, 20, 0)}), Verdict::violated);
}

TEST(Linearizability, LetsAnUnknownWriteTakeEffectOnlyOnce) {
  EXPECT_EQ(verdict_of({unknown(put(1, 0, 0, 1)), get(2, 10, 20, 1), put(2, 30, 40, 2),
                        get(2, 50, 60, 2), get(2, 70, 80, 1)}),
            Verdict::violated);
}

TEST(Linearizability, DoesNotLetAnUnknownWriteTakeEffectBeforeItsCall) {
  EXPECT_EQ(verdict_of({get(2, 0, 10, 1), unknown(put(1, 20, 0, 1))}), Verdict::violated);
}

TEST(Linearizability, IgnoresAnUnknownReadButNotAFailedWritesValue) {
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), unknown(get(2, 20, 0, 9))}), Verdict::linearizable);
  Operation failed = put(1, 0, 10, 1);
  failed.outcome = Outcome::failed;
  EXPECT_EQ(verdict_of({failed, get(2, 20, 30, 1)}), Verdict::violated);
}

TEST(Linearizability, ToldApartTheSameSetInTwoOrders) {
  // Both orders of the two puts order the same set; only one of the states explains the read.
  EXPECT_EQ(
      verdict_of({put(1, 0, 100, 1), put(2, 1, 100, 2), get(3, 2, 100, 2), get(3, 101, 110, 1)}),
      Verdict::linearizable);
  EXPECT_EQ(verdict_of({put(1, 0, 100, 1), put(2, 1, 100, 2), get(3, 2, 100, 1),
                        get(3, 101, 110, 2), get(3, 120, 130, 1)}),
            Verdict::violated);
}

TEST(Linearizability, ChecksEachKeyAlone) {
  Operation other = get(2, 20, 30, 0);
  other.key = Key(2);
  EXPECT_EQ(verdict_of({put(1, 0, 10, 1), other}), Verdict::linearizable);
  const CheckResult result =
      check_linearizability(History{put(1, 0, 10, 1), other, get(3, 40, 50, 0)});
  EXPECT_EQ(result.verdict, Verdict::violated);
  EXPECT_EQ(result.key, Key(1));
  EXPECT_NE(result.detail.find("client 3"), std::string::npos) << result.detail;
}

TEST(Linearizability, SaysThatItGaveUp) {
  EXPECT_EQ(check_linearizability(History{put(1, 0, 10, 1), get(1, 20, 30, 1)}, 1).verdict,
            Verdict::inconclusive);
}

/// A history of a real register: clients call at random moments, and each operation takes effect at
/// a random moment between its call and its return.
History random_good_history(std::uint64_t seed, std::size_t operations) {
  std::mt19937_64 random(seed);
  std::unordered_map<std::uint64_t, Value> state;
  std::vector<Moment> free_at(6, 0);
  struct Effect {
    Moment at;
    std::size_t operation;
  };
  std::vector<Effect> effects;
  History out;
  for (std::size_t i = 0; i < operations; ++i) {
    const auto client = static_cast<std::uint32_t>(random() % free_at.size());
    Operation next = call(client, free_at[client] + static_cast<Moment>(random() % 50), 0,
                          static_cast<Action>(random() % 5));
    next.key = Key(1 + random() % 2);
    next.value = Value(is_write(next.action) ? i + 1 : 0);
    next.expected = Value(random() % 3 == 0 ? 0 : random() % (i + 1));
    const Moment effect = next.invoked + static_cast<Moment>(random() % 60);
    next.returned = effect + static_cast<Moment>(random() % 60) + 1;
    if (random() % 10 == 0 && is_write(next.action)) next = unknown(next);
    free_at[client] = effect + 120;
    effects.push_back({effect, i});
    out.push_back(next);
  }
  std::stable_sort(effects.begin(), effects.end(),
                   [](const Effect& a, const Effect& b) { return a.at < b.at; });
  for (const Effect& effect : effects) {
    Operation& operation = out[effect.operation];
    Value& value = state[operation.key.value()];
    if (operation.action == Action::get) operation.seen = value;
    operation.applied = value == operation.expected;
    if (operation.action != Action::put_if && operation.action != Action::erase_if)
      operation.applied = true;
    const auto after = step(value, operation);
    value = *after;
  }
  return out;
}

TEST(Linearizability, AcceptsHistoriesOfARealRegister) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    EXPECT_EQ(verdict_of(random_good_history(seed, 300)), Verdict::linearizable) << "seed " << seed;
}

TEST(Linearizability, RejectsMutationsOfGoodHistories) {
  std::size_t tried = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const History good = random_good_history(seed, 200);
    std::mt19937_64 random(seed);
    for (int attempt = 0; attempt < 20; ++attempt) {
      History bad = good;
      Operation& victim = bad[random() % bad.size()];
      if (victim.outcome != Outcome::ok) continue;
      if (victim.action == Action::get) {
        victim.seen = Value(1'000'000);  // Nobody wrote it.
      } else if (victim.action == Action::put) {
        const bool read = std::any_of(bad.begin(), bad.end(), [&](const Operation& other) {
          return other.action == Action::get && other.outcome == Outcome::ok &&
                 other.seen == victim.value;
        });
        if (!read) continue;
        victim.outcome = Outcome::failed;  // A write is dropped although it was read.
      } else {
        continue;
      }
      ++tried;
      EXPECT_EQ(verdict_of(bad), Verdict::violated) << "seed " << seed;
    }
  }
  EXPECT_GT(tried, 100U);
}

TEST(Linearizability, RejectsReadsSwappedInTime) {
  std::size_t rejected = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    History bad = random_good_history(seed, 200);
    std::vector<std::size_t> reads;
    for (std::size_t i = 0; i < bad.size(); ++i)
      if (bad[i].action == Action::get && bad[i].seen != Value()) reads.push_back(i);
    if (reads.size() < 2) continue;
    std::swap(bad[reads.front()].seen, bad[reads.back()].seen);
    std::swap(bad[reads.front()].key, bad[reads.back()].key);
    rejected += verdict_of(bad) == Verdict::violated ? 1 : 0;
  }
  EXPECT_GT(rejected, 25U);
}

TEST(HistoryFile, LoadsWhatItSaved) {
  Recording recording{random_good_history(7, 50), {}};
  for (Moment i = 0; i < 50; ++i) recording.registers[static_cast<std::size_t>(i)].invoked += i;
  recording.lists.push_back(ListOperation{1,
                                          Key(9),
                                          ListAction::append,
                                          Value(3),
                                          Value(2),
                                          4,
                                          5,
                                          Outcome::ok,
                                          {},
                                          false,
                                          gms::model::Index(7)});
  recording.lists.push_back(ListOperation{
      2, Key(9), ListAction::read, {}, {}, 6, 7, Outcome::ok, {Value(1), Value(2)}, true, {}});
  std::stringstream file;
  save(recording, file);
  const auto loaded = load(file);
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(*loaded, recording);
}

TEST(HistoryFile, TakesTheLaterOfTwoLinesOfOneCallAndNoLineThatIsCutOff) {
  std::stringstream file;
  save(unknown(put(1, 5, 0, 7)), file);
  save(put(1, 5, 9, 7), file);
  file << R"({"client":1,"ke)";
  const auto loaded = load(file);
  ASSERT_TRUE(loaded) << loaded.error().detail;
  EXPECT_EQ(loaded->registers, History{put(1, 5, 9, 7)});
}

TEST(HistoryFile, NamesTheLineThatIsMalformed) {
  std::stringstream file;
  save(Recording{random_good_history(7, 2), {}}, file);
  file.clear();
  file.seekp(0, std::ios::end);
  file << "{\"client\": 1}\n";
  const auto loaded = load(file);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, gms::model::ErrorCode::corrupt);
  EXPECT_NE(loaded.error().detail.find("line 3"), std::string::npos) << loaded.error().detail;
}

}  // namespace
}  // namespace tests::linearizability
