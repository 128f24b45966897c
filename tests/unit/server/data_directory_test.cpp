#include "kvstore/server/data_directory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "gms/log/log_store.hpp"
#include "gms/log/posix_file_system.hpp"
#include "kvstore/api/snapshot_file.hpp"
#include "kvstore/replica/replica.hpp"
#include "kvstore/server/command_line.hpp"
#include "kvstore/server/restoring.hpp"
#include "kvstore/storage/rocks_directories.hpp"
#include "kvstore/storage/rocks_store.hpp"

namespace kvstore::server {
namespace {

namespace fs = std::filesystem;
using gms::log::kRejoinAdvice;

class DataDirectoryTest : public ::testing::Test {
 protected:
  DataDirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "groupkv-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    settings.data = (root / "data").string();
    settings.name = "n1";
    settings.group.first_segment_bytes = 64 * 1024;
  }
  ~DataDirectoryTest() override { fs::remove_all(root); }

  fs::path root;
  Settings settings;
};

TEST_F(DataDirectoryTest, IsAMembersOnceItWasInitialised) {
  EXPECT_EQ(look_at(settings.data), DirectoryState::absent);
  EXPECT_EQ(check_member_directory(settings.data)->code, ExitCode::directory);
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  EXPECT_EQ(look_at(settings.data), DirectoryState::member);
  EXPECT_EQ(check_member_directory(settings.data), std::nullopt);
}

TEST_F(DataDirectoryTest, IsNotInitialisedTwice) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  const auto failure = initialise_directory(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
}

TEST_F(DataDirectoryTest, IsRefusedWhenItHoldsOtherFiles) {
  fs::create_directory(settings.data);
  std::ofstream(fs::path(settings.data) / "thesis.txt") << "dear to somebody";
  EXPECT_EQ(look_at(settings.data), DirectoryState::foreign);
  const auto failure = initialise_directory(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
  EXPECT_FALSE(fs::exists(settings_file(settings.data)));
}

TEST_F(DataDirectoryTest, KeepsTheAddressesItWasInitialisedWith) {
  settings.listen_client = "127.0.0.1:17791";
  settings.join = {"127.0.0.1:17792", "127.0.0.1:17793"};
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  Command run;
  run.flags = {{"--data", settings.data}, {"--listen-peer", "127.0.0.1:17794"}};
  const auto gathered = gather_settings(run, {});
  ASSERT_TRUE(std::holds_alternative<Settings>(gathered));
  const Settings& found = std::get<Settings>(gathered);
  EXPECT_EQ(found.name, "n1");
  EXPECT_EQ(found.listen_client, settings.listen_client);
  EXPECT_EQ(found.listen_peer, "127.0.0.1:17794");
  EXPECT_EQ(found.join, settings.join);
}

TEST_F(DataDirectoryTest, IsOfTheMemberWhoseNameItWasInitialisedWith) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  EXPECT_EQ(check_name(settings), std::nullopt);
  settings.name.clear();
  EXPECT_EQ(check_name(settings), std::nullopt);
  settings.name = "other";
  EXPECT_EQ(check_name(settings),
            (Failure{ExitCode::directory, settings.data + ": is the directory of n1, "
                                                          "not of other"}));
}

TEST_F(DataDirectoryTest, NeedsANameToBeInitialised) {
  settings.name.clear();
  const auto failure = initialise_directory(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::usage);
}

TEST_F(DataDirectoryTest, CanBeInspectedAndVerified) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  std::ostringstream out;
  EXPECT_EQ(verify_directory(settings.data, out), std::nullopt);
  EXPECT_NE(out.str().find("name      n1"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("log end   1:1"), std::string::npos) << out.str();
}

/// Makes a store of that generation which has applied so much.
void make_store(const fs::path& data, std::uint64_t generation, gms::model::Index applied) {
  class NoReplies final : public replica::ReplySink {
   public:
    void on_replies(std::span<const replica::TicketReply>) override {}
  };
  const auto store = storage::RocksStore::open(
      storage::store_directory(data, gms::model::StateGeneration(generation)).string(), {});
  ASSERT_TRUE(store.has_value());
  NoReplies nobody;
  const auto replica = replica::Replica::open(**store, nobody);
  gms::model::PlacedView view;
  view.position.index = applied;
  ASSERT_TRUE((*replica)->install(view, gms::model::as_bytes("mark")).has_value());
  ASSERT_TRUE((*store)->flush().has_value());
}

TEST_F(DataDirectoryTest, IsInspectedByTheStoreThatTheLogNames) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  make_store(settings.data, 0, gms::model::Index(70));
  make_store(settings.data, 1, gms::model::Index(71));
  make_store(settings.data, 2, gms::model::Index(72));
  std::ostringstream out;
  EXPECT_EQ(verify_directory(settings.data, out), std::nullopt);
  EXPECT_NE(out.str().find("applied   71\n"), std::string::npos) << out.str();
  EXPECT_TRUE(fs::exists(settings.data + "/state.2")) << "a tool removed something";
}

TEST_F(DataDirectoryTest, IsRefusedWhileAnotherProcessHasIt) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  gms::log::PosixFileSystem files;
  {
    const auto lock = files.lock(settings.data);
    ASSERT_TRUE(lock.has_value());
    const auto failure = check_not_in_use(settings.data);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code, ExitCode::directory);
    EXPECT_EQ(failure->what.find(settings.data + ": in use by another process"), 0U)
        << failure->what;
  }
  EXPECT_EQ(check_not_in_use(settings.data), std::nullopt);
}

/// Nobody in particular, while it lives, where this is run by root.
class AsNobody {
 public:
  AsNobody() { works = ::geteuid() != 0 || ::seteuid(65534) == 0; }
  ~AsNobody() {
    if (::getuid() == 0) works = ::seteuid(0) == 0;
  }
  bool works = false;
};

TEST_F(DataDirectoryTest, IsRefusedForWhatItIsWhenItCannotBeLookedAt) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  const std::string file = (root / "file").string();
  std::ofstream(file) << "a file";
  EXPECT_EQ(check_member_directory(file)->what,
            file + ": a file, not a directory. Try: --data with a directory");
  // Nobody may be of the owner's group.
  constexpr auto kRead = fs::perms::group_read | fs::perms::others_read;
  constexpr auto kEnter = fs::perms::group_exec | fs::perms::others_exec;
  fs::permissions(root, kRead | kEnter, fs::perm_options::add);
  // Nothing of it can be reached, or no file of it, or it cannot be told which files it has.
  for (const fs::perms left : {fs::perms::none, kRead, kEnter}) {
    fs::permissions(settings.data, left);
    std::optional<Failure> failure;
    {
      const AsNobody nobody;
      ASSERT_TRUE(nobody.works);
      failure = check_member_directory(settings.data);
    }
    fs::permissions(settings.data, fs::perms::owner_all);
    EXPECT_EQ(failure, (Failure{ExitCode::directory,
                                settings.data +
                                    ": Permission denied. Try: as the user whose directory it is"}))
        << static_cast<int>(left);
  }
}

TEST_F(DataDirectoryTest, SaysWhatToDoAboutALogThatIsGone) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  fs::remove_all(fs::path(settings.data) / "log");
  std::ostringstream out;
  const auto failure = inspect_directory(settings.data, out);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
  EXPECT_TRUE(
      failure->what.ends_with("No such file or directory. Try: " + std::string(kRejoinAdvice)))
      << failure->what;
}

TEST_F(DataDirectoryTest, GivesEachAdviceOnce) {
  const std::string advice(kRejoinAdvice);
  EXPECT_EQ(directory_failure("d", {gms::model::ErrorCode::corrupt, "HARD; " + advice}).what,
            "d: HARD. Try: " + advice);
  EXPECT_EQ(directory_failure("d", {gms::model::ErrorCode::corrupt, "store. Try: again"}).what,
            "d: store. Try: again");
  EXPECT_EQ(directory_failure("d", {gms::model::ErrorCode::io, "read"}).what, "d: read");
}

TEST_F(DataDirectoryTest, IsNotMadeOfASnapshotThatIsNotThere) {
  std::ostringstream out;
  const auto failure = restore_directory(settings, (root / "nothing").string(), out);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_FALSE(fs::exists(settings.data));
}

TEST_F(DataDirectoryTest, IsNotMadeOfASnapshotToJoinAnotherGroup) {
  std::ostringstream out;
  settings.join = {"127.0.0.1:1"};
  const auto failure = restore_directory(settings, (root / "nothing").string(), out);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_NE(failure->what.find("without --join"), std::string::npos) << failure->what;
  EXPECT_FALSE(fs::exists(settings.data));
}

TEST_F(DataDirectoryTest, IsNotMadeForANameThatNoCommandCouldSay) {
  for (const std::string& name : {std::string("a b"), std::string("x\ny"), std::string("-n"),
                                  std::string("a,b"), std::string(65, 'n')}) {
    settings.name = name;
    const auto failure = initialise_directory(settings);
    ASSERT_TRUE(failure.has_value()) << name;
    EXPECT_EQ(failure->code, ExitCode::usage);
    EXPECT_FALSE(fs::exists(settings.data));
  }
  settings.name = std::string(63, 'n') + ".";
  EXPECT_EQ(initialise_directory(settings), std::nullopt);
}

TEST_F(DataDirectoryTest, ThatIsGoneIsNotAdvisedToFoundAnotherGroup) {
  const auto failure = check_member_directory(settings.data);
  ASSERT_TRUE(failure.has_value());
  EXPECT_NE(failure->what.find("--join HOST:PORT"), std::string::npos) << failure->what;
}

TEST_F(DataDirectoryTest, IsMadeAgainWhenThatWasInterrupted) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  ASSERT_TRUE(fs::remove(settings.data + "/IDENTITY"));
  fs::create_directory(settings.data + "/state.1");
  EXPECT_EQ(initialise_directory(settings), std::nullopt);
}

/// Starts the member as far as its log goes.
void start_log(const std::string& data) {
  gms::log::PosixFileSystem files;
  gms::log::LogOptions options;
  options.spares = 0;
  const auto found = gms::log::LogStore::recover(files, data, options);
  ASSERT_TRUE(found.has_value()) << found.error().detail;
}

/// An intact snapshot file, though of nothing.
std::string make_snapshot(const fs::path& directory) {
  gms::log::PosixFileSystem files;
  const std::string path = (directory / "a.snapshot").string();
  auto writer = api::SnapshotWriter::create(files, path, {});
  EXPECT_TRUE(writer.has_value() && writer->finish().has_value());
  return path;
}

std::set<std::string> files_in(const std::string& data) {
  std::set<std::string> out;
  for (const auto& file : fs::recursive_directory_iterator(data)) out.insert(file.path());
  return out;
}

TEST_F(DataDirectoryTest, IsNotEmptiedWhenAMemberRanOnItAndItsIdentityIsMissing) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  start_log(settings.data);
  make_store(settings.data, 1, gms::model::Index(1));
  ASSERT_TRUE(fs::remove(settings.data + "/IDENTITY"));
  const std::string snapshot = make_snapshot(root);
  // The one or the other tells of it.
  for (const bool has_booted : {true, false}) {
    if (!has_booted) {
      ASSERT_TRUE(fs::remove(settings.data + "/BOOT"));
      fs::create_directory(settings.data + "/snap");
    }
    const auto before = files_in(settings.data);
    const auto failure = initialise_directory(settings);
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->code, ExitCode::directory);
    EXPECT_NE(failure->what.find("IDENTITY is missing"), std::string::npos) << failure->what;
    std::ostringstream out;
    EXPECT_EQ(restore_directory(settings, snapshot, out), failure);
    EXPECT_EQ(files_in(settings.data), before);
  }
}

TEST_F(DataDirectoryTest, IsRefusedWhenItsIdentityIsDamaged) {
  ASSERT_EQ(initialise_directory(settings), std::nullopt);
  fs::resize_file(fs::path(settings.data) / "IDENTITY", 5);
  std::ostringstream out;
  const auto failure = inspect_directory(settings.data, out);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::directory);
}

}  // namespace
}  // namespace kvstore::server
