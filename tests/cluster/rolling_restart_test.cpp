#include <gmock/gmock.h>

#include "tests/cluster/local_group.hpp"
#include "tests/cluster/recorder.hpp"
#include "tests/cluster/verdict.hpp"

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(RollingRestart, OfFiveUnderLoadFailsNoWriteAndEvictsNobody) {
  const Variable evict_after("KVD_GMS_EVICT_AFTER", "2500ms");
  const LocalGroup group(5, 29300);
  Recorder recorder({group.endpoints(), 4, 5, 14});
  for (const std::string name : {"n1", "n2", "n3", "n4", "n5"}) {
    // Ends it by SIGTERM, and starts it.
    group.must({"local", "restart", name});
    group.wait_all_up();
  }
  recorder.stop();
  const auto failed = std::ranges::count(recorder.history(), linearizability::Outcome::failed,
                                         &linearizability::Operation::outcome);
  EXPECT_EQ(failed, 0);
  EXPECT_THAT(recorder.unknown(), IsEmpty());
  EXPECT_THAT(group.must({"events"}), Not(HasSubstr("cause=evict")));
  EXPECT_LT(longest_pause(recorder.history()), 2s);
  EXPECT_GT(recorder.acknowledged().size(), 50U);
  EXPECT_EQ(wrong_with(group, recorder), "");
}

}  // namespace
}  // namespace tests::cluster
