#include "kvstore/server/view_history.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

using api::ViewReason;
using gms::core::EvictionReason;
using gms::core::MemberEvicted;
using gms::core::MemberSuspected;
using gms::model::MemberId;
using gms::model::PlacedView;
using gms::model::ViewCause;
using std::chrono::milliseconds;

MemberId id_of(std::uint64_t number) {
  return {gms::model::NodeId(number), gms::model::Incarnation(1)};
}

/// The view number `seq`, of voters 1 to `voters`, about the member number `subject`.
PlacedView view_of(std::uint64_t seq, std::uint64_t voters, ViewCause cause,
                   std::uint64_t subject) {
  PlacedView placed;
  placed.position = {gms::model::Epoch(1), gms::model::Index(seq * 10)};
  placed.view.seq = gms::model::ViewSeq(seq);
  placed.view.cause = cause;
  placed.view.subject = id_of(subject);
  for (std::uint64_t number = 1; number <= voters; ++number)
    placed.view.members.push_back({id_of(number), "n" + std::to_string(number), "", ""});
  return placed;
}

TEST(ViewHistory, NamesAnEvictedMemberAndWhyItWas) {
  ViewHistory history;
  history.add(view_of(1, 4, ViewCause::join, 4), 0);
  history.on_trace(MemberEvicted{id_of(4), EvictionReason::asked, milliseconds(3)});
  history.add(view_of(2, 3, ViewCause::evict, 4), 17);
  const auto views = history.views().views;
  ASSERT_EQ(views.size(), 2u);
  EXPECT_EQ(views[0].subject, "n4");
  EXPECT_EQ(views[0].reason, ViewReason::unknown);
  EXPECT_EQ(views[0].at_ms, 0u);
  EXPECT_EQ(views[1].subject, "n4");
  EXPECT_EQ(views[1].reason, ViewReason::asked);
  EXPECT_EQ(views[1].at_ms, 17u);
}

TEST(ViewHistory, TellsACrashFromSilence) {
  ViewHistory history;
  history.on_trace(MemberSuspected{id_of(2), milliseconds(200), true});
  history.add(view_of(1, 3, ViewCause::down, 2), 1);
  history.on_trace(MemberSuspected{id_of(3), milliseconds(2000), false});
  history.add(view_of(2, 3, ViewCause::down, 3), 2);
  EXPECT_EQ(history.views().views[0].reason, ViewReason::crashed);
  EXPECT_EQ(history.views().views[1].reason, ViewReason::silent);
}

TEST(ViewHistory, ForgetsWhatWasAnnouncedForAViewThatNeverCame) {
  ViewHistory history;
  history.on_trace(MemberEvicted{id_of(4), EvictionReason::silent, milliseconds(3)});
  history.add(view_of(1, 4, ViewCause::up, 3), 1);
  history.add(view_of(2, 3, ViewCause::evict, 4), 2);
  EXPECT_EQ(history.views().views[1].reason, ViewReason::unknown);
}

TEST(ViewHistory, AMemberSawMadeWhatIsNewAndHasItUp) {
  PlacedView view = view_of(2, 3, ViewCause::down, 3);
  view.view.up = {id_of(1), id_of(2)};
  EXPECT_TRUE(is_seen_made(view, id_of(1), gms::model::Index(19)));
  EXPECT_FALSE(is_seen_made(view, id_of(1), gms::model::Index(20))) << "its log had it";
  EXPECT_FALSE(is_seen_made(view, id_of(3), gms::model::Index(19))) << "it was away";
  EXPECT_FALSE(is_seen_made(view, id_of(4), gms::model::Index(19))) << "it was no member yet";
}

TEST(ViewHistory, CallsALeaveAndMaintenanceAsked) {
  ViewHistory history;
  history.add(view_of(1, 4, ViewCause::maintenance, 4), 1);
  history.add(view_of(2, 3, ViewCause::leave, 4), 2);
  EXPECT_EQ(history.views().views[0].reason, ViewReason::asked);
  EXPECT_EQ(history.views().views[1].reason, ViewReason::asked);
}

TEST(ViewHistory, CountsAViewOnceAndForgetsTheOldest) {
  ViewHistory history;
  history.add(PlacedView(), 0);
  for (std::uint64_t seq = 1; seq <= ViewHistory::kViewsMax + 1; ++seq)
    for (int again = 0; again < 2; ++again) history.add(view_of(seq, 3, ViewCause::up, 1), seq);
  const auto views = history.views().views;
  ASSERT_EQ(views.size(), ViewHistory::kViewsMax);
  EXPECT_EQ(views.front().view.view.seq, gms::model::ViewSeq(2));
  EXPECT_EQ(views.back().view.view.seq, gms::model::ViewSeq(ViewHistory::kViewsMax + 1));
}

}  // namespace
}  // namespace kvstore::server
