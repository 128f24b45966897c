#include "gms/log/twin_record.hpp"

#include <gtest/gtest.h>

namespace gms::log {
namespace {

CheckedRecord copy_of(std::uint64_t version) {
  return {RecordVersion(version), {}};
}

TEST(TwinCopies, TheCopyThatIsWorthLessIsWrittenFirst) {
  EXPECT_EQ((TwinCopies{{std::nullopt, copy_of(1)}}.first_to_rewrite()), 0U);
  EXPECT_EQ((TwinCopies{{copy_of(1), std::nullopt}}.first_to_rewrite()), 1U);
  EXPECT_EQ((TwinCopies{{copy_of(1), copy_of(2)}}.first_to_rewrite()), 0U);
  EXPECT_EQ((TwinCopies{{copy_of(2), copy_of(1)}}.first_to_rewrite()), 1U);
}

TEST(TwinCopies, TheNewerOfTwoCountsAndTheReadableOne) {
  EXPECT_EQ((TwinCopies{{copy_of(1), copy_of(2)}}.newest()->version), RecordVersion(2));
  EXPECT_EQ((TwinCopies{{copy_of(2), copy_of(1)}}.newest()->version), RecordVersion(2));
  EXPECT_EQ((TwinCopies{{std::nullopt, copy_of(1)}}.newest()->version), RecordVersion(1));
  EXPECT_EQ((TwinCopies{{copy_of(1), std::nullopt}}.newest()->version), RecordVersion(1));
  EXPECT_EQ(TwinCopies().newest(), nullptr);
}

}  // namespace
}  // namespace gms::log
