#include "tests/torture/judge.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "gms/log/batch_header.hpp"
#include "gms/model/crc32c.hpp"
#include "tests/torture/committed_stream.hpp"
#include "tests/torture/footprint.hpp"

namespace tests::torture {
namespace {

using gms::model::Index;
using linearizability::Action;
using linearizability::Key;
using linearizability::ListAction;
using linearizability::ListOperation;
using linearizability::Operation;
using linearizability::Outcome;
using linearizability::Recording;
using linearizability::Value;
using ::testing::HasSubstr;

Operation put(std::uint64_t value, std::uint64_t index, linearizability::Moment invoked) {
  Operation out;
  out.key = Key(1);
  out.action = Action::put;
  out.value = Value(value);
  out.invoked = invoked;
  out.returned = invoked + 5;
  out.outcome = Outcome::ok;
  out.index = Index(index);
  return out;
}

Operation get(std::uint64_t seen, std::uint64_t index, linearizability::Moment invoked) {
  Operation out = put(0, index, invoked);
  out.action = Action::get;
  out.seen = Value(seen);
  return out;
}

TEST(Judge, WantsAllThreeToAgree) {
  EXPECT_TRUE(judge({{put(1, 4, 0), get(1, 5, 10)}, {}}).is_clean());
}

TEST(Judge, TakesTheWitnesssWordThoughTheSearchIsContent) {
  const Judgement judgement = judge({{put(1, 4, 0), get(1, 3, 10)}, {}});
  EXPECT_EQ(judgement.witness, "violated");
  EXPECT_EQ(judgement.search, "ok");
  EXPECT_FALSE(judgement.is_clean());
  EXPECT_THAT(judgement.detail, HasSubstr("witness: "));
}

TEST(Judge, TakesTheSearchsWordThoughTheWitnessIsContent) {
  const Judgement judgement = judge({{put(1, 4, 0), get(0, 5, 10)}, {}});
  EXPECT_EQ(judgement.witness, "ok");
  EXPECT_EQ(judgement.search, "violated");
  EXPECT_FALSE(judgement.is_clean());
}

ListOperation append_to_list() {
  ListOperation append;
  append.key = Key(9);
  append.action = ListAction::append;
  append.element = Value(1);
  append.returned = 5;
  append.outcome = Outcome::ok;
  return append;
}

TEST(Judge, LooksAtListsTwice) {
  const ListOperation append = append_to_list();
  ListOperation read = append;
  read.action = ListAction::read;
  read.invoked = 10;
  read.returned = 15;
  const Judgement judgement = judge({{}, {append, read}});
  EXPECT_EQ(judgement.lists, "violated");
  EXPECT_EQ(judgement.search, "violated");
}

TEST(Judge, DoesNotTakeTheUndecidedForRight) {
  const Judgement judgement = judge({{}, {append_to_list()}});
  EXPECT_EQ(judgement.lists, "inconclusive");
  EXPECT_EQ(judgement.search, "ok");
  EXPECT_FALSE(judgement.is_clean());
}

/// A stream of commands as a log has it.
class Stream {
 public:
  Stream& add(const kvstore::api::Command& command) {
    gms::model::ByteWriter bytes;
    encode(command, bytes);
    builder_.append(gms::model::EntryKind::command, {bytes.bytes()});
    return *this;
  }
  Stream& add_put(std::uint64_t number, std::string_view value) {
    kvstore::api::Call call;
    call.session = kvstore::api::SessionId(1);
    call.number = kvstore::api::CallNumber(number);
    call.operation = kvstore::api::Put{
        gms::model::as_bytes(std::string_view("register-1")), gms::model::as_bytes(value), {}};
    return add(call);
  }
  [[nodiscard]] std::vector<MemberLog> logs() {
    return {{"n1", Index(), {builder_.seal({}, gms::model::Epoch(1), {})}}};
  }

 private:
  gms::model::EntryRunBuilder builder_;
};

ReplayVerdict replay_of(std::span<const Operation> history, const std::vector<MemberLog>& logs,
                        Index commit) {
  return replay(history, LogRemains(logs).up_to(commit));
}

Stream with_session() {
  Stream stream;
  stream.add(kvstore::api::RegisterSession{kvstore::api::Nonce(77)});
  return stream;
}

TEST(Replay, HoldsResultsAgainstTheStream) {
  auto logs = with_session().add_put(1, "5").add_put(2, "6").logs();
  const std::vector<Operation> good{put(5, 2, 0), put(6, 3, 10), get(6, 3, 20)};
  EXPECT_EQ(replay_of(good, logs, Index(3)).wrong, "");
  EXPECT_EQ(replay_of(good, logs, Index(3)).writes, 2U);
  const std::vector<Operation> stale{put(5, 2, 0), put(6, 3, 10), get(5, 3, 20)};
  EXPECT_THAT(replay_of(stale, logs, Index(3)).wrong, HasSubstr("did not see the state"));
  EXPECT_THAT(replay_of(good, logs, Index(2)).wrong, HasSubstr("is not in the stream"));
}

TEST(Replay, LeavesOutTheCopiesOfACall) {
  auto logs = with_session().add_put(1, "5").add_put(1, "5").logs();
  EXPECT_EQ(replay_of(std::vector<Operation>{put(5, 2, 0)}, logs, Index(3)).wrong, "");
}

TEST(Replay, FindsACallThatWasCarriedOutTwice) {
  auto logs = with_session().add_put(1, "5").add_put(2, "5").logs();
  EXPECT_THAT(replay_of(std::vector<Operation>{put(5, 2, 0)}, logs, Index(3)).wrong,
              HasSubstr("twice"));
}

TEST(Replay, FindsAWriteThatNobodyMadeOrThatFailed) {
  auto logs = with_session().add_put(1, "5").logs();
  EXPECT_THAT(replay_of({}, logs, Index(2)).wrong, HasSubstr("nobody made"));
  Operation failed = put(5, 0, 0);
  failed.outcome = Outcome::failed;
  EXPECT_THAT(replay_of(std::vector<Operation>{failed}, logs, Index(2)).wrong, HasSubstr("failed"));
}

TEST(Replay, TellsErasesOfDifferentClientsApartByWhatTheyDid) {
  const auto erase = [](std::uint64_t number, std::string_view expected) {
    kvstore::api::Call call;
    call.session = kvstore::api::SessionId(1);
    call.number = kvstore::api::CallNumber(number);
    call.operation = kvstore::api::Erase{gms::model::as_bytes(std::string_view("register-1")),
                                         kvstore::api::IfValue{gms::model::as_bytes(expected)}};
    return call;
  };
  auto logs = with_session().add_put(1, "5").add(erase(2, "5")).add(erase(3, "5")).logs();
  Operation unknown = put(0, 0, 10);
  unknown.action = Action::erase_if;
  unknown.expected = Value(5);
  unknown.outcome = Outcome::unknown;
  Operation refused = unknown;
  refused.outcome = Outcome::ok;
  refused.applied = false;
  EXPECT_EQ(replay_of(std::vector<Operation>{put(5, 2, 0), unknown, refused}, logs, Index(4)).wrong,
            "");
  EXPECT_EQ(replay_of(std::vector<Operation>{put(5, 2, 0), refused, unknown}, logs, Index(4)).wrong,
            "");
  EXPECT_NE(replay_of(std::vector<Operation>{put(5, 2, 0), refused, refused}, logs, Index(4)).wrong,
            "");
}

TEST(Replay, TakesEachEntryFromTheLogThatHasIt) {
  const std::vector<Operation> history{put(5, 2, 0), put(6, 3, 10)};
  auto logs = with_session().add_put(1, "5").logs();
  EXPECT_THAT(replay_of(history, logs, Index(3)).wrong,
              HasSubstr("entry 3 is committed, and in no log"));
  auto all = with_session().add_put(1, "5").add_put(2, "6").logs();
  all[0].name = "n2";
  logs.push_back(all[0]);
  EXPECT_EQ(replay_of(history, logs, Index(3)).wrong, "");
  EXPECT_EQ(replay_of(history, logs, Index(3)).writes, 2U);
}

/// The entries from `first` on: what is left of a log that was trimmed.
std::vector<MemberLog> trimmed(std::vector<MemberLog> logs, std::uint64_t first) {
  logs[0].base = Index(first - 1);
  logs[0].runs[0] = logs[0].runs[0].from(Index(first));
  return logs;
}

TEST(Replay, IsInconclusiveWithoutTheFirstEntries) {
  const auto logs = trimmed(with_session().add_put(1, "5").logs(), 2);
  const ReplayVerdict verdict = replay_of({}, logs, Index(2));
  EXPECT_EQ(verdict.inconclusive, "nothing is left of entry 1");
  EXPECT_EQ(verdict.wrong, "");
  EXPECT_EQ(verdict.writes, 0U);
}

TEST(Replay, IsInconclusiveWhereASnapshotAloneHasTheCommit) {
  auto logs = with_session().add_put(1, "5").logs();
  logs.push_back({"n2", Index(9), {}});
  EXPECT_EQ(replay_of({}, logs, Index(9)).inconclusive, "entry 3 is in a snapshot alone");
}

/// A segment file as it may lie there: what a log was once, behind what is none.
std::filesystem::path segment_with(const gms::model::EntryRun& run) {
  gms::log::BatchHeader header;
  header.seq = gms::log::BatchSeq(4);
  header.first_index = run.first_index();
  header.first_epoch = run.front().epoch();
  header.entry_bytes = run.bytes();
  header.entry_count = static_cast<std::uint32_t>(run.count());
  header.entries_checksum = gms::model::crc32c(0, run.encoded().bytes());
  const auto encoded = encode(header);
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / ("segment-" + std::to_string(::getpid()));
  std::ofstream out(path, std::ios::binary);
  out << std::string(gms::log::kSectorBytes, 'x');
  out.write(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  const gms::model::ByteSpan entries = run.encoded().bytes();
  out.write(reinterpret_cast<const char*>(entries.data()),
            static_cast<std::streamsize>(entries.size()));
  return path;
}

TEST(LogRemains, GoBackByWayOfSegmentsThatAreNoPartOfALogAnyMore) {
  const auto whole = with_session().add_put(1, "5").add_put(2, "6").logs();
  const auto logs = trimmed(whole, 3);
  LogRemains remains(logs);
  EXPECT_EQ(remains.up_to(Index(3)).missing, "nothing is left of entry 2");
  const auto path = segment_with(whole[0].runs[0].until(Index(3)));
  remains.add_segment(path);
  std::filesystem::remove(path);
  const CommittedEntries committed = remains.up_to(Index(3));
  EXPECT_EQ(committed.missing, "");
  EXPECT_EQ(committed.entries.size(), 3U);
  EXPECT_EQ(replay(std::vector<Operation>{put(5, 2, 0), put(6, 3, 10)}, committed).writes, 2U);
}

TEST(LogRemains, TakeNoEntryThatTheHashesDoNotLeadBackTo) {
  const auto whole = with_session().add_put(1, "5").add_put(2, "6").logs();
  const auto others = with_session().add_put(1, "7").add_put(2, "6").logs();
  const auto logs = trimmed(whole, 3);
  LogRemains remains(logs);
  const auto path = segment_with(others[0].runs[0]);
  remains.add_segment(path);
  std::filesystem::remove(path);
  EXPECT_EQ(remains.up_to(Index(3)).missing, "nothing is left of entry 2");
}

TEST(LogRemains, TakeNoBatchWhoseBytesAreOthers) {
  const auto whole = with_session().add_put(1, "5").add_put(2, "6").logs();
  const auto logs = trimmed(whole, 3);
  LogRemains remains(logs);
  const auto path = segment_with(whole[0].runs[0]);
  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end)
      << '?';
  remains.add_segment(path);
  std::filesystem::remove(path);
  EXPECT_EQ(remains.up_to(Index(3)).missing, "nothing is left of entry 2");
}

TEST(Replay, TellsOfTheFirstEntryThatNobodyMade) {
  const auto logs = with_session().add_put(1, "5").add_put(2, "6").logs();
  EXPECT_THAT(replay_of({}, logs, Index(3)).wrong, HasSubstr("at index 2"));
}

TEST(Replay, KnowsACommitFromWhatClientsWereTold) {
  Operation unknown = put(7, 9, 0);
  unknown.outcome = Outcome::unknown;
  EXPECT_EQ(last_answered(std::vector<Operation>{put(5, 2, 0), get(5, 1, 5), unknown}), Index(2));
  EXPECT_EQ(last_answered(std::vector<Operation>{put(5, 2, 0), get(5, 4, 5), unknown}), Index(4));
}

TEST(Logs, GiveOneStateOneIndex) {
  gms::model::EntryRunBuilder entries;
  for (const auto kind : {gms::model::EntryKind::command, gms::model::EntryKind::noop,
                          gms::model::EntryKind::noop, gms::model::EntryKind::command})
    entries.append(kind, {});
  const std::vector<MemberLog> logs{{"n1", Index(), {entries.seal({}, gms::model::Epoch(1), {})}}};
  Recording recording{{put(1, 1, 0), get(1, 1, 10), get(1, 3, 20), get(1, 4, 30), get(1, 9, 40)},
                      {}};
  settle_indexes(recording, LogRemains(logs).up_to(Index(4)));
  std::vector<std::uint64_t> indexes;
  for (const Operation& operation : recording.registers) indexes.push_back(operation.index.value());
  EXPECT_THAT(indexes, ::testing::ElementsAre(1, 1, 1, 4, 0));
}

TEST(Logs, AreTheSameUpToTheCommit) {
  auto logs = with_session().add_put(1, "5").logs();
  auto others = with_session().add_put(1, "6").logs();
  others[0].name = "n2";
  logs.push_back(others[0]);
  EXPECT_EQ(difference_between(logs, Index(1)), "");
  EXPECT_EQ(difference_between(logs, Index(2)), "entry 2 is not the same in the logs of n1 and n2");
}

TEST(Footprints, MayComeAndGoButNotGrow) {
  std::vector<Footprint> samples;
  for (int i = 0; i < 90; ++i)
    samples.push_back({i / 2.0, std::uint64_t{100} << 20, 40, std::uint64_t{200} << 20});
  EXPECT_EQ(growth_in("n1", samples), "");
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i].memory_bytes += i * (std::uint64_t{3} << 20);
  EXPECT_THAT(growth_in("n1", samples), HasSubstr("n1: memory grew from "));
}

}  // namespace
}  // namespace tests::torture
