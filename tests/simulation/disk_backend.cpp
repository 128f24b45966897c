#include "tests/simulation/disk_backend.hpp"

#include <stop_token>
#include <utility>

#include "gms/model/assert.hpp"

namespace tests::simulation {
namespace {

using namespace gms::model;
using gms::log::LogOptions;
using gms::log::LogStore;

constexpr const char* kDirectory = "member";
constexpr std::uint64_t kSegmentBytes = 64 * 1024;
/// More changes of the disk than one sync makes, with an install in it and the disposal of segments
/// after it; a crash falls within or after them.
constexpr std::uint64_t kChangesOfASync = 24;

LogOptions options_of(std::size_t tail_bytes_max) {
  LogOptions out;
  // Small, so that logs have many segments.
  out.segment_bytes = out.first_segment_bytes = kSegmentBytes;
  out.spares = 1;
  out.reserve_bytes = 0;
  out.tail_bytes_max = tail_bytes_max;
  return out;
}

SimulatedDisk::RandomBits bits_of(Random& random) {
  return [&random] { return random.next(); };
}

Recovered as_recovered(RestoredState state) {
  return {std::move(state.identity), state.boot,  state.hard_state,
          std::move(state.log),      state.state, state.state_diverged};
}

}  // namespace

DiskBackend::DiskBackend(const gms::log::NewMember& member)
    : disk_(std::make_unique<SimulatedDisk>()) {
  const auto done = gms::log::initialise(*disk_, kDirectory, member, options_of(1));
  GMS_ASSERT(done.has_value(), "a simulated disk takes a new member");
}

Result<LogStore::Recovered> DiskBackend::open(SimulatedDisk& disk, std::size_t tail_bytes_max) {
  return LogStore::recover(disk, kDirectory, options_of(tail_bytes_max));
}

Result<void> DiskBackend::write(PersistRequest request) {
  writing_.push_back(std::move(request));
  return {};
}

Result<void> DiskBackend::sync() {
  if (std::exchange(fail_next_sync_, false)) disk_->fail_sync(kDirectory);
  const auto done = store_->write(writing_);
  writing_.clear();
  if (!done) return done.error();
  (void)store_->spares().recycle(std::stop_token());
  if (store_->spares().missing() > 0) (void)store_->spares().make(std::stop_token());
  return {};
}

ReadAnswer DiskBackend::read(const ReadRequest& request) {
  auto answer = store_->read(request);
  if (answer) return *std::move(answer);
  return {request.reader, request.first, true, {}, {}};
}

void DiskBackend::stop_within_writing(Random& random) {
  if (!writing_.empty() && store_) {
    disk_->cut_power_after(random.below(kChangesOfASync));
    (void)store_->write(writing_);
    (void)store_->spares().recycle(std::stop_token());
  }
  writing_.clear();
  store_.reset();
  fail_next_sync_ = false;
}

void DiskBackend::process_dies(Random& random) {
  stop_within_writing(random);
  disk_->lose_power(SimulatedDisk::Unsynced::kept);
}

void DiskBackend::power_fails(Random& random) {
  stop_within_writing(random);
  disk_->lose_power(bits_of(random));
}

Result<Recovered> DiskBackend::recover(std::size_t tail_bytes_max) {
  auto found = open(*disk_, tail_bytes_max);
  if (!found) return found.error();
  store_ = std::move(found->store);
  return as_recovered(std::move(found->state));
}

Result<RecoveredEnd> DiskBackend::imagine_power_loss(Random& random) const {
  const std::unique_ptr<SimulatedDisk> image = disk_->image();
  image->lose_power(bits_of(random));
  const auto found = open(*image, 1);
  if (!found) return found.error();
  return RecoveredEnd{found->state.hard_state, found->state.log.head};
}

}  // namespace tests::simulation
