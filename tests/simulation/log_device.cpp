#include "tests/simulation/log_device.hpp"

#include <utility>

#include "gms/model/assert.hpp"

namespace tests::simulation {

using namespace gms::model;

Result<void> LogDevice::begin_sync() {
  GMS_ASSERT(wants_sync(), "LogDevice::begin_sync");
  for (PersistRequest& request : queued_) {
    written_ = request.seq;
    const auto done = backend_->write(std::move(request));
    if (!done) return done.error();
  }
  queued_.clear();
  syncing_ = true;
  return {};
}

Result<PersistSeq> LogDevice::finish_sync() {
  GMS_ASSERT(syncing_, "LogDevice::finish_sync");
  syncing_ = false;
  const auto done = backend_->sync();
  if (!done) return done.error();
  durable_ = written_;
  return durable_;
}

std::vector<ReadAnswer> LogDevice::answers() {
  std::vector<ReadAnswer> out;
  for (const PendingRead& read : reads_)
    if (read.after <= durable_) out.push_back(backend_->read(read.request));
  std::erase_if(reads_, [&](const PendingRead& read) { return read.after <= durable_; });
  return out;
}

void LogDevice::forget() {
  queued_.clear();
  reads_.clear();
  syncing_ = false;
  ordered_ = written_ = durable_ = PersistSeq();
}

void LogDevice::process_dies(Random& random) {
  forget();
  backend_->process_dies(random);
}

void LogDevice::power_fails(Random& random) {
  forget();
  backend_->power_fails(random);
}

}  // namespace tests::simulation
