#include "kvstore/storage/rocks_exchange.hpp"

#include <utility>

#include "gms/model/assert.hpp"

namespace kvstore::storage {

using gms::model::Error;
using gms::model::Result;
using gms::model::StateGeneration;
using gms::model::StatePart;
using gms::model::StateSink;

void RocksExchange::take(OnSourceTaken taken) {
  // A checkpoint takes next to no room, but keeps what is merged away meanwhile on the disk.
  if (const auto room = directories_.check_room(0); !room) return taken(room.error());
  const std::filesystem::path place = directories_.next_outgoing();
  store_.checkpoint(place.string(), [&directories = directories_, place,
                                     taken = std::move(taken)](const Result<void>& made) {
    if (!made) return taken(made.error());
    directories.send(place, taken);
  });
}

Result<std::unique_ptr<StateSink>> RocksExchange::receive(std::vector<StatePart> parts) {
  return directories_.receive(std::move(parts));
}

Result<void> RocksExchange::restore(std::unique_ptr<StateSink> staged, StateGeneration generation) {
  auto* const arrived = dynamic_cast<RocksStateSink*>(staged.get());
  GMS_ASSERT(arrived != nullptr, "a state is restored from where it was received");
  if (auto placed = directories_.put_in_place(*arrived, generation); !placed) return placed;
  auto before = store_.go_over_to(directories_.store(generation).string());
  if (!before) return before.error();
  chores_.add([before = *std::move(before)]() mutable { before.reset(); });
  return {};
}

void RocksExchange::settle(StateGeneration generation) {
  chores_.add([&directories = directories_, generation] { directories.remove_before(generation); });
}

}  // namespace kvstore::storage
