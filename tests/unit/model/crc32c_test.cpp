#include "gms/model/crc32c.hpp"

#include <gtest/gtest.h>

namespace gms::model {
namespace {

// The check value of CRC-32C (RFC 3720, and every catalogue of checksums).
TEST(Crc32c, GivesTheCheckValue) {
  EXPECT_EQ(crc32c(0, as_bytes("123456789")), 0xE3069283U);
}

TEST(Crc32c, GoesOnWhereItStopped) {
  EXPECT_EQ(crc32c(crc32c(0, as_bytes("1234")), as_bytes("56789")), 0xE3069283U);
}

}  // namespace
}  // namespace gms::model
