#include "gms/model/background.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace gms::model {
namespace {

TEST(RunInBackground, IsOfTheCallingThreadAlone) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  int within = before;
  std::thread thread([&] {
    run_in_background();
    within = ::getpriority(PRIO_PROCESS, 0);
  });
  thread.join();
  EXPECT_EQ(within, std::min(19, before + 5));
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

}  // namespace
}  // namespace gms::model
