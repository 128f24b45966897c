#include "kvstore/server/recovery.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "gms/log/log_store.hpp"
#include "gms/log/posix_file_system.hpp"
#include "kvstore/server/data_directory.hpp"

namespace kvstore::server {
namespace {

namespace fs = std::filesystem;
using gms::model::MemberId;
using gms::model::View;

/// The directories of two members of a group of four.
class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest() {
    std::string pattern = (fs::temp_directory_path() / "groupkv-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    settings.group.first_segment_bytes = 64 * 1024;
    make("n1", {});
    fs::copy(root / "n1", root / "n2", fs::copy_options::recursive);
    rename_member("n2", other);
    extend(directory("n1"), 2);
    extend(directory("n2"), 3);
  }
  ~RecoveryTest() override { fs::remove_all(root); }

  [[nodiscard]] std::string directory(const std::string& name) const { return root / name; }

  void make(const std::string& name, std::vector<std::string> join) {
    settings.data = directory(name);
    settings.name = name;
    settings.join = std::move(join);
    ASSERT_EQ(initialise_directory(settings), std::nullopt);
  }
  /// The copy of a member becomes another one of its group.
  void rename_member(const std::string& name, const MemberId& id) {
    gms::log::PosixFileSystem files;
    gms::log::StateFiles state(files, directory(name));
    const auto stored = state.read();
    ASSERT_TRUE(stored.has_value());
    gms::model::Identity identity = stored->identity;
    identity.self = id;
    identity.name = name;
    ASSERT_TRUE(state.write_identity(identity).has_value());
  }
  /// Appends a view of both and two others in that epoch, and so many noops as the epoch says.
  void extend(const std::string& data, std::uint64_t epoch) {
    gms::log::PosixFileSystem files;
    gms::log::LogOptions options;
    options.spares = 0;
    auto found = gms::log::LogStore::recover(files, data, options);
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    View view = found->state.log.views.back().view;
    view.seq = view.seq.next();
    view.members.push_back({other, "n2", "127.0.0.1:17502", "127.0.0.1:17402"});
    for (std::uint64_t node = 1; node <= 2; ++node)
      view.members.push_back({{gms::model::NodeId(node), gms::model::Incarnation(1)},
                              "lost" + std::to_string(node),
                              "127.0.0.1:175" + std::to_string(10 + node),
                              "127.0.0.1:174" + std::to_string(10 + node)});
    std::ranges::sort(view.members, {}, &gms::model::Member::id);
    gms::model::EntryRunBuilder builder;
    builder.append(gms::model::EntryKind::view, {gms::model::encode(view)});
    for (std::uint64_t i = 0; i < epoch; ++i) builder.append(gms::model::EntryKind::noop, {});
    gms::model::PersistRequest request;
    request.entries.push_back(
        builder.seal(found->state.log.head, gms::model::Epoch(epoch), gms::model::GroupClock()));
    ASSERT_TRUE(found->store->write({&request, 1}).has_value());
  }

  /// The member's state is out of use [M2].
  void put_out_of_use(const std::string& name) {
    gms::log::PosixFileSystem files;
    gms::log::LogOptions options;
    options.spares = 0;
    auto found = gms::log::LogStore::recover(files, directory(name), options);
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    gms::model::PersistRequest request;
    request.state_diverged = true;
    ASSERT_TRUE(found->store->write({&request, 1}).has_value());
  }

  [[nodiscard]] static Failure refusal(const std::vector<std::string>& directories) {
    auto plan = plan_recovery(directories);
    if (auto* failure = std::get_if<Failure>(&plan)) return *failure;
    return {ExitCode::done, "it was planned"};
  }
  [[nodiscard]] static bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  fs::path root;
  Settings settings;
  const MemberId other{gms::model::NodeId(77), gms::model::Incarnation(1)};
};

TEST_F(RecoveryTest, PicksTheLogOfTheNewestEpochAndSaysWhatMayBeLost) {
  const std::vector<std::string> both{directory("n1"), directory("n2")};
  const auto planned = plan_recovery(both);
  const auto* plan = std::get_if<RecoveryPlan>(&planned);
  ASSERT_NE(plan, nullptr) << std::get<Failure>(planned).what;
  EXPECT_EQ(plan->picked().identity.name, "n2");
  EXPECT_EQ(plan->missing(), (std::vector<std::string>{"lost1", "lost2"}));
  std::ostringstream out;
  describe(*plan, out);
  EXPECT_TRUE(says(out.str(), "a quorum is 3. Missing here: lost1, lost2.")) << out.str();
  EXPECT_TRUE(says(out.str(), "The log of n2 reaches furthest")) << out.str();
  EXPECT_TRUE(says(out.str(), "  from 1 to 5: perhaps committed")) << out.str();
  EXPECT_TRUE(says(out.str(), "  after 5: lost. Only lost1, lost2 can have had more")) << out.str();
}

TEST_F(RecoveryTest, LetsTheOperatorChooseWhereTheFurthestLogHasAStateThatIsOutOfUse) {
  const std::vector<std::string> both{directory("n1"), directory("n2")};
  put_out_of_use("n2");
  const Failure refused = refusal(both);
  EXPECT_EQ(refused.code, ExitCode::directory);
  EXPECT_TRUE(says(refused.what, "n2 reaches furthest")) << refused.what;
  EXPECT_TRUE(says(refused.what, "leave out " + directory("n2"))) << refused.what;
  EXPECT_TRUE(says(refused.what, "leave out " + directory("n1"))) << refused.what;
  // Either choice is carried out, and the second one is told what it is.
  EXPECT_EQ(refusal({directory("n1")}).code, ExitCode::done);
  const auto planned = plan_recovery(std::vector<std::string>{directory("n2")});
  ASSERT_TRUE(std::holds_alternative<RecoveryPlan>(planned));
  std::ostringstream out;
  describe(std::get<RecoveryPlan>(planned), out);
  EXPECT_TRUE(says(out.str(), "out of use")) << out.str();
}

TEST_F(RecoveryTest, PrefersTheSoundStateAmongThoseWithEqualLogs) {
  fs::copy(root / "n2", root / "lost1", fs::copy_options::recursive);
  rename_member("lost1", {gms::model::NodeId(1), gms::model::Incarnation(1)});
  put_out_of_use("n2");
  const std::vector<std::string> both{directory("n2"), directory("lost1")};
  const auto planned = plan_recovery(both);
  ASSERT_TRUE(std::holds_alternative<RecoveryPlan>(planned)) << std::get<Failure>(planned).what;
  EXPECT_EQ(std::get<RecoveryPlan>(planned).picked().identity.name, "lost1");
  std::ostringstream out;
  describe(std::get<RecoveryPlan>(planned), out);
  EXPECT_TRUE(says(out.str(), "out of use")) << "of n2: " << out.str();
  // Where none is sound nobody is left whose state could be better.
  put_out_of_use("lost1");
  EXPECT_TRUE(std::holds_alternative<RecoveryPlan>(plan_recovery(both)));
}

TEST_F(RecoveryTest, ChangesNothingUnlessThatIsAgreedTo) {
  const std::vector<std::string> both{directory("n1"), directory("n2")};
  std::ostringstream out;
  const auto refused = recover_group(both, [] { return false; }, out);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->code, ExitCode::usage);
  EXPECT_EQ(std::get<RecoveryPlan>(plan_recovery(both)).picked().last.epoch.value(), 3U);
  ASSERT_EQ(recover_group(both, [] { return true; }, out), std::nullopt);
  EXPECT_TRUE(says(out.str(),
                   "--name lost1 --listen-client 127.0.0.1:17411 --listen-peer "
                   "127.0.0.1:17511 --join 127.0.0.1:17502"))
      << out.str();
  EXPECT_TRUE(says(out.str(), "Keep " + directory("n1"))) << out.str();
  // It is whole now, and what is left of the old group is of another one.
  EXPECT_TRUE(says(refusal({directory("n2")}).what, "1 of the 1 members of view 3 are here"));
  EXPECT_TRUE(says(refusal(both).what, "of another group"));
}

TEST_F(RecoveryTest, GoesOnWhereAFoundingWasInterrupted) {
  // The new group's id is written first, and the view that it begins with last.
  const std::vector<std::string> both{directory("n1"), directory("n2")};
  gms::log::PosixFileSystem files;
  gms::log::StateFiles state(files, directory("n2"));
  gms::model::Identity identity = state.read()->identity;
  const gms::model::GroupId old = std::exchange(identity.group, {1, 2});
  ASSERT_TRUE(state.write_identity(identity).has_value());
  const auto planned = plan_recovery(both);
  ASSERT_TRUE(std::holds_alternative<RecoveryPlan>(planned)) << std::get<Failure>(planned).what;
  EXPECT_EQ(std::get<RecoveryPlan>(planned).picked().identity.name, "n2");
  std::ostringstream out;
  ASSERT_EQ(recover_group(both, [] { return true; }, out), std::nullopt);
  EXPECT_NE(state.read()->identity.group, old);
  EXPECT_TRUE(says(refusal({directory("n2")}).what, "1 of the 1 members of view 3 are here"));
  EXPECT_TRUE(says(refusal(both).what, "of another group"));
}

TEST_F(RecoveryTest, RefusesWhatIsNoneOfItsBusiness) {
  EXPECT_TRUE(says(refusal({root / "nowhere"}).what, "not the data directory of a member"));
  EXPECT_TRUE(says(refusal({directory("n1"), directory("n1")}).what, "given twice"));
  make("n3", {"127.0.0.1:17501"});
  EXPECT_TRUE(says(refusal({directory("n3")}).what, "joined no group yet. Try: leave it out"));
  make("n4", {});
  EXPECT_TRUE(says(refusal({directory("n1"), directory("n4")}).what, "of another group"));
  EXPECT_TRUE(says(refusal({directory("n4")}).what, "a quorum: start them"));
  fs::resize_file(directory("n1") + "/IDENTITY", 5);
  EXPECT_TRUE(says(refusal({directory("n1")}).what, "leave it out")) << "of a damaged one";
  gms::log::PosixFileSystem files;
  const auto lock = files.lock(directory("n2"));
  ASSERT_TRUE(lock.has_value());
  EXPECT_TRUE(says(refusal({directory("n2")}).what, "in use by another process"));
}

}  // namespace
}  // namespace kvstore::server
