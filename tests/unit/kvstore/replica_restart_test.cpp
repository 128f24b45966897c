#include <filesystem>
#include <random>

#include "kvstore/storage/rocks_store.hpp"
#include "tests/unit/kvstore/random_commands.hpp"

namespace kvstore::replica {
namespace {

using api::Call;
using api::CallNumber;
using api::DigestDepth;
using api::DigestState;
using api::SessionId;

TEST(Replicas, AgreeWhateverTheirBatchesAre) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Stream stream;
    RandomCommands(seed).extend(stream, 400);
    stream.add(api::TakeDigest{DigestDepth::deep});
    std::optional<FinalState> first;
    std::vector<OwnedReply> replies;
    for (const std::size_t batch_size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
      storage::MemoryImage image;
      ReplicaOnMemory member(image, tight_limits());
      member.follow(stream, stream.last(), batch_size);
      const FinalState state = finish(*member.replica, stream);
      if (!first) {
        first = state;
        replies = member.sink.replies;
      }
      EXPECT_EQ(state, *first) << "seed " << seed << ", batches of " << batch_size;
      EXPECT_EQ(member.sink.replies, replies) << "seed " << seed;
    }
  }
}

TEST(Replicas, AgreeAfterCrashesAtAnyFlushedBoundary) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Stream stream;
    RandomCommands(seed).extend(stream, 400);
    stream.add(api::TakeDigest{DigestDepth::deep});
    storage::MemoryImage calm_image;
    ReplicaOnMemory calm(calm_image, tight_limits());
    calm.follow(stream, stream.last(), 11);

    std::mt19937_64 random(seed);
    storage::MemoryImage image;
    Index reached;
    while (reached < stream.last()) {
      ReplicaOnMemory member(image, tight_limits());
      const Index restart = Stream::index_of(member.replica->stored_mark());
      reached = std::min(stream.last(), restart + (1 + random() % 120));
      member.follow(stream, reached, 1 + random() % 20);
      member.store.flush_to(restart + random() % (reached - restart + 1));
      if (reached == stream.last()) {
        EXPECT_EQ(finish(*member.replica, stream), finish(*calm.replica, stream))
            << "seed " << seed;
      } else {
        reached = Index();
      }
    }
  }
}

TEST(Replicas, ACrashInsideABatchThatADigestCutAppliesNothingTwice) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  stream.add(api::TakeDigest{DigestDepth::deep});
  stream.add(Call{SessionId(1), CallNumber(2), {}, erase("a")});
  storage::MemoryImage image;
  api::Digest digest;
  {
    ReplicaOnMemory member(image);
    member.follow(stream);
    digest = member.replica->digest();
    // Only what the digest stored, before the batch was complete, was written out.
    member.store.flush_to(Index());
  }
  ReplicaOnMemory member(image);
  EXPECT_EQ(member.replica->stored_mark(), std::nullopt);
  EXPECT_EQ(member.replica->applied(), Index(3));
  EXPECT_EQ(value_of(*member.replica, "a"), "1");
  EXPECT_EQ(member.replica->durable(), Index());
  member.follow(stream);
  EXPECT_EQ(member.replica->digest(), digest);
  EXPECT_EQ(value_of(*member.replica, "a"), std::nullopt);
}

TEST(Replicas, ADuplicateAfterARestartIsAnsweredAsTheOriginal) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  const Bytes original = encoded(
      Call{SessionId(1),
           CallNumber(1),
           {},
           api::Put{as_bytes("a"), as_bytes("1"), api::IfAbsent{}, api::Previous::unwanted}});
  const Index first = stream.add(original);
  storage::MemoryImage image;
  {
    ReplicaOnMemory member(image);
    member.follow(stream);
    ASSERT_TRUE(member.store.flush().has_value());
  }
  stream.add(original);
  ReplicaOnMemory member(image);
  member.follow(stream);
  EXPECT_EQ(member.sink.replies.back(),
            (OwnedReply{api::Outcome::done, first.value(), std::nullopt}));
}

TEST(Replicas, OnRocksAndInMemoryAgree) {
  std::string directory =
      (std::filesystem::temp_directory_path() / "groupkv-replica-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  Stream stream;
  RandomCommands(99).extend(stream, 3000);
  stream.add(api::TakeDigest{DigestDepth::deep});

  storage::MemoryImage image;
  ReplicaOnMemory memory(image, tight_limits());
  memory.follow(stream, stream.last(), 50);

  RecordingSink sink;
  Index at;
  while (at < stream.last()) {
    auto store = storage::RocksStore::open(directory, {});
    ASSERT_TRUE(store.has_value());
    auto replica = Replica::open(**store, sink, tight_limits());
    ASSERT_TRUE(replica.has_value());
    ASSERT_EQ(Stream::index_of((*replica)->stored_mark()), at);
    for (int i = 0; i < 20 && at < stream.last(); ++i) {
      const Index to = std::min(stream.last(), at + 50);
      ASSERT_TRUE((*replica)->deliver(stream.batch(at, to)).has_value());
      at = to;
    }
    ASSERT_TRUE((*store)->flush().has_value());
    EXPECT_EQ((*replica)->durable(), at);
    if (at == stream.last()) {
      EXPECT_EQ(finish(**replica, stream), finish(*memory.replica, stream));
    }
  }
  EXPECT_EQ(sink.replies, memory.sink.replies);
  std::filesystem::remove_all(directory);
}

/// The key `a`, which revision 2 wrote, holds something else.
void change_behind_the_replicas_back(ReplicaOnMemory& member) {
  storage::ChangeSet change;
  change.changes.push_back(
      {storage::Space::data, as_bytes("a"), api::Versioned{api::Revision(2), as_bytes("2")}});
  change.applied = Index(2);
  ASSERT_TRUE(member.store.apply(change).has_value());
}

TEST(RollingDigest, TellsReplicasThatAnswerTheSameCommandDifferently) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  stream.add(Call{SessionId(1),
                  CallNumber(2),
                  {},
                  api::Erase{as_bytes("a"), api::IfValue{as_bytes("1")}, api::Previous::unwanted}});
  storage::MemoryImage image;
  ReplicaOnMemory member(image);
  storage::MemoryImage other_image;
  ReplicaOnMemory other(other_image);
  for (ReplicaOnMemory* const one : {&member, &other})
    one->follow(stream, stream.last().previous(), 1);
  EXPECT_EQ(member.replica->digest(), other.replica->digest());
  change_behind_the_replicas_back(other);
  for (ReplicaOnMemory* const one : {&member, &other}) one->follow(stream, stream.last(), 1);
  EXPECT_NE(member.replica->digest(), other.replica->digest());
}

TEST(DeepDigest, TellsAStoreThatWasChangedBehindTheReplicasBack) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  stream.add(api::TakeDigest{DigestDepth::deep});
  const auto digest_of = [&](bool spoiled) {
    storage::MemoryImage image;
    ReplicaOnMemory member(image);
    member.follow(stream, stream.last().previous(), 1);
    if (spoiled) change_behind_the_replicas_back(member);
    member.follow(stream, stream.last(), 1);
    return finish_digest(*member.replica, stream.last());
  };
  const auto intact = digest_of(false);
  const auto spoiled = digest_of(true);
  EXPECT_EQ(intact.rows, 2U);
  EXPECT_EQ(intact.rolling, spoiled.rolling);
  EXPECT_NE(intact.deep, spoiled.deep);
}

TEST(DeepDigest, StopsWhenMuchWasReadHoweverFewRowsThatWere) {
  storage::MemoryImage image;
  storage::MemoryStore store(image);
  const std::string value(api::kReadStepBytesMax / 2, 'v');
  storage::ChangeSet changes;
  const std::array keys{"a", "b", "c", "d", "e"};
  for (const char* const key : keys)
    changes.changes.push_back(
        {storage::Space::data, as_bytes(key), api::Versioned{api::Revision(1), as_bytes(value)}});
  ASSERT_TRUE(store.apply(changes).has_value());
  DeepDigest digest(store.snapshot());
  for (const std::uint64_t rows : {2U, 4U}) {
    EXPECT_EQ(*digest.advance(1000), DeepWork::more);
    EXPECT_EQ(digest.rows_read(), rows);
  }
  EXPECT_EQ(*digest.advance(1000), DeepWork::none);
  EXPECT_EQ(digest.rows_read(), 5U);
}

TEST(DeepDigest, IsOfItsIndexThoughWritesGoOn) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  const Index at = stream.add(api::TakeDigest{DigestDepth::deep});
  storage::MemoryImage image;
  ReplicaOnMemory quiet(image);
  quiet.follow(stream);
  const auto expected = finish_digest(*quiet.replica, at);

  stream.add(Call{SessionId(1), CallNumber(2), {}, put("b", "2")});
  storage::MemoryImage other;
  ReplicaOnMemory member(other);
  member.follow(stream);
  EXPECT_EQ(member.replica->digest_at({at}).state, DigestState::computing);
  EXPECT_EQ(finish_digest(*member.replica, at), expected);
  EXPECT_EQ(member.replica->digest_at({at.next()}).state, DigestState::missing);
  const Index later = stream.last().next();
  EXPECT_EQ(member.replica->digest_at({later}).state, DigestState::unknown);
}

TEST(Replica, RefusesAStoreWhoseRecordIsMalformed) {
  storage::MemoryImage image;
  storage::MemoryStore store(image);
  storage::ChangeSet changes;
  changes.applied = Index(1);
  changes.record = as_bytes("nonsense");
  ASSERT_TRUE(store.apply(changes).has_value());
  RecordingSink sink;
  const auto replica = Replica::open(store, sink);
  ASSERT_FALSE(replica.has_value());
  EXPECT_EQ(replica.error().code, gms::model::ErrorCode::corrupt);
}

}  // namespace
}  // namespace kvstore::replica
