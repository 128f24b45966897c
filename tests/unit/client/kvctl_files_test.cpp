#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "kvstore/api/command.hpp"
#include "kvstore/api/query.hpp"
#include "tests/unit/client/kvctl_group.hpp"

namespace kvctl {
namespace {

namespace api = kvstore::api;
namespace fs = std::filesystem;
using gms::model::as_bytes;
using gms::model::ByteWriter;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::Ran;

/// Puts something else in the place of standard input.
class StandardInput {
 public:
  explicit StandardInput(const std::string& path) : before_(dup(STDIN_FILENO)) {
    const int opened = open(path.c_str(), O_RDONLY);
    EXPECT_GE(opened, 0);
    dup2(opened, STDIN_FILENO);
    close(opened);
  }
  ~StandardInput() {
    dup2(before_, STDIN_FILENO);
    close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  int before_;
};

/// kvctl with files, against a group that has rows to save.
class KvctlFilesTest : public testing::KvctlGroupTest {
 protected:
  KvctlFilesTest()
      : directory(fs::path(::testing::TempDir()) / ("kvctl_files_" + std::to_string(getpid()))) {
    fs::create_directories(directory);
    n1.on_request([this](auto& server, const auto& request) {
      if (request.kind == api::RequestKind::range) return answer_range(server, request);
      if (request.kind == api::RequestKind::write) ++writes;
      lead(server, request);
    });
  }
  ~KvctlFilesTest() override { fs::remove_all(directory); }

  [[nodiscard]] std::string at(const std::string& name) const { return directory / name; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(at(name));
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void write_file(const std::string& name, const std::string& text) const {
    std::ofstream(at(name)) << text;
  }

  static void answer_range(client::testing::FakeServer& server,
                           const client::testing::Received& request) {
    const auto query = api::decode_range_query(request.body);
    ByteWriter pairs;
    encode_pair({as_bytes("_record"), {api::Revision(1), as_bytes("record")}}, query->content,
                pairs);
    api::RangePage page;
    page.content = query->content;
    page.count = 1;
    page.pairs = pairs.bytes();
    ByteWriter out;
    encode(page, out);
    server.answer(request, out.take());
  }

  fs::path directory;
  std::atomic<int> writes = 0;
};

TEST_F(KvctlFilesTest, SavesASnapshotInThePlaceOfAFileOrOfNone) {
  EXPECT_EQ(kvctl({"snapshot", "save", at("new")}).exit_code, 0);
  EXPECT_EQ(kvctl({"snapshot", "info", at("new")}).exit_code, 0);
  write_file("old", "something else");
  EXPECT_EQ(kvctl({"snapshot", "save", at("old")}).exit_code, 0);
  EXPECT_EQ(content("old").substr(0, 7), "groupkv");
}

TEST_F(KvctlFilesTest, SavesASnapshotBehindALinkAndKeepsTheLink) {
  write_file("target", "something else");
  fs::create_symlink("target", at("link"));
  EXPECT_EQ(kvctl({"snapshot", "save", at("link")}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(content("target").substr(0, 7), "groupkv");
}

TEST_F(KvctlFilesTest, ReplacesNothingButAFileByASnapshot) {
  ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0);
  fs::create_symlink("fifo", at("to_fifo"));
  fs::create_symlink("nothing", at("to_nothing"));
  for (const std::string& name :
       {at("fifo"), at("to_fifo"), at("to_nothing"), directory.string(), std::string("-")}) {
    const Ran ran = kvctl({"snapshot", "save", name});
    EXPECT_EQ(ran.exit_code, 2) << name;
    EXPECT_THAT(ran.err, HasSubstr("a snapshot ")) << name;
  }
  EXPECT_TRUE(fs::is_fifo(at("fifo")));
  EXPECT_TRUE(fs::is_symlink(at("to_fifo")));
  EXPECT_FALSE(fs::exists(at("nothing")));
  EXPECT_EQ(kvctl({"snapshot", "info", at("fifo")}).exit_code, 2);
  EXPECT_TRUE(n1.received().empty()) << "it was refused before any work";
}

TEST_F(KvctlFilesTest, AMissingFileIsNoMissingKey) {
  EXPECT_EQ(kvctl({"snapshot", "info", at("none")}).exit_code, 1);
  EXPECT_EQ(kvctl({"snapshot", "save", at("none/x")}).exit_code, 1);
}

TEST_F(KvctlFilesTest, AReadThatFailsIsNotTheEndOfTheInput) {
  const StandardInput is_directory(directory);
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"put", "key", "-"}, {"put", "key"}, {"import", "-"}}) {
    const Ran ran = kvctl(line);
    EXPECT_EQ(ran.exit_code, 1) << line.front();
    EXPECT_THAT(ran.err, EndsWith(": cannot read standard input: Is a directory. Not applied.\n"));
  }
  EXPECT_EQ(writes, 0);
}

TEST_F(KvctlFilesTest, SaysWhyAFileIsNotRead) {
  EXPECT_EQ(
      kvctl({"put", "key", "@" + directory.string()}).err,
      "error: put key: cannot read " + directory.string() + ": Is a directory. Not applied.\n");
  EXPECT_EQ(
      kvctl({"put", "key", "@" + at("none")}).err,
      "error: put key: cannot open " + at("none") + ": No such file or directory. Not applied.\n");
  EXPECT_THAT(
      kvctl({"import", at("none")}).err,
      EndsWith(": cannot open " + at("none") + ": No such file or directory. Not applied.\n"));
  EXPECT_EQ(kvctl({"import", directory}).exit_code, 1);
  EXPECT_EQ(writes, 0);
}

TEST_F(KvctlFilesTest, TakesAValueFromAFileAndFromStandardInput) {
  write_file("value", std::string(200'000, 'v'));
  EXPECT_EQ(kvctl({"put", "key", "@" + at("value")}).exit_code, 0);
  const StandardInput is_file(at("value"));
  EXPECT_EQ(kvctl({"put", "key", "-"}).exit_code, 0);
  stop();
  ASSERT_EQ(n1.calls().size(), 2u);
  for (const api::Call& call : n1.calls())
    EXPECT_EQ(std::get<api::Put>(call.operation).value.size(), 200'000u);
}

TEST_F(KvctlFilesTest, SaysHowFarAnImportCameThatStops) {
  write_file("pairs", "{\"key\":\"a\",\"value\":\"1\"}\nno pair\n");
  const Ran ran = kvctl({"import", at("pairs")});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("line 2: "));
  EXPECT_THAT(ran.err, HasSubstr(". Partly done: 1 keys written; to import all again is safe."));
}

}  // namespace
}  // namespace kvctl
