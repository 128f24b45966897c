#include "gms/net/presence.hpp"

#include <gtest/gtest.h>

namespace gms::net {
namespace {

using model::BootSeq;

const model::MemberId kPeer{model::NodeId(1), model::Incarnation(2)};

TEST(Presence, ReportsAConnectionOnceForBothDirections) {
  Presence presence(kPeer);
  EXPECT_EQ(presence.inbound_opened(BootSeq(3)).connected->boot, BootSeq(3));
  EXPECT_FALSE(presence.outbound_opened(BootSeq(3)).connected.has_value());
}

TEST(Presence, ALaterBootIsANewConnection) {
  Presence presence(kPeer);
  (void)presence.inbound_opened(BootSeq(3));
  const auto news = presence.inbound_opened(BootSeq(4));
  EXPECT_EQ(news.connected->boot, BootSeq(4));
  EXPECT_EQ(presence.inbound_open(), 1U);
}

TEST(Presence, IsDownOnlyWhenNobodyListensAndAllThatWasReceivedIsHandedOn) {
  Presence presence(kPeer);
  (void)presence.outbound_opened(BootSeq(3));
  (void)presence.inbound_opened(BootSeq(3));
  const auto closed = presence.outbound_closed();
  EXPECT_TRUE(closed.disconnected.has_value());
  EXPECT_FALSE(closed.down.has_value());
  EXPECT_FALSE(presence.nobody_listens().down.has_value());
  EXPECT_EQ(presence.inbound_closed(BootSeq(3)).down->boot, BootSeq(3));
}

TEST(Presence, IsDownAtTheRefusalWhenTheInboundLinkEndedFirst) {
  Presence presence(kPeer);
  (void)presence.outbound_opened(BootSeq(3));
  (void)presence.inbound_opened(BootSeq(3));
  EXPECT_FALSE(presence.inbound_closed(BootSeq(3)).down.has_value());
  (void)presence.outbound_closed();
  EXPECT_TRUE(presence.nobody_listens().down.has_value());
  EXPECT_FALSE(presence.nobody_listens().down.has_value()) << "told once";
}

TEST(Presence, ARefusalBeforeTheLastCloseCountsOnlyWhileNobodyCameBack) {
  Presence presence(kPeer);
  (void)presence.inbound_opened(BootSeq(3));
  (void)presence.nobody_listens();
  (void)presence.inbound_opened(BootSeq(3));
  (void)presence.inbound_closed(BootSeq(3));
  EXPECT_FALSE(presence.inbound_closed(BootSeq(3)).down.has_value());
}

TEST(Presence, SomebodyNeverHeardOfIsNotDown) {
  Presence presence(kPeer);
  EXPECT_FALSE(presence.nobody_listens().down.has_value());
}

TEST(Presence, TheEndOfAnEarlierBootsLinkSaysNothing) {
  Presence presence(kPeer);
  (void)presence.inbound_opened(BootSeq(3));
  (void)presence.inbound_opened(BootSeq(4));
  const auto news = presence.inbound_closed(BootSeq(3));
  EXPECT_FALSE(news.disconnected.has_value());
  EXPECT_EQ(presence.inbound_open(), 1U);
}

TEST(Presence, CanBeDownAgainAfterItWasBack) {
  Presence presence(kPeer);
  (void)presence.outbound_opened(BootSeq(3));
  (void)presence.outbound_closed();
  EXPECT_TRUE(presence.nobody_listens().down.has_value());
  EXPECT_TRUE(presence.outbound_opened(BootSeq(4)).connected.has_value());
  (void)presence.outbound_closed();
  EXPECT_EQ(presence.nobody_listens().down->boot, BootSeq(4));
}

}  // namespace
}  // namespace gms::net
