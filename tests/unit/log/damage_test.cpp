#include "tests/unit/log/log_fixture.hpp"

namespace gms::log {
namespace {

using model::Bytes;
using model::ErrorCode;
using model::Index;
using model::PersistRequest;
using tests::SimulatedDisk;

/// Damage to a directory's files and what a start says of it.
class Damage : public LogFixture {
 protected:
  /// Batches 1 (the founding view) and 2 (its seal) take sector 0 and 1; then come 3 in sectors
  /// 2-4, 4 in 5-6 and 5 in 7.
  void write_five_batches() {
    found();
    append(1, 3, 400);
    append(1, 2, 300);
    append(2, 1);
    store_.reset();
  }

  /// `whole`, `cut to INDEX` or `corrupt`.
  [[nodiscard]] static std::string verdict(SimulatedDisk& disk, Index whole) {
    const auto found = inspect(disk, kDirectory, 0);
    if (!found) return found.error().code == ErrorCode::corrupt ? "corrupt" : found.error().detail;
    const Index last = found->log.log.head.position.index;
    return last == whole ? "whole" : "cut to " + std::to_string(last.value());
  }

  /// The verdicts over a flip of one bit of each byte of a sector, each told once.
  [[nodiscard]] std::string verdicts_of_sector(std::size_t sector) {
    std::string verdicts;
    for (std::size_t at = sector * kSectorBytes; at < (sector + 1) * kSectorBytes; ++at) {
      const auto disk = disk_.image();
      disk->flip_bit(kFirstSegment, at, static_cast<unsigned>(at % 8));
      const std::string said = verdict(*disk, head_.position.index);
      if (verdicts.find(said) == std::string::npos)
        verdicts += (verdicts.empty() ? "" : ", ") + said;
    }
    return verdicts;
  }

  [[nodiscard]] std::vector<std::string> verdict_table(std::size_t sectors) {
    std::vector<std::string> table;
    for (std::size_t sector = 0; sector < sectors; ++sector)
      table.push_back(verdicts_of_sector(sector));
    return table;
  }
};

// S19. Flips in a batch's padding harm nobody, so most sectors have two verdicts.
TEST_F(Damage, AFlippedBitIsACorruptionWhereALaterBatchProvesWhatWasThere) {
  write_five_batches();
  EXPECT_EQ(verdict_table(9),
            (std::vector<std::string>{"corrupt, whole", "corrupt, whole", "corrupt", "corrupt",
                                      "corrupt, whole", "corrupt", "corrupt, whole",
                                      "cut to 6, whole", "whole"}));
}

TEST_F(Damage, ASealProvesTheLastBatch) {
  write_five_batches();
  recover();
  ASSERT_TRUE(store_->seal().has_value());
  EXPECT_EQ(verdict_table(9),
            (std::vector<std::string>{"corrupt, whole", "corrupt, whole", "corrupt", "corrupt",
                                      "corrupt, whole", "corrupt", "corrupt, whole",
                                      "corrupt, whole", "whole"}));
}

TEST_F(Damage, ACorruptionSaysWhereItIsAndWhatToDo) {
  write_five_batches();
  disk_.flip_bit(kFirstSegment, 2 * kSectorBytes, 0);
  const auto error = recover_error();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_EQ(error.detail,
            "member/log/1-1.seg at byte 1024: batch 3 is damaged or missing, but was durable, as "
            "member/log/1-1.seg at byte 2560 proves; keep the directory for inspection, initialise "
            "a new one and join the group again");
}

TEST_F(Damage, ARefusedStartChangesNothing) {
  write_five_batches();
  disk_.flip_bit(kFirstSegment, 2 * kSectorBytes, 0);
  const std::uint64_t changes = disk_.change_count();
  EXPECT_EQ(recover_error().code, ErrorCode::corrupt);
  EXPECT_EQ(disk_.change_count(), changes);
}

TEST_F(Damage, AMissingSegmentIsACorruption) {
  found();
  make_spare();
  for (int i = 0; i < 6; ++i) append(1, 1, 2500);
  make_spare();
  for (int i = 0; i < 3; ++i) append(1, 1, 2500);
  ASSERT_GT(disk_.list("member/log").value().size(), 2U);
  for (const char* const lost : {"member/log/1-1.seg", "member/log/1-2.seg"}) {
    const auto disk = disk_.image();
    ASSERT_TRUE(disk->remove(lost).has_value());
    EXPECT_EQ(verdict(*disk, {}), "corrupt") << lost;
  }
}

// S19: the last batch of a write, cut off at every byte.
TEST_F(Damage, ABatchTornAtAnyByteIsCutAndWrittenOver) {
  found();
  append(1, 2);
  const auto before = head_;
  const Bytes old_content = disk_.content(kFirstSegment);
  append(1, 3, 400);
  const auto whole = head_;
  const Bytes content = disk_.content(kFirstSegment);
  std::size_t end = content.size();
  while (content[end - 1] == std::byte{0}) --end;
  std::size_t start = 0;
  while (content[start] == old_content[start]) ++start;
  ASSERT_GT(end - start, 1000U);
  for (std::size_t torn = start; torn <= end; ++torn) {
    const auto disk = disk_.image();
    disk->damage(kFirstSegment, torn, model::ByteSpan(old_content).subspan(torn));
    auto recovered = LogStore::recover(*disk, kDirectory, options_);
    ASSERT_TRUE(recovered.has_value()) << torn << ": " << recovered.error().detail;
    ASSERT_EQ(recovered->state.log.head, torn == end ? whole : before) << torn;
    const PersistRequest next = order({commands(recovered->state.log.head, 2)});
    ASSERT_TRUE(recovered->store->write({&next, 1}).has_value());
    recovered->store.reset();
    disk->lose_power(SimulatedDisk::Unsynced::lost);
    const auto again = inspect(*disk, kDirectory, 0);
    ASSERT_TRUE(again.has_value()) << torn << ": " << again.error().detail;
    ASSERT_EQ(again->log.log.head, next.entries[0].head()) << torn;
  }
}

// A batch behind a torn one is whole, and the torn one is written again with the same bytes.
TEST_F(Damage, WhatStoodBehindATornBatchNeverComesBack) {
  found();
  append(1, 2);
  ASSERT_TRUE(store_->seal().has_value());
  const auto before = head_;
  const auto torn = commands(before, 1, 1);
  const auto behind = commands(before, 2, 1);
  const std::size_t torn_at = 4 * kSectorBytes;
  const std::vector<PersistRequest> group = {order({torn}), order({behind})};
  ASSERT_TRUE(store_->write(group).has_value());
  ASSERT_EQ(model::as_text(disk_.content(kFirstSegment)).substr(torn_at, 3), "gms");
  disk_.flip_bit(kFirstSegment, torn_at, 0);
  recover();
  ASSERT_EQ(state_.log.head, before);
  ASSERT_TRUE(write(torn).has_value());
  power_loss();
  recover();
  EXPECT_EQ(state_.log.head, torn.head());
  EXPECT_EQ(read_text(4), text_of(4, 1));
}

TEST_F(Damage, ABatchOfAnotherPastDoesNotChain) {
  found();
  const auto fork = disk_.image();
  append(1);
  const auto last = head_.position.index;
  append(1);
  store_.reset();
  auto other = LogStore::recover(*fork, kDirectory, options_);
  ASSERT_TRUE(other.has_value());
  // Of the number that comes next, and of a later boot.
  model::ChainHead at = other->state.log.head;
  for (const std::uint64_t epoch : {2U, 2U}) {
    const PersistRequest request = order({commands(at, epoch)});
    ASSERT_TRUE(other->store->write({&request, 1}).has_value());
    at = request.entries[0].head();
  }
  const Bytes content = fork->content(kFirstSegment);
  const auto second = model::ByteSpan(content).subspan(3 * kSectorBytes, kSectorBytes);
  disk_.damage(kFirstSegment, 3 * kSectorBytes, second);
  EXPECT_EQ(verdict(disk_, {}), "cut to " + std::to_string(last.value()));
}

TEST_F(Damage, ABatchOfAnotherMembersLogIsNoneOfThisOne) {
  write_five_batches();
  SimulatedDisk other;
  NewMember stranger = a_founder();
  stranger.salt = LogSalt(0x5A18);
  ASSERT_TRUE(initialise(other, kDirectory, stranger, options_).has_value());
  disk_.damage(kFirstSegment, 0, other.content(kFirstSegment));
  EXPECT_EQ(verdict(disk_, head_.position.index), "cut to 0");
}

TEST_F(Damage, EntriesThatDoNotFollowThoseBeforeThemAreACorruption) {
  found();
  append(1, 2);
  auto another_past = head_;
  another_past.hash = model::EntryHash(1);
  ASSERT_TRUE(write(commands(another_past, 1)).has_value());
  store_.reset();
  EXPECT_EQ(verdict(disk_, {}), "corrupt");
}

TEST_F(Damage, BytesOfAUserNeverPassForABatch) {
  found();
  // A seal as another log would write it, at a sector's start within an entry.
  const std::size_t to_sector = kSectorBytes - kBatchHeaderBytes - model::kEntryHeaderBytes;
  BatchHeader header;
  header.generation = Generation(1);
  header.salt = LogSalt(1);
  header.seq = BatchSeq(9);
  header.durable_upto = BatchSeq(8);
  const EncodedBatchHeader forged = encode(header);
  model::EntryRunBuilder builder;
  const std::string padding(to_sector, '.');
  builder.append(model::EntryKind::command, {model::as_bytes(padding), model::ByteSpan(forged)});
  const auto run = builder.seal(head_, model::Epoch(1), {});
  ASSERT_TRUE(write(run).has_value());
  store_.reset();
  // The batch is torn, the forged seal in it is not.
  disk_.flip_bit(kFirstSegment, 2 * kSectorBytes, 0);
  EXPECT_EQ(verdict(disk_, Index(2)), "cut to 1");
}

TEST_F(Damage, OneDamagedCopyOfHardOrMetaIsRepairedByTheOther) {
  write_five_batches();
  for (const char* const name : {"HARD.0", "HARD.1", "META.0", "META.1"}) {
    const std::string path = joined(kDirectory, name);
    for (std::size_t at = 0; at < disk_.content(path).size(); at += 7) {
      const auto disk = disk_.image();
      disk->flip_bit(path, at, static_cast<unsigned>(at % 8));
      const auto recovered = LogStore::recover(*disk, kDirectory, options_);
      ASSERT_TRUE(recovered.has_value()) << name << " " << at << recovered.error().detail;
      EXPECT_EQ(recovered->state.hard_state, (model::HardState{model::Epoch(2), {}}));
      EXPECT_EQ(recovered->state.log.head, head_);
    }
  }
}

TEST_F(Damage, NoReadableCopyOfHardOrMetaIsACorruption) {
  write_five_batches();
  for (const char* const name : {"HARD", "META"}) {
    const auto disk = disk_.image();
    for (const char* const copy : {".0", ".1"})
      disk->flip_bit(joined(kDirectory, std::string(name) + copy), 3, 3);
    EXPECT_EQ(verdict(*disk, {}), "corrupt") << name;
  }
}

TEST_F(Damage, ADamagedIdentityIsACorruptionAndAMissingOneNoDirectory) {
  write_five_batches();
  const auto damaged = disk_.image();
  damaged->flip_bit("member/IDENTITY", 40, 1);
  EXPECT_EQ(verdict(*damaged, {}), "corrupt");
  ASSERT_TRUE(disk_.remove("member/IDENTITY").has_value());
  EXPECT_EQ(recover_error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace gms::log
