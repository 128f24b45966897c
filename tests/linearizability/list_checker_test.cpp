#include "tests/linearizability/list_checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tests::linearizability {
namespace {

ListOperation call(Moment invoked, Moment returned, ListAction action) {
  ListOperation out;
  out.key = Key(1);
  out.action = action;
  out.invoked = invoked;
  out.returned = returned;
  out.outcome = Outcome::ok;
  return out;
}

ListOperation append(Moment invoked, Moment returned, std::uint64_t element) {
  ListOperation out = call(invoked, returned, ListAction::append);
  out.element = Value(element);
  return out;
}

ListOperation read(Moment invoked, Moment returned, const std::vector<std::uint64_t>& seen) {
  ListOperation out = call(invoked, returned, ListAction::read);
  for (const std::uint64_t element : seen) out.seen.emplace_back(element);
  return out;
}

ListOperation unknown(ListOperation operation) {
  operation.outcome = Outcome::unknown;
  operation.returned = kNever;
  return operation;
}

ListOperation failed(ListOperation operation) {
  operation.outcome = Outcome::failed;
  return operation;
}

ListOperation refused(ListOperation operation) {
  operation.applied = false;
  return operation;
}

Verdict verdict_of(const ListHistory& history) {
  return check_lists(history).verdict;
}

TEST(Lists, AcceptsReadsThatArePrefixesOfTheLongest) {
  EXPECT_EQ(verdict_of({}), Verdict::linearizable);
  EXPECT_EQ(verdict_of({append(0, 10, 1), read(5, 12, {}), append(20, 30, 2), read(25, 35, {1}),
                        read(40, 50, {1, 2})}),
            Verdict::linearizable);
}

TEST(Lists, RejectsALostAppend) {
  EXPECT_EQ(verdict_of({append(0, 10, 1), read(20, 30, {})}), Verdict::violated);
}

TEST(Lists, RejectsAnElementThatStandsTwice) {
  EXPECT_EQ(verdict_of({append(0, 10, 1), read(20, 30, {1, 1})}), Verdict::violated);
  EXPECT_EQ(verdict_of({unknown(append(0, 0, 1)), read(20, 30, {1, 1})}), Verdict::violated);
}

TEST(Lists, RejectsTwoHistories) {
  EXPECT_EQ(
      verdict_of({append(0, 100, 1), append(0, 100, 2), read(20, 30, {1}), read(20, 30, {2})}),
      Verdict::violated);
}

TEST(Lists, RejectsAnElementThatNobodyAppended) {
  EXPECT_EQ(verdict_of({append(0, 10, 1), read(20, 30, {1, 7})}), Verdict::violated);
}

TEST(Lists, RejectsAnElementOfAnAppendThatWasSaidToHaveNoEffect) {
  EXPECT_EQ(verdict_of({failed(append(0, 10, 1)), read(20, 30, {1})}), Verdict::violated);
  EXPECT_EQ(verdict_of({refused(append(0, 10, 1)), read(20, 30, {1})}), Verdict::violated);
  EXPECT_EQ(verdict_of({failed(append(0, 10, 1)), read(20, 30, {})}), Verdict::linearizable);
}

TEST(Lists, RejectsAnElementOfAnotherKey) {
  ListOperation elsewhere = append(0, 10, 1);
  elsewhere.key = Key(2);
  EXPECT_EQ(verdict_of({elsewhere, read(20, 30, {1})}), Verdict::violated);
}

TEST(Lists, LetsAnUnknownAppendHappenLaterOrNever) {
  EXPECT_EQ(verdict_of({unknown(append(0, 0, 1)), read(20, 30, {}), read(40, 50, {1})}),
            Verdict::linearizable);
  EXPECT_EQ(verdict_of({unknown(append(0, 0, 1)), read(20, 30, {})}), Verdict::linearizable);
}

TEST(Lists, RejectsAnElementReadBeforeItsCall) {
  EXPECT_EQ(verdict_of({read(0, 10, {1}), append(20, 30, 1)}), Verdict::violated);
  EXPECT_EQ(verdict_of({read(0, 10, {1}), unknown(append(20, 0, 1))}), Verdict::violated);
}

TEST(Lists, RejectsAppendsOutOfTheirRealOrder) {
  EXPECT_EQ(verdict_of({append(0, 10, 1), append(20, 30, 2), read(40, 50, {2, 1})}),
            Verdict::violated);
}

TEST(Lists, RejectsAReadThatGoesBack) {
  EXPECT_EQ(verdict_of({unknown(append(0, 0, 1)), read(10, 20, {1}), read(30, 40, {})}),
            Verdict::violated);
}

TEST(Lists, SaysThatAnAppendWasNeverRead) {
  EXPECT_EQ(verdict_of({append(0, 10, 1), read(5, 30, {})}), Verdict::inconclusive);
}

/// What real lists of two keys give to clients that call at random moments.
ListHistory random_good_history(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::pair<Moment, ListOperation>> calls;
  for (std::uint64_t i = 0; i < 120; ++i) {
    const Moment effect = static_cast<Moment>(random() % 3000);
    ListOperation next = random() % 2 == 0 ? append(0, 0, i + 1) : read(0, 0, {});
    next.key = Key(1 + random() % 2);
    next.invoked = effect - static_cast<Moment>(random() % 60);
    next.returned = effect + static_cast<Moment>(random() % 60) + 1;
    calls.emplace_back(effect, next);
  }
  for (const std::uint64_t key : {1, 2}) {
    ListOperation last = read(4000, 4001, {});
    last.key = Key(key);
    calls.emplace_back(4000, last);
  }
  std::ranges::stable_sort(calls, {}, [](const auto& call) { return call.first; });
  ListHistory out;
  std::vector<std::vector<Value>> lists(3);
  for (auto& [effect, operation] : calls) {
    std::vector<Value>& list = lists[operation.key.value()];
    if (operation.action == ListAction::read) operation.seen = list;
    if (operation.action == ListAction::append && random() % 10 != 0)
      list.push_back(operation.element);
    else if (operation.action == ListAction::append)
      operation = random() % 2 == 0 ? failed(operation) : unknown(operation);
    out.push_back(operation);
  }
  return out;
}

TEST(Lists, AcceptsHistoriesOfRealLists) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const CheckResult result = check_lists(random_good_history(seed));
    EXPECT_EQ(result.verdict, Verdict::linearizable) << "seed " << seed << ": " << result.detail;
  }
}

/// Breaks the longest read of key 1 in one of several ways.
void break_longest(ListHistory& history, std::uint64_t way) {
  std::vector<Value>& seen =
      std::ranges::max_element(history, {}, [](const ListOperation& operation) {
        return operation.key == Key(1) ? operation.seen.size() : 0;
      })->seen;
  const std::size_t middle = seen.size() / 2;
  switch (way) {
    case 0: seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(middle)); break;
    case 1: seen.push_back(seen[middle]); break;
    case 2: std::swap(seen.front(), seen.back()); break;
    case 3: seen.emplace_back(100'000); break;
    case 4: seen.pop_back(); break;
    default: seen.clear(); break;
  }
}

TEST(Lists, RejectsMutationsOfGoodHistories) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    for (std::uint64_t way = 0; way < 6; ++way) {
      ListHistory bad = random_good_history(seed);
      // Only the last read of the key is longer than what all others saw.
      std::erase_if(bad, [](const ListOperation& operation) {
        return operation.key == Key(1) && operation.action == ListAction::read &&
               operation.invoked < 4000 && operation.seen.size() > 5;
      });
      break_longest(bad, way);
      EXPECT_NE(verdict_of(bad), Verdict::linearizable) << "seed " << seed << ", way " << way;
    }
}

TEST(Lists, RejectsAnAcknowledgedAppendThatWasDroppedFromEveryRead) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    ListHistory bad = random_good_history(seed);
    const auto lost = std::ranges::find_if(bad, [](const ListOperation& operation) {
      return operation.action == ListAction::append && operation.outcome == Outcome::ok;
    });
    const Value element = lost->element;
    for (ListOperation& operation : bad) std::erase(operation.seen, element);
    EXPECT_EQ(verdict_of(bad), Verdict::violated) << "seed " << seed;
  }
}

TEST(Lists, AreRegistersOfTheirLastElements) {
  ListHistory history{append(0, 10, 1), append(20, 30, 2), read(40, 50, {1, 2})};
  history[1].expected = Value(1);
  EXPECT_EQ(check_linearizability(as_registers(history)).verdict, Verdict::linearizable);
  history[2].seen.pop_back();
  EXPECT_EQ(check_linearizability(as_registers(history)).verdict, Verdict::violated);
}

}  // namespace
}  // namespace tests::linearizability
