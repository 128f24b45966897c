#include "kvstore/server/member_report.hpp"

#include <gtest/gtest.h>

namespace kvstore::server {
namespace {

using api::WriteRefusal;
using gms::core::RoleName;
using gms::core::Status;
using gms::model::Error;
using gms::model::ErrorCode;

const Error kTrouble{ErrorCode::io, "no space left on device"};

TEST(RefusedWrites, AreNoneWhileDiskAndStoreAreWell) {
  EXPECT_EQ(refused_writes(Status(), std::nullopt), RefusedWrites());
}

TEST(RefusedWrites, HaveTheReasonThatRefusesMost) {
  Status status;
  status.disk_low = true;
  EXPECT_EQ(refused_writes(status, std::nullopt),
            (RefusedWrites{WriteRefusal::disk_low,
                           "disk full for all but deletes: there is little room left"}));
  EXPECT_EQ(refused_writes(status, kTrouble),
            (RefusedWrites{WriteRefusal::store_trouble,
                           "the store cannot write: no space left on device"}));
  status.disk_full = true;
  EXPECT_EQ(refused_writes(status, kTrouble),
            (RefusedWrites{WriteRefusal::disk_full, "disk full: the log has no room to grow"}));
}

TEST(RoleOf, IsCalledAsTheProtocolCallsIt) {
  for (const RoleName role : {RoleName::joiner, RoleName::learner, RoleName::follower,
                              RoleName::precandidate, RoleName::candidate, RoleName::leader})
    EXPECT_EQ(api::to_string(role_of(role)), gms::core::to_string(role));
}

TEST(LinkCounters, CountOnlyTheConnectionsAfterTheFirst) {
  gms::net::LinkStatus link;
  link.queued_bytes = 70;
  using Counters = std::vector<api::Counter>;
  for (const auto& [connects, reconnects] : {std::pair(0U, 0U), {1U, 0U}, {4U, 3U}}) {
    link.connects = connects;
    EXPECT_EQ(link_counters(link, "n2"),
              (Counters{{"link.n2.queued_bytes", 70}, {"link.n2.reconnects", reconnects}}));
  }
}

}  // namespace
}  // namespace kvstore::server
