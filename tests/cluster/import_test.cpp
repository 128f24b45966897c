#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/cluster/local_group.hpp"
#include "tests/cluster/records.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;

/// Feeds an import at a steady pace, so that there are always writes under way, and tells how far
/// it is. It stays a quarter ahead of what it was let go on to.
class Feeder {
 public:
  Feeder(const Background& import, std::vector<std::string> lines)
      : import_(import), lines_(std::move(lines)), thread_([this] { feed(); }) {}
  ~Feeder() { let_go_on(kQuarters); }

  void wait_for_quarter(std::size_t quarter) const {
    while (fed_ < quarter * lines_.size() / kQuarters) std::this_thread::sleep_for(1ms);
  }
  void let_go_on(std::size_t quarter) { allowed_ = quarter; }

 private:
  static constexpr std::size_t kQuarters = 4;

  void feed() {
    for (const std::string& line : lines_) {
      while (fed_ >= (allowed_ + 1) * lines_.size() / kQuarters && allowed_ < kQuarters)
        std::this_thread::sleep_for(1ms);
      import_.write(line);
      if (++fed_ % 8 == 0) std::this_thread::sleep_for(1ms);
    }
  }

  const Background& import_;
  const std::vector<std::string> lines_;
  std::atomic<std::size_t> fed_ = 0;
  std::atomic<std::size_t> allowed_ = 1;
  std::jthread thread_;
};

/// The lines of the records in no order.
std::vector<std::string> shuffled_lines(const Records& records) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : records) lines.push_back(jsonl_line(key, value));
  std::shuffle(lines.begin(), lines.end(), std::mt19937_64(5));
  return lines;
}

TEST(Import, IsExportedByteForByteThoughTheLeaderIsKilledAtEachQuarter) {
  LocalGroup group(3, 22000);
  const Records records = package_records(6000, 1);
  Background import(
      {built("kvctl"), "--dir", group.directory().string(), "import", "-", "--format", "jsonl"},
      group.directory() / "import.log", Background::Input::piped);
  {
    Feeder feeder(import, shuffled_lines(records));
    for (const std::size_t quarter : {1, 2, 3}) {
      feeder.wait_for_quarter(quarter);
      const std::string leader = group.leader();
      group.must({"local", "kill", leader});
      group.must({"local", "restart", leader});
      group.wait_all_up();
      feeder.let_go_on(quarter + 1);
    }
  }
  import.end_input();
  EXPECT_EQ(import.wait(60s), 0) << import.said();
  EXPECT_EQ(import.said(), "6000 keys written\n");
  EXPECT_TRUE(group.must({"export"}) == jsonl(records)) << "the export is not what was imported";
  EXPECT_EQ(group.must({"range", "--count"}), "6000\n");
  group.must({"verify", "--deep"});
}

TEST(Import, OfItsOwnExportChangesNothing) {
  LocalGroup group(1, 22200);
  const Records records = package_records(500, 2);
  group.must({"import", "-"}, jsonl(records));
  for (const std::string format : {"jsonl", "tsv"}) {
    const std::string exported = group.must({"export", "--format", format});
    group.must({"del", "--prefix", "", "--yes", "-q"});
    EXPECT_EQ(group.must({"export", "--format", format}), "");
    group.must({"import", "--format", format, "-"}, exported);
    EXPECT_TRUE(group.must({"export"}) == jsonl(records)) << format;
  }
}

TEST(Import, NamesTheLineThatIsNoPairAndHowFarItCame) {
  LocalGroup group(1, 22400);
  const auto finished = group.kvctl(
      {"import", "-"}, jsonl_line("a", "1") + "{\"key\":\"b\"}\n" + jsonl_line("c", "3"));
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_NE(finished.err.find("line 2: needs either \"value\""), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("to import all again is safe"), std::string::npos) << finished.err;
}

TEST(Import, EndsAsUnknownWhenTheQuorumIsLostUnderIt) {
  LocalGroup group(3, 22600);
  Background import(
      {built("kvctl"), "--dir", group.directory().string(), "--timeout", "2s", "import", "-"},
      group.directory() / "import.log", Background::Input::piped);
  import.write(jsonl_line("before", "1"));
  while (group.kvctl({"get", "before"}).exit_code != 0) std::this_thread::sleep_for(5ms);
  for (const std::string& follower : group.followers()) group.must({"local", "pause", follower});
  import.write(jsonl_line("after", "2"));
  import.end_input();
  EXPECT_EQ(import.wait(10s), 6) << import.said();
  EXPECT_NE(import.said().find("key after: "), std::string::npos) << import.said();
  EXPECT_NE(import.said().find("The outcome is unknown"), std::string::npos) << import.said();
  group.must({"local", "resume", "all"});
}

TEST(Output, ThatCannotBeWrittenLeavesAWriteDoneAndIsToldSo) {
  const LocalGroup group(3, 24900);
  const std::string put = built("kvctl") + " --dir " + group.directory().string() + " put key ";
  const Finished done = run_program({"/bin/sh", "-c", put + "value >/dev/full"});
  EXPECT_EQ(done.exit_code, 1);
  EXPECT_THAT(done.err, ::testing::HasSubstr("could not be written"));
  EXPECT_THAT(done.err, ::testing::HasSubstr("What was asked for is done."));
  EXPECT_EQ(group.must({"get", "key"}), "value\n");
  const Finished read = run_program(
      {"/bin/sh", "-c",
       built("kvctl") + " --dir " + group.directory().string() + " get key >/dev/full"});
  EXPECT_EQ(read.exit_code, 1);
  EXPECT_THAT(read.err, ::testing::Not(::testing::HasSubstr("is done")));
}

}  // namespace
}  // namespace tests::cluster
