#include "gms/log/refounding.hpp"

#include "tests/unit/log/crash_steps.hpp"

namespace gms::log {
namespace {

using model::Epoch;
using model::GroupId;
using model::Index;
using model::Member;
using model::RestoredState;
using model::View;

constexpr GroupId kNewGroup{11, 22};

class Refounds : public LogFixture {
 protected:
  /// A member of a group of three, with commands before and after that view.
  void found_three() {
    found();
    append(1, 3);
    three_ = a_view();
    three_.seq = model::ViewSeq(4);
    three_.members[0].info = "127.0.0.1:7401";
    for (std::uint64_t node = 8; node < 10; ++node)
      three_.members.push_back({{model::NodeId(node), model::Incarnation(1)}, "other", "", ""});
    model::EntryRunBuilder builder;
    builder.append(model::EntryKind::view, {model::encode(three_)});
    ASSERT_TRUE(write(builder.seal(head_, Epoch(2), model::GroupClock(99))).has_value());
    append(2, 5);
    ASSERT_TRUE(store_->seal().has_value());
    store_.reset();
    disk_.end_process();
  }
  [[nodiscard]] model::Result<model::Identity> refound_on(FileSystem& files) {
    return refound(files, kDirectory, {kNewGroup, "127.0.0.1:1", "unused"}, options_);
  }
  [[nodiscard]] static const View& view_in(const RestoredState& state) {
    return state.log.views.back().view;
  }

  View three_;
};

TEST_F(Refounds, TheLogGoesOnWithThisMemberAloneInANewGroup) {
  found_three();
  const auto founded = refound_on(disk_);
  ASSERT_TRUE(founded.has_value()) << founded.error().detail;
  EXPECT_EQ(*founded, (model::Identity{kNewGroup, a_member(), "n1"}));
  power_loss();
  const auto before = head_;
  recover();
  EXPECT_EQ(state_.identity, *founded);
  EXPECT_EQ(state_.hard_state, (model::HardState{Epoch(3), a_member()}));
  EXPECT_EQ(head_.position, (model::Position{Epoch(3), before.position.index.next()}));
  EXPECT_EQ(head_.clock, model::GroupClock(99));
  EXPECT_EQ(state_.log.views.back().position, head_.position);
  const View& view = view_in(state_);
  EXPECT_EQ(view.seq, model::ViewSeq(5));
  EXPECT_EQ(view.members, (std::vector<Member>{three_.members[0]}));
  EXPECT_EQ(view.up, (std::vector<model::MemberId>{a_member()}));
  EXPECT_EQ(view.cause, model::ViewCause::bootstrap);
}

TEST_F(Refounds, ALossOfPowerLeavesNothingThatTheOldGroupCouldTakeForItsOwn) {
  found_three();
  bool half_done = false;
  for (std::uint64_t changes = 0; changes < 1000; ++changes) {
    const auto disk = disk_.image();
    disk->cut_power_after(changes);
    const bool done = refound_on(*disk).has_value();
    disk->lose_power(changes % 2 == 0 ? tests::SimulatedDisk::Unsynced::lost
                                      : tests::SimulatedDisk::Unsynced::kept);
    const auto found = inspect(*disk, kDirectory, 0);
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    const bool new_group = found->stored.identity.group == kNewGroup;
    const bool new_view = found->log.log.views.back().view.members.size() == 1;
    EXPECT_TRUE(new_group || !new_view) << "cut after " << changes;
    half_done = half_done || (new_group && !new_view);
    if (done) {
      EXPECT_TRUE(new_group && new_view);
      EXPECT_TRUE(half_done) << "the order of the two was not looked at";
      return;
    }
    ASSERT_TRUE(refound_on(*disk).has_value()) << "cut after " << changes;
  }
  ADD_FAILURE() << "it takes no end";
}

TEST_F(Refounds, AMemberThatNoViewHasIsReachedWhereItSays) {
  found_three();
  recover();
  View without = three_;
  without.members.erase(without.members.begin());
  without.up.clear();
  model::PersistRequest request = order({});
  request.install =
      model::InstallRequest{{head_, {without, head_.position}}, model::StateGeneration(2), false};
  ASSERT_TRUE(store_->write({&request, 1}).has_value());
  store_.reset();
  disk_.end_process();
  ASSERT_TRUE(refound_on(disk_).has_value());
  recover();
  EXPECT_EQ(view_in(state_).members[0].peer_address, "127.0.0.1:1");
  EXPECT_EQ(view_in(state_).seq, model::ViewSeq(5));
}

TEST_F(Refounds, WhoIsInUseOrHasJoinedNoGroupFoundsNone) {
  found_three();
  recover();
  EXPECT_EQ(refound_on(disk_).error().code, model::ErrorCode::conflict);
  tests::SimulatedDisk other;
  ASSERT_TRUE(initialise(other, kDirectory, a_joiner(), options_).has_value());
  EXPECT_EQ(refound_on(other).error().code, model::ErrorCode::conflict);
  EXPECT_TRUE(inspect(other, kDirectory, 0)->stored.identity.group.is_none());
}

TEST_F(Refounds, AFounderWithAStateBeginsItsLogBehindIt) {
  NewMember founder = a_founder();
  founder.base = a_base({{Epoch(5), Index(100)}, model::EntryHash(77), model::GroupClock(9)});
  options_ = small_segments();
  ASSERT_TRUE(initialise(disk_, kDirectory, founder, options_).has_value());
  for (int start = 0; start < 2; ++start) {
    power_loss();
    recover();
    EXPECT_EQ(state_.log.base, founder.base);
    EXPECT_EQ(state_.hard_state, (model::HardState{Epoch(6), a_member()}));
    EXPECT_EQ(head_.position, (model::Position{Epoch(6), Index(101)}));
    EXPECT_EQ(head_.clock, model::GroupClock(9));
    EXPECT_EQ(state_.log.views.back().position, head_.position);
    ASSERT_TRUE(store_->check_applied({founder.base.head, founder.base.view, {}}).has_value());
    EXPECT_EQ(store_->seal().has_value(), true);
  }
}

}  // namespace
}  // namespace gms::log
