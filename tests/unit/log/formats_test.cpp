#include <random>

#include "gms/log/batch_header.hpp"
#include "gms/log/checked_record.hpp"
#include "gms/log/entry_index.hpp"
#include "gms/log/state_codec.hpp"
#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {
namespace {

using model::Bytes;
using model::Index;

BatchHeader a_header() {
  BatchHeader header;
  header.generation = Generation(1);
  header.salt = LogSalt(2);
  header.boot = model::BootSeq(3);
  header.seq = BatchSeq(4);
  header.durable_upto = BatchSeq(3);
  header.first_index = Index(6);
  header.first_epoch = model::Epoch(7);
  header.entry_bytes = 40;
  header.entry_count = 1;
  header.previous_checksum = 10;
  header.entries_checksum = 11;
  return header;
}

TEST(BatchHeader, SurvivesItsEncoding) {
  const auto encoded = encode(a_header());
  const auto decoded = decode_batch_header(encoded);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->header, a_header());
  EXPECT_EQ(decoded->checksum, checksum_of(encoded));
}

TEST(BatchHeader, AFlippedBitAnywhereIsNoHeader) {
  auto encoded = encode(a_header());
  for (std::size_t bit = 0; bit < 8 * encoded.size(); ++bit) {
    encoded[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(decode_batch_header(encoded).has_value()) << bit;
    encoded[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
  }
}

TEST(BatchHeader, HeadersThatDifferInTheirPastHaveOtherChecksums) {
  BatchHeader other = a_header();
  other.boot = model::BootSeq(4);
  EXPECT_NE(checksum_of(encode(a_header())), checksum_of(encode(other)));
}

TEST(CheckedRecord, SurvivesItsEncodingAndFillsWholeSectors) {
  const Bytes content(700, std::byte{5});
  const Bytes bytes = encode_record(RecordKind::meta, RecordVersion(9), content);
  EXPECT_EQ(bytes.size(), 2 * kSectorBytes);
  const auto record = decode_record(RecordKind::meta, bytes);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->version, RecordVersion(9));
  EXPECT_EQ(record->content, content);
}

TEST(CheckedRecord, IsNotTakenForOneOfAnotherKind) {
  const Bytes bytes = encode_record(RecordKind::meta, RecordVersion(9), {});
  EXPECT_FALSE(decode_record(RecordKind::hard_state, bytes).has_value());
}

TEST(CheckedRecord, NoTruncationAndNoRandomBytesPass) {
  const Bytes content(100, std::byte{5});
  const Bytes bytes = encode_record(RecordKind::boot, RecordVersion(9), content);
  for (std::size_t size = 0; size < 132; ++size)
    EXPECT_FALSE(decode_record(RecordKind::boot, model::ByteSpan(bytes).first(size)).has_value());
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    Bytes noise = bytes;
    // A sane magic number and kind, a length and content from anywhere.
    for (std::size_t at = 16; at < noise.size(); ++at) noise[at] = static_cast<std::byte>(random());
    EXPECT_FALSE(decode_record(RecordKind::boot, noise).has_value());
  }
}

TEST(StateCodec, TruncatedContentsAreRefused) {
  const Bytes identity = encode(a_founder().identity);
  EXPECT_EQ(decode_identity(identity).value(), a_founder().identity);
  const Bytes hard_state = encode(model::HardState{model::Epoch(3), a_member()});
  EXPECT_EQ(decode_hard_state(hard_state).value(), (model::HardState{model::Epoch(3), a_member()}));
  Meta meta;
  meta.generation = Generation(5);
  meta.base.view = {a_view(), {model::Epoch(1), Index(1)}};
  const Bytes encoded = encode(meta);
  EXPECT_EQ(decode_meta(encoded).value(), meta);
  for (std::size_t size = 0; size < encoded.size(); ++size)
    EXPECT_FALSE(decode_meta(model::ByteSpan(encoded).first(size)).has_value());
  for (std::size_t size = 0; size < identity.size(); ++size)
    EXPECT_FALSE(decode_identity(model::ByteSpan(identity).first(size)).has_value());
  for (std::size_t size = 0; size < hard_state.size(); ++size)
    EXPECT_FALSE(decode_hard_state(model::ByteSpan(hard_state).first(size)).has_value());
}

TEST(EntryIndex, BatchesThatStandTogetherShareAPlace) {
  EntryIndex index;
  index.add({FileSeq(1), 512, 512, Index(1), Index(4)});
  index.add({FileSeq(1), 1024, 512, Index(5), Index(6)});
  ASSERT_NE(index.find(Index(6)), nullptr);
  EXPECT_EQ(index.find(Index(6))->offset, 512U);
  EXPECT_EQ(index.find(Index(7)), nullptr);
  EXPECT_EQ(index.find(Index(0)), nullptr);
  EXPECT_EQ(index.last(), Index(6));
}

TEST(EntryIndex, AReplacementBeginsAPlaceOfItsOwn) {
  EntryIndex index;
  index.add({FileSeq(1), 512, 512, Index(1), Index(6)});
  index.add({FileSeq(1), 1024, 512, Index(4), Index(5)});
  EXPECT_EQ(index.find(Index(3))->offset, 512U);
  EXPECT_EQ(index.find(Index(4))->offset, 1024U);
  EXPECT_EQ(index.find(Index(6)), nullptr);
  index.add({FileSeq(2), 0, 512, Index(6), Index(9)});
  EXPECT_EQ(index.find(Index(6))->segment, FileSeq(2));
  index.truncate(Index(1));
  EXPECT_EQ(index.last(), std::nullopt);
}

TEST(EntryIndex, APlaceIsBounded) {
  EntryIndex index;
  for (std::uint64_t i = 0; i < 1000; ++i)
    index.add({FileSeq(1), i * 4096, 4096, Index(i + 1), Index(i + 1)});
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const EntryPlace* const place = index.find(Index(i + 1));
    ASSERT_NE(place, nullptr);
    EXPECT_LT(i * 4096 - place->offset, 64U * 1024U);
  }
}

}  // namespace
}  // namespace gms::log
