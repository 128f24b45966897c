#include "gms/log/inspection.hpp"

#include <utility>

#include "gms/log/segment_files.hpp"

namespace gms::log {

model::Result<Inspection> inspect(FileSystem& files, const std::string& directory,
                                  std::size_t tail_bytes_max) {
  StateFiles state_files(files, directory);
  return inspect(files, directory, state_files, tail_bytes_max);
}

model::Result<Inspection> inspect(FileSystem& files, const std::string& directory,
                                  StateFiles& state_files, std::size_t tail_bytes_max) {
  auto stored = state_files.read();
  if (!stored) return stored.error();
  auto log = scan_log(files, joined(directory, kLogDirectory), stored->meta, tail_bytes_max);
  if (!log) return log.error();
  // An entry may have become durable before its epoch did; no vote of that epoch has left then.
  const model::Epoch last_epoch = log->log.head.position.epoch;
  if (last_epoch > stored->hard_state.epoch) stored->hard_state = {last_epoch, {}};
  return Inspection{*std::move(stored), *std::move(log)};
}

}  // namespace gms::log
