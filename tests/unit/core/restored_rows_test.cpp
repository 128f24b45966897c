#include <gtest/gtest.h>

#include <array>

#include "gms/core/delivery.hpp"
#include "tests/unit/core/log_samples.hpp"

namespace gms::core {
namespace {

using namespace model;

EntryRun multicast(const ChainHead& previous, std::uint64_t sender, std::uint64_t seq) {
  std::array<std::byte, kMulticastHeaderBytes> header;
  store(header.data(), {member(sender), BootSeq(1), MulticastSeq(seq)});
  EntryRunBuilder builder;
  builder.append(EntryKind::multicast, {header, as_bytes("m")});
  return builder.seal(previous, Epoch(1), previous.clock);
}

TEST(DeliveryAfterASnapshot, KnowsWhatWasDeliveredOfEachSender) {
  Mark mark;
  mark.head = {{Epoch(1), Index(20)}, {}, {}};
  mark.view = {view_of(1, 3), {Epoch(1), Index(1)}};
  mark.rows = {{member(2), BootSeq(1), MulticastSeq(7)}};
  Delivery delivery(member(1), Mark(), {1 << 20, 1 << 20});
  Effects effects;
  delivery.restore(mark, effects);
  EXPECT_EQ(delivery.mark().rows, mark.rows);

  RecoveredLog recovered;
  recovered.base = {mark.head, mark.view};
  recovered.head = mark.head;
  EntryLog log(std::move(recovered), 1 << 20);
  // A copy of the last one that is in the state, and the next.
  log.append(multicast(log.head(), 2, 7), PersistSeq(1));
  log.append(multicast(log.head(), 2, 8), PersistSeq(1));
  log.durable(PersistSeq(1));
  delivery.set_commit(Index(22));
  MulticastOutbox outbox(member(1), BootSeq(1));
  effects.clear();
  (void)delivery.advance(log, outbox, effects);
  std::vector<std::uint64_t> delivered;
  for (const Effect& effect : effects)
    if (const auto* deliver = std::get_if<Deliver>(&effect))
      for (const model::Delivery& one : deliver->batch.deliveries)
        delivered.push_back(one.position.index.value());
  EXPECT_EQ(delivered, std::vector<std::uint64_t>{22});
}

}  // namespace
}  // namespace gms::core
