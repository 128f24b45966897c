#include "kvstore/storage/state_exchange.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "kvstore/storage/memory_exchange.hpp"
#include "kvstore/storage/rocks_exchange.hpp"
#include "tests/unit/kvstore/damaged_store.hpp"
#include "tests/unit/kvstore/file_size_limit.hpp"
#include "tests/unit/kvstore/random_commands.hpp"
#include "tests/unit/kvstore/state_copy.hpp"
#include "tests/unit/kvstore/temporary_directory.hpp"

namespace kvstore::replica {
namespace {

using api::Call;
using api::CallNumber;
using api::DigestDepth;
using api::DigestState;
using api::SessionId;
using gms::model::ErrorCode;
using gms::model::Instant;
using gms::model::StateGeneration;
using gms::model::StateSink;
using storage::begin_take;
using storage::copy_state;
using storage::names_in;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

/// A replica on memory that states can be taken from and restored to.
class MemberOnMemory {
 public:
  MemberOnMemory() { start(StateGeneration(1)); }

  /// Ends without a flush and begins again with what is durable. A state that was restored stays:
  /// going back is the business of whoever keeps the images.
  void start(StateGeneration) {
    replica.reset();
    memory_ = std::make_unique<storage::MemoryStore>(image_);
    store_ = std::make_unique<storage::DamagedStore>(*memory_);
    states_ = std::make_unique<storage::MemoryExchange>(*memory_);
    replica = *Replica::open(*store_, sink, tight_limits());
  }
  storage::DamagedStore& store() { return *store_; }
  storage::StateExchange& states() { return *states_; }

  RecordingSink sink;

 private:
  storage::MemoryImage image_;
  std::unique_ptr<storage::MemoryStore> memory_;
  std::unique_ptr<storage::DamagedStore> store_;
  std::unique_ptr<storage::MemoryExchange> states_;

 public:
  std::unique_ptr<Replica> replica;
};

/// The same on RocksDB, in a data directory of its own.
class MemberOnRocks {
 public:
  MemberOnRocks() { start(StateGeneration(1)); }

  void start(StateGeneration generation) {
    stop();
    directories_ = std::make_unique<storage::RocksDirectories>(
        storage::RocksDirectories::Settings{place_.path(), 0});
    const auto opened = directories_->open(generation);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    storage::RocksOptions options;
    options.memtable_bytes = 16 * 1024;
    auto store = storage::RocksStore::open(directories_->store(generation).string(), options);
    ASSERT_TRUE(store.has_value()) << store.error().detail;
    store_ = *std::move(store);
    states_ = std::make_unique<storage::RocksExchange>(*store_, *directories_);
    auto opened_replica = Replica::open(*store_, sink, tight_limits());
    ASSERT_TRUE(opened_replica.has_value()) << opened_replica.error().detail;
    replica = *std::move(opened_replica);
  }
  void stop() {
    replica.reset();
    states_.reset();
    store_.reset();
    directories_.reset();
  }
  storage::Store& store() { return *store_; }
  void close_store() {
    replica.reset();
    store_.reset();
  }
  storage::StateExchange& states() { return *states_; }
  [[nodiscard]] fs::path data() const { return place_.path(); }

  RecordingSink sink;

 private:
  storage::TemporaryDirectory place_;
  std::unique_ptr<storage::RocksDirectories> directories_;
  std::unique_ptr<storage::RocksStore> store_;
  std::unique_ptr<storage::RocksExchange> states_;

 public:
  std::unique_ptr<Replica> replica;
};

/// Delivers what the replica does not have, up to `last`.
void follow(Replica& replica, const Stream& stream, Index last) {
  Index at = Stream::index_of(replica.stored_mark());
  while (at < last) {
    const Index to = std::min(last, at + 7);
    ASSERT_TRUE(replica.deliver(stream.batch(at, to)).has_value());
    at = to;
  }
}

std::unique_ptr<gms::model::StateSource> take(storage::StateExchange& states) {
  auto source = begin_take(states).get();
  EXPECT_TRUE(source.has_value()) << source.error().detail;
  return source ? *std::move(source) : nullptr;
}

template <class Member>
std::unique_ptr<StateSink> stage(gms::model::StateSource& source, Member& to) {
  auto sink = to.states().receive(source.parts());
  EXPECT_TRUE(sink.has_value()) << sink.error().detail;
  if (!sink) return nullptr;
  copy_state(source, **sink);
  return *std::move(sink);
}

/// Brings a state that was taken at `at` to another member.
template <class Member>
void bring(gms::model::StateSource& source, Member& to, Index at, std::uint64_t generation = 2) {
  const auto restored = to.replica->restore(to.states(), stage(source, to),
                                            StateGeneration(generation), Stream::mark(at));
  ASSERT_TRUE(restored.has_value()) << restored.error().detail;
}

/// A digest of all rows, and the rolling one.
FinalState state_of(storage::Store& store, Replica& replica) {
  DeepDigest deep(store.snapshot());
  EXPECT_EQ(*deep.advance(1'000'000), DeepWork::none);
  return {replica.digest(), deep.digest(), deep.rows_read()};
}

template <class Member>
class StateExchangeTest : public ::testing::Test {
 protected:
  Member from;
  Member to;
};

using Members = ::testing::Types<MemberOnMemory, MemberOnRocks>;
TYPED_TEST_SUITE(StateExchangeTest, Members);

TYPED_TEST(StateExchangeTest, TakesTheStateOfItsIndexThoughWritesGoOn) {
  Stream stream;
  RandomCommands(7).extend(stream, 3000);
  storage::MemoryImage image;
  ReplicaOnMemory calm(image, tight_limits());
  const Index at(1400);
  follow(*this->from.replica, stream, at);
  calm.follow(stream, at, 7);
  auto taken = begin_take(this->from.states());
  follow(*this->from.replica, stream, stream.last());
  const auto source = taken.get();
  ASSERT_TRUE(source.has_value()) << source.error().detail;
  bring(**source, this->to, at);
  EXPECT_EQ(state_of(this->to.store(), *this->to.replica), state_of(calm.store, *calm.replica));
  EXPECT_EQ(this->to.replica->applied(), calm.replica->applied());
  EXPECT_EQ(this->to.replica->clock(), calm.replica->clock());
  EXPECT_EQ(this->to.replica->session_count(), calm.replica->session_count());
  EXPECT_EQ(this->to.replica->oldest_activity(), calm.replica->oldest_activity());
  EXPECT_EQ(this->to.replica->durable(), at);
}

TYPED_TEST(StateExchangeTest, AStateAndTheTailAfterItEqualTheWholeStream) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Stream stream;
    RandomCommands(seed).extend(stream, 600);
    stream.add(api::TakeDigest{DigestDepth::deep});
    TypeParam sender;
    TypeParam receiver;
    const Index at(100 * seed);
    follow(*receiver.replica, stream, Index(50 * seed));
    follow(*sender.replica, stream, at);
    const auto source = take(sender.states());
    bring(*source, receiver, at);
    const std::size_t replies_before = receiver.sink.replies.size();
    follow(*sender.replica, stream, stream.last());
    follow(*receiver.replica, stream, stream.last());
    EXPECT_EQ(finish(*receiver.replica, stream), finish(*sender.replica, stream))
        << "seed " << seed;
    // Duplicates of calls from before the state are answered alike too.
    EXPECT_EQ(
        std::vector(receiver.sink.replies.begin() + static_cast<std::ptrdiff_t>(replies_before),
                    receiver.sink.replies.end()),
        std::vector(sender.sink.replies.begin() + static_cast<std::ptrdiff_t>(at.value()),
                    sender.sink.replies.end()))
        << "seed " << seed;
  }
}

/// The image that a crash leaves within the batch after `mark`, which a deep digest cut in two.
storage::MemoryImage cut_image(const Stream& stream, Index mark) {
  storage::MemoryImage image;
  ReplicaOnMemory member(image, tight_limits());
  member.follow(stream, mark, 100);
  EXPECT_TRUE(member.store.flush().has_value());
  member.follow(stream);
  member.store.flush_to(mark);
  return image;
}

TEST(StateExchange, AStateThatADigestStoredAheadOfTheMarkLosesAndRepeatsNothing) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  const Index mark = stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  stream.add(Call{SessionId(1), CallNumber(2), {}, put("b", "1")});
  const Index ahead = stream.add(api::TakeDigest{DigestDepth::deep});
  stream.add(Call{SessionId(1), CallNumber(3), {}, erase("b")});
  storage::MemoryImage image = cut_image(stream, mark);
  ReplicaOnMemory from(image, tight_limits());
  ASSERT_EQ(from.replica->applied(), ahead);
  std::optional<gms::model::TakenState> taken;
  storage::MemoryExchange states(from.store);
  from.replica->take_state(states, [&](auto state) { taken = *std::move(state); });
  EXPECT_EQ(taken->mark, Stream::mark(mark));

  MemberOnMemory to;
  bring(*taken->source, to, mark);
  EXPECT_EQ(to.replica->applied(), ahead);
  EXPECT_EQ(to.replica->durable(), mark);
  follow(*to.replica, stream, stream.last());
  storage::MemoryImage calm_image;
  ReplicaOnMemory calm(calm_image, tight_limits());
  calm.follow(stream);
  EXPECT_EQ(state_of(to.store(), *to.replica), state_of(calm.store, *calm.replica));
}

TEST(StateExchange, OfABatchThatMetDamageNothingIsLeftInTheNextState) {
  Stream stream;
  const Index sound = stream.add(api::RegisterSession{api::Nonce(1)});
  stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  const Index damaged = stream.add(Call{SessionId(1), CallNumber(2), {}, erase("b")});
  stream.add(Call{SessionId(1), CallNumber(3), {}, erase("a")});
  MemberOnMemory from;
  follow(*from.replica, stream, damaged);
  MemberOnMemory to;
  follow(*to.replica, stream, sound);
  to.store().damaged = true;
  {
    const auto delivered = to.replica->deliver(stream.batch(sound, damaged));
    ASSERT_FALSE(delivered.has_value());
    EXPECT_EQ(delivered.error().code, ErrorCode::corrupt);
  }
  to.store().damaged = false;
  const std::size_t replies_before = to.sink.replies.size();
  bring(*take(from.states()), to, damaged);
  follow(*from.replica, stream, stream.last());
  follow(*to.replica, stream, stream.last());
  EXPECT_EQ(state_of(to.store(), *to.replica), state_of(from.store(), *from.replica));
  EXPECT_EQ(to.sink.replies.size(), replies_before + 1) << "of the last command alone";
}

TYPED_TEST(StateExchangeTest, NothingIsTakenBeforeThereIsAMark) {
  std::optional<gms::model::Result<gms::model::TakenState>> taken;
  this->from.replica->take_state(this->from.states(),
                                 [&](auto state) { taken.emplace(std::move(state)); });
  ASSERT_TRUE(taken.has_value() && !taken->has_value());
  EXPECT_EQ(taken->error().code, ErrorCode::unavailable);
}

TYPED_TEST(StateExchangeTest, AStateWithoutRowsHasItsMark) {
  gms::model::PlacedView view;
  view.position.index = Index(1);
  ASSERT_TRUE(this->from.replica->install(view, Stream::mark(Index(1))).has_value());
  std::promise<gms::model::Result<gms::model::TakenState>> promise;
  this->from.replica->take_state(this->from.states(),
                                 [&](auto state) { promise.set_value(std::move(state)); });
  auto taken = promise.get_future().get();
  ASSERT_TRUE(taken.has_value()) << taken.error().detail;
  EXPECT_EQ(taken->mark, Stream::mark(Index(1)));
  bring(*taken->source, this->to, Index(1));
  EXPECT_EQ(this->to.replica->stored_mark(), Stream::mark(Index(1)));
  EXPECT_EQ(this->to.replica->applied(), Index(1));
}

TYPED_TEST(StateExchangeTest, OneStateIsTakenWhileAnotherIsHeld) {
  Stream stream;
  RandomCommands(3).extend(stream, 900);
  follow(*this->from.replica, stream, Index(300));
  const auto first = take(this->from.states());
  follow(*this->from.replica, stream, Index(600));
  const auto second = take(this->from.states());
  const auto same = take(this->from.states());
  follow(*this->from.replica, stream, Index(900));
  storage::MemoryImage image;
  ReplicaOnMemory calm(image, tight_limits());
  calm.follow(stream, Index(300), 100);
  bring(*first, this->to, Index(300), 2);
  EXPECT_EQ(state_of(this->to.store(), *this->to.replica), state_of(calm.store, *calm.replica));
  calm.follow(stream, Index(600), 100);
  bring(*second, this->to, Index(600), 3);
  EXPECT_EQ(state_of(this->to.store(), *this->to.replica), state_of(calm.store, *calm.replica));
  bring(*same, this->to, Index(600), 4);
  EXPECT_EQ(state_of(this->to.store(), *this->to.replica), state_of(calm.store, *calm.replica));
}

TYPED_TEST(StateExchangeTest, RangesAndDigestsUnderWayEndWhenTheStateIsReplaced) {
  Stream stream;
  stream.add(api::RegisterSession{api::Nonce(1)});
  stream.add(Call{SessionId(1), CallNumber(1), {}, put("a", "1")});
  stream.add(Call{SessionId(1), CallNumber(2), {}, put("b", "2")});
  const Index digest = stream.add(api::TakeDigest{DigestDepth::deep});
  follow(*this->from.replica, stream, stream.last());
  follow(*this->to.replica, stream, stream.last());
  api::RangeQuery range;
  range.limit = 10;
  range.page_bytes = 1;
  ByteWriter page;
  ASSERT_TRUE(
      this->to.replica->ranges().first_page(range, ReaderId(1), Instant{}, page).has_value());
  const auto first = api::decode_range_page(page.bytes());
  ASSERT_TRUE(first.has_value());
  ASSERT_EQ(this->to.replica->ranges().open_count(), 1U);
  ASSERT_EQ(this->to.replica->digest_at({digest}).state, DigestState::computing);

  bring(*take(this->from.states()), this->to, stream.last());
  page.clear();
  const auto next = this->to.replica->ranges().next_page({first->cursor}, Instant{}, page);
  ASSERT_FALSE(next.has_value());
  EXPECT_EQ(next.error().code, ErrorCode::unavailable);
  EXPECT_EQ(this->to.replica->digest_at({digest}).state, DigestState::missing);
  EXPECT_EQ(*this->to.replica->work_on_deep_digest(10), DeepWork::none);
}

TYPED_TEST(StateExchangeTest, AStateWithAnotherMarkIsRefused) {
  Stream stream;
  RandomCommands(3).extend(stream, 20);
  follow(*this->from.replica, stream, stream.last());
  const auto source = take(this->from.states());
  const auto restored =
      this->to.replica->restore(this->to.states(), stage(*source, this->to), StateGeneration(2),
                                Stream::mark(stream.last().previous()));
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code, ErrorCode::corrupt);
}

class RocksExchangeTest : public StateExchangeTest<MemberOnRocks> {
 protected:
  RocksExchangeTest() {
    RandomCommands(11).extend(stream, 800);
    follow(*from.replica, stream, Index(700));
    follow(*to.replica, stream, Index(200));
  }

  Stream stream;
};

TEST_F(RocksExchangeTest, ACrashBeforeTheLogGoesOverFindsTheOldState) {
  ASSERT_TRUE(to.store().flush().has_value());
  const FinalState old = state_of(to.store(), *to.replica);
  bring(*take(from.states()), to, Index(700));
  to.start(StateGeneration(1));
  EXPECT_EQ(Stream::index_of(to.replica->stored_mark()), Index(200));
  EXPECT_EQ(state_of(to.store(), *to.replica), old);
  to.stop();
  EXPECT_EQ(names_in(to.data()), (std::vector<std::string>{"snap", "state.1"}));
  EXPECT_THAT(names_in(to.data() / "snap"), IsEmpty());
}

TEST_F(RocksExchangeTest, ACrashAfterTheLogWentOverFindsTheNewState) {
  bring(*take(from.states()), to, Index(700));
  follow(*to.replica, stream, Index(750));
  EXPECT_EQ(names_in(to.data()), (std::vector<std::string>{"snap", "state.1", "state.2"}));
  to.start(StateGeneration(2));
  EXPECT_EQ(Stream::index_of(to.replica->stored_mark()), Index(700));
  EXPECT_EQ(state_of(to.store(), *to.replica), state_of(from.store(), *from.replica));
  to.stop();
  EXPECT_EQ(names_in(to.data()), (std::vector<std::string>{"snap", "state.2"}));
}

TEST_F(RocksExchangeTest, TheStateBeforeIsRemovedWhenTheNewOneIsSettled) {
  bring(*take(from.states()), to, Index(700));
  follow(*to.replica, stream, Index(750));
  ASSERT_TRUE(to.store().flush().has_value());
  to.states().settle(StateGeneration(2));
  to.stop();
  EXPECT_EQ(names_in(to.data()), (std::vector<std::string>{"snap", "state.2"}));
  to.start(StateGeneration(2));
  EXPECT_EQ(Stream::index_of(to.replica->stored_mark()), Index(750));
}

TEST_F(RocksExchangeTest, ASnapshotTakesNoPlaceOnceItWasGivenUp) {
  auto first = take(from.states());
  auto sink = stage(*first, to);
  EXPECT_FALSE(names_in(from.data() / "snap").empty());
  first.reset();
  sink.reset();
  from.stop();
  to.stop();
  EXPECT_THAT(names_in(from.data() / "snap"), IsEmpty());
  EXPECT_THAT(names_in(to.data() / "snap"), IsEmpty());
}

TEST_F(RocksExchangeTest, ADiskThatFailsIsAnErrorAndTheNextTryGoesWell) {
  ASSERT_TRUE(from.store().flush().has_value());
  follow(*from.replica, stream, Index(710));
  {
    const storage::FileSizeLimit limit(100);
    const auto taken = begin_take(from.states()).get();
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::io);
    EXPECT_THAT(names_in(from.data() / "snap"), IsEmpty());
    // While the store is in trouble it is said at once.
    EXPECT_FALSE(begin_take(from.states()).get().has_value());
    EXPECT_EQ(from.replica->durable(), Index(700));
  }
  // It is written at last, by itself.
  while (from.replica->durable() < Index(710)) std::this_thread::yield();
  bring(*take(from.states()), to, Index(710));
  EXPECT_EQ(state_of(to.store(), *to.replica), state_of(from.store(), *from.replica));
}

TEST_F(RocksExchangeTest, ACheckpointThatFailsHalfWayLeavesNothing) {
  ASSERT_TRUE(from.store().flush().has_value());
  // RocksDB links its files one by one, and misses one of them.
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(from.data() / "state.1"))
    if (entry.path().extension() == ".sst") files.push_back(entry.path());
  ASSERT_FALSE(files.empty());
  std::ranges::sort(files);
  fs::rename(files.back(), from.data() / "elsewhere");
  const auto taken = begin_take(from.states()).get();
  ASSERT_FALSE(taken.has_value());
  EXPECT_THAT(names_in(from.data() / "snap"), IsEmpty());
  fs::rename(from.data() / "elsewhere", files.back());
  EXPECT_NE(take(from.states()), nullptr);
}

TEST_F(RocksExchangeTest, WhoAskedIsAnsweredThoughTheStoreIsClosedOrReplaced) {
  auto source = take(from.states());
  auto sink = stage(*source, to);
  std::vector<std::future<storage::SourceResult>> asked;
  for (int i = 0; i < 5; ++i) asked.push_back(begin_take(to.states()));
  ASSERT_TRUE(
      to.replica
          ->restore(to.states(), std::move(sink), StateGeneration(2), Stream::mark(Index(700)))
          .has_value());
  for (int i = 0; i < 5; ++i) asked.push_back(begin_take(to.states()));
  to.close_store();
  for (auto& one : asked) {
    const auto result = one.get();
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::unavailable) << result.error().detail;
    }
  }
}

/// Flips a bit in the middle of what stands in one of the files of rows, as it is.
void damage(const fs::path& store, std::string_view what) {
  for (const auto& entry : fs::directory_iterator(store)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const std::size_t at = bytes.find(what);
    if (at == std::string::npos) continue;
    const std::size_t middle = at + what.size() / 2;
    file.seekp(static_cast<std::streamoff>(middle));
    file.put(static_cast<char>(bytes[middle] ^ 1));
    ASSERT_TRUE(file.flush().good());
    return;
  }
  FAIL() << "no file has it";
}

/// Bytes that no compression changes, and that fill a block of a file.
std::string noise(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string out(20'000, ' ');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

TEST_F(RocksExchangeTest, AStateWhoseSessionsCannotBeReadIsNotGivenAway) {
  const std::string held = noise(1);
  const std::string value = noise(2);
  MemberOnRocks source;
  Stream calls;
  const auto replace = [&](SessionId session, std::string_view before, std::string_view after) {
    calls.add(Call{session, CallNumber(1), {}, put("a", before)});
    const api::Put kept{as_bytes("a"), as_bytes(after), {}, api::Previous::wanted};
    calls.add(Call{session, CallNumber(2), {}, kept});
  };
  const SessionId first(calls.add(api::RegisterSession{api::Nonce(1)}).value());
  const SessionId second(calls.add(api::RegisterSession{api::Nonce(2)}).value());
  // The applied record has the block of the first row.
  calls.add(Call{first, CallNumber(3), {}, put("0", noise(3))});
  replace(first, noise(4), noise(5));
  replace(second, held, value);
  follow(*source.replica, calls, calls.last());
  ASSERT_TRUE(source.store().flush().has_value());
  const fs::path store = source.data() / "state.1";
  ASSERT_NO_FATAL_FAILURE(damage(store, std::string_view(value).substr(5000, 1000)));
  EXPECT_NE(take(source.states()), nullptr) << "whoever reads the row finds that";
  ASSERT_NO_FATAL_FAILURE(damage(store, std::string_view(held).substr(5000, 1000)));
  const auto taken = begin_take(source.states()).get();
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, ErrorCode::corrupt) << taken.error().detail;
  source.stop();
  EXPECT_THAT(names_in(source.data() / "snap"), IsEmpty());
}

TEST_F(RocksExchangeTest, ADamagedStateIsNotGoneOverTo) {
  auto source = take(from.states());
  auto sink = to.states().receive(source->parts());
  ASSERT_TRUE(sink.has_value());
  // Every byte arrives, and every byte is zero.
  for (std::size_t part = 0; part < source->parts().size(); ++part) {
    const std::vector<std::byte> zeros(source->parts()[part].bytes);
    ASSERT_TRUE((*sink)->write(part, 0, zeros).has_value());
  }
  ASSERT_TRUE((*sink)->finish().has_value());
  const auto restored = to.replica->restore(to.states(), *std::move(sink), StateGeneration(2),
                                            Stream::mark(Index(700)));
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code, ErrorCode::corrupt) << restored.error().detail;
}

}  // namespace
}  // namespace kvstore::replica
