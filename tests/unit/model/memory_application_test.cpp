#include "gms/model/memory_application.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gms::model {
namespace {

/// All texts that were delivered, one behind the other.
class Texts final : public MemoryApplication {
 public:
  std::string all;
  std::vector<ViewSeq> views;

 protected:
  Result<void> apply(const Delivery& delivery) override {
    if (delivery.payload.empty()) return Error{ErrorCode::io, "nothing"};
    all += as_text(delivery.payload);
    return {};
  }
  Bytes encode() const override {
    const ByteSpan bytes = as_bytes(all);
    return {bytes.begin(), bytes.end()};
  }
  Result<void> decode(ByteSpan state) override {
    all = as_text(state);
    return {};
  }
  void view_changed(const PlacedView& view) override { views.push_back(view.view.seq); }
};

PlacedView view_at(std::uint64_t index) {
  View view;
  view.seq = ViewSeq(3);
  view.members = {{{NodeId(1), Incarnation(2)}, "n1", "127.0.0.1:1", ""}};
  view.up = {view.members[0].id};
  view.cause = ViewCause::bootstrap;
  view.subject = view.members[0].id;
  return {view, {Epoch(1), Index(index)}};
}

Mark mark_at(std::uint64_t index) {
  Mark mark;
  mark.head.position = {Epoch(1), Index(index)};
  mark.view = view_at(1);
  return mark;
}

Result<void> deliver(Application& application, std::uint64_t index, std::string_view text) {
  DeliveryBatch batch;
  Delivery delivery;
  delivery.payload = as_bytes(text);
  batch.deliveries.push_back(delivery);
  batch.mark = encode(mark_at(index));
  batch.last = Index(index);
  return application.deliver(batch);
}

TakenState state_of(Application& application) {
  TakenState out;
  application.take_state([&](Result<TakenState> taken) { out = *std::move(taken); });
  return out;
}

/// Copies a state as a transfer does.
std::unique_ptr<StateSink> staged(Application& receiver, StateSource& source) {
  auto sink = receiver.receive_state(source.parts());
  EXPECT_TRUE(sink.has_value());
  for (std::size_t part = 0; part < source.parts().size(); ++part) {
    Bytes bytes(7);
    for (std::uint64_t at = 0; at < source.parts()[part].bytes;) {
      const auto count = source.read(part, at, bytes);
      EXPECT_TRUE((*sink)->write(part, at, ByteSpan(bytes).first(*count)));
      at += *count;
    }
  }
  EXPECT_TRUE((*sink)->finish());
  return *std::move(sink);
}

TEST(MemoryApplication, IsDurableUpToWhatItApplied) {
  Texts texts;
  EXPECT_FALSE(texts.open(StateGeneration(1))->has_value());
  EXPECT_EQ(texts.durable(), Index());
  ASSERT_TRUE(texts.install(view_at(1), encode(mark_at(1))));
  EXPECT_EQ(texts.durable(), Index(1));
  ASSERT_TRUE(deliver(texts, 4, "a"));
  EXPECT_EQ(texts.durable(), Index(4));
  EXPECT_FALSE(deliver(texts, 5, "").has_value());
  EXPECT_EQ(texts.durable(), Index(4)) << "what could not be applied is not";
}

TEST(MemoryApplication, GivesItsStateToAnotherAtThePlaceWhereItStands) {
  Texts first;
  ASSERT_TRUE(first.install(view_at(1), encode(mark_at(1))));
  ASSERT_TRUE(deliver(first, 4, "one, "));
  ASSERT_TRUE(deliver(first, 6, "two, "));
  const TakenState taken = state_of(first);
  EXPECT_EQ(decode_mark(taken.mark).value(), mark_at(6));
  ASSERT_TRUE(deliver(first, 7, "three"));

  Texts second;
  ASSERT_TRUE(deliver(second, 2, "something else"));
  ASSERT_TRUE(second.restore(staged(second, *taken.source), StateGeneration(2), taken.mark));
  EXPECT_EQ(second.all, "one, two, ") << "as it was when it was taken";
  EXPECT_EQ(second.durable(), Index(6));
  EXPECT_EQ(second.views, std::vector<ViewSeq>{ViewSeq(3)});
  ASSERT_TRUE(deliver(second, 7, "three"));
  EXPECT_EQ(second.all, first.all);
  EXPECT_EQ(decode_mark(state_of(second).mark).value(), mark_at(7));
}

TEST(MemoryApplication, TakesNoStateOfAnotherKind) {
  Texts texts;
  const auto code = [&](std::vector<StatePart> parts) {
    const auto sink = texts.receive_state(std::move(parts));
    EXPECT_FALSE(sink.has_value());
    return sink ? ErrorCode::io : sink.error().code;
  };
  EXPECT_EQ(code({}), ErrorCode::corrupt);
  EXPECT_EQ(code({{"mark", 1}, {"other", 1}}), ErrorCode::corrupt);
  EXPECT_EQ(code({{"mark", 1}, {"state", MemoryApplication::kStateBytesMax + 1}}),
            ErrorCode::too_large);
  EXPECT_TRUE(texts.receive_state({{"mark", 1}, {"state", 1}}).has_value());
}

TEST(MemoryApplication, TakesAStateInItsOrderAndWhole) {
  Texts texts;
  auto sink = *texts.receive_state({{"mark", 3}, {"state", 2}});
  const auto refused = [&](std::size_t part, std::uint64_t offset, std::string_view bytes) {
    const auto written = sink->write(part, offset, as_bytes(bytes));
    return !written && written.error().code == ErrorCode::corrupt;
  };
  EXPECT_TRUE(refused(0, 1, "b")) << "a gap";
  EXPECT_TRUE(refused(2, 0, "a")) << "no such part";
  EXPECT_TRUE(refused(1, 0, "abc")) << "more than was announced";
  ASSERT_TRUE(sink->write(0, 0, as_bytes("abc")));
  ASSERT_TRUE(sink->write(1, 0, as_bytes("a")));
  const auto finished = sink->finish();
  ASSERT_FALSE(finished.has_value());
  EXPECT_EQ(finished.error().code, ErrorCode::corrupt);
  ASSERT_TRUE(sink->write(1, 1, as_bytes("b")));
  EXPECT_TRUE(sink->finish());
}

TEST(MemoryApplication, KeepsItsStateWhenAnotherMakesNoSense) {
  Texts texts;
  ASSERT_TRUE(deliver(texts, 2, "mine"));
  auto sink = texts.receive_state({{"mark", 3}, {"state", 1}});
  ASSERT_TRUE((*sink)->write(0, 0, as_bytes("???")));
  ASSERT_TRUE((*sink)->write(1, 0, as_bytes("x")));
  const auto restored = texts.restore(*std::move(sink), StateGeneration(2), encode(mark_at(9)));
  EXPECT_EQ(restored.error().code, ErrorCode::corrupt) << "it stands elsewhere";
  EXPECT_EQ(texts.all, "mine");
}

}  // namespace
}  // namespace gms::model
