#include "tests/simulation/options.hpp"

#include <algorithm>
#include <initializer_list>
#include <sstream>

namespace tests::simulation {
namespace {

using namespace std::chrono_literals;
using gms::core::Config;
using gms::model::Duration;

template <class T>
T pick(Random& random, std::initializer_list<T> choices) {
  return *(choices.begin() + random.below(choices.size()));
}

/// A class of faults is on in fewer than six seeds of ten.
std::uint64_t maybe(Random& random, std::uint64_t low, std::uint64_t high) {
  const bool on = random.chance(450'000);
  const std::uint64_t drawn = random.between(low, high);
  return on ? drawn : 0;
}

void draw_timers(Random& random, Config& config) {
  config.heartbeat = random.duration<Duration>(5ms, 50ms);
  config.election_min = std::max(4 * config.heartbeat, random.duration<Duration>(60ms, 300ms));
  config.suspect = 2 * config.election_min + random.duration<Duration>(0ms, 1500ms);
  config.stall = random.duration<Duration>(30ms, 400ms);
  config.policy = random.duration<Duration>(5ms, 100ms);
  config.up_hysteresis = random.duration<Duration>(10ms, 1000ms);
  config.stagger = random.duration<Duration>(1ms, 30ms);
  config.crash_confirm = random.duration<Duration>(1ms, 300ms);
  config.transfer_deadline = random.duration<Duration>(50ms, 1000ms);
  config.multicast_resend = random.duration<Duration>(20ms, 400ms);
  config.admin_deadline = random.duration<Duration>(100ms, 5000ms);
  config.join_retry = random.duration<Duration>(20ms, 500ms);
  config.join_retry_max = config.join_retry + random.duration<Duration>(0ms, 2000ms);
  config.join_stuck = random.duration<Duration>(1000ms, 60000ms);
  config.disk_stall = random.duration<Duration>(300ms, 5000ms);
}

void draw_limits(Random& random, Config& config) {
  config.append_bytes_max = pick<std::size_t>(random, {1, 200, 4096, 1024 * 1024});
  config.inflight_max = pick<std::size_t>(random, {1, 2, 16, 256});
  config.inflight_bytes_max = pick<std::size_t>(random, {1, 4096, 32 * 1024 * 1024});
  config.lag_bytes = pick<std::size_t>(random, {1, 1000, 4 * 1024 * 1024});
  config.uncommitted_bytes_max = pick<std::size_t>(random, {1000, 64 * 1024, 64 * 1024 * 1024});
  config.tail_bytes_max = pick<std::size_t>(random, {1, 2000, 64 * 1024, 64 * 1024 * 1024});
  config.log_inflight = pick<std::size_t>(random, {1, 2, 8});
  config.deliver_bytes_max = pick<std::size_t>(random, {1, 500, 4 * 1024 * 1024});
  config.apply_bytes_max = pick<std::size_t>(random, {1, 2000, 64 * 1024 * 1024});
  config.reads_max = pick<std::size_t>(random, {1, 4, 65536});
  config.multicasts_max = pick<std::size_t>(random, {1, 4, 4096});
  config.joining_max = pick<std::size_t>(random, {1, 2, 4});
  config.join_rounds_max = pick<std::size_t>(random, {1, 3, 10});
  config.forwards_max = pick<std::size_t>(random, {1, 4, 1024});
}

/// When members are evicted and come back. In most runs soon enough to see it happen.
void draw_membership(Random& random, Config& config) {
  const bool soon = random.chance(700'000);
  const Duration after = random.duration<Duration>(1ms, 1500ms);
  const Duration gap = random.duration<Duration>(1ms, 2000ms);
  if (soon) config.evict_after = config.suspect + after;
  if (soon) config.evict_min_gap = gap;
  if (random.chance(200'000)) config.evict_mode = gms::core::EvictMode::eager;
  config.up_hysteresis_max = config.up_hysteresis + random.duration<Duration>(0ms, 1000ms);
  config.epoch_bump_gap = random.duration<Duration>(50ms, 1000ms);
  config.floor = pick<std::uint8_t>(random, {1, 3, 3, 3, 5});
}

/// How soon logs are trimmed: in most runs so soon that whoever was away needs a snapshot.
void draw_trimming(Random& random, Config& config) {
  if (random.chance(300'000)) return;
  config.retain_entries = pick<std::size_t>(random, {0, 0, 5, 50, 500});
  config.retain_bytes = pick<std::size_t>(random, {0, 0, 2000, 50'000});
  config.trim_step_bytes = pick<std::size_t>(random, {0, 1, 1000});
  config.trim_gap = random.duration<Duration>(1ms, 300ms);
  config.pin_time = random.duration<Duration>(100ms, 5000ms);
  config.pin_bytes = pick<std::size_t>(random, {1, 5000, 4'000'000'000});
}

/// What tries evictions: operators, lost directories, members that come back ahead.
void draw_membership_faults(Random& random, FaultOptions& out) {
  out.evict = maybe(random, 2, 30);
  out.maintenance = maybe(random, 5, 30);
  out.wipe = maybe(random, 2, 10);
  out.cut_candidate = maybe(random, 10, 60);
}

/// Members that have diverged are found by a majority: where views of fewer than three voters come
/// about, where members are lost for good, or where somebody needs the very state that may be wrong
/// to have one at all, there may be none.
void draw_divergence(Random& random, Options& out) {
  out.config.sample_interval = pick<std::uint64_t>(random, {1, 3, 20, 4096});
  out.config.samples_max = pick<std::size_t>(random, {1, 10, 128});
  const std::uint64_t rate = random.between(5, 40);
  if (out.machines < 3 || out.config.floor < 3 || !random.chance(300'000)) return;
  out.faults.flip = rate;
  out.faults.leave = 0;
  out.faults.wipe = 0;
  // A full disk keeps no more of its log than it must.
  out.faults.disk_full = 0;
  const Config all_of_the_log;
  out.config.retain_entries = all_of_the_log.retain_entries;
  out.config.retain_bytes = all_of_the_log.retain_bytes;
}

NetworkOptions draw_network(Random& random) {
  NetworkOptions out;
  out.delay_median = pick<VirtualTime>(random, {100us, 300us, 1ms, 5ms, 15ms});
  out.delay_sigma = pick(random, {0.1, 0.5, 1.0});
  out.in_order = random.chance(500'000);
  out.loss = maybe(random, 1'000, pick<std::uint64_t>(random, {10'000, 50'000, 300'000}));
  out.duplication = maybe(random, 1'000, pick<std::uint64_t>(random, {10'000, 500'000}));
  out.graveyard = maybe(random, 1'000, 10'000);
  out.crash_hints = random.chance(600'000);
  return out;
}

DiskOptions draw_disk(Random& random) {
  DiskOptions out;
  out.sync_median = pick<VirtualTime>(random, {50us, 150us, 1ms, 10ms, 40ms});
  out.sync_sigma = pick(random, {0.1, 0.5, 1.2});
  out.sync_failure = maybe(random, 100, 1'000);
  out.stall = maybe(random, 100, 2'000);
  return out;
}

FaultOptions draw_faults(Random& random) {
  FaultOptions out;
  out.crash = maybe(random, 5, 60);
  out.crash_leader = maybe(random, 5, 60);
  out.crash_loop = maybe(random, 1, 5);
  out.power_loss = maybe(random, 1, 10);
  out.pause = maybe(random, 5, 40);
  out.partition = maybe(random, 5, 40);
  out.one_way = maybe(random, 5, 40);
  out.clog = maybe(random, 5, 40);
  out.reset = maybe(random, 10, 200);
  out.drop_type = maybe(random, 5, 30);
  out.disk_stall = maybe(random, 5, 30);
  out.disk_full = maybe(random, 2, 20);
  out.leave = maybe(random, 2, 20);
  out.transfer = maybe(random, 5, 60);
  out.crash_between_effects = maybe(random, 20, 500);
  out.down_max = pick<VirtualTime>(random, {5ms, 200ms, 2s, 8s});
  out.fault_max = pick<VirtualTime>(random, {50ms, 500ms, 3s, 6s});
  return out;
}

WorkloadOptions draw_workload(Random& random) {
  WorkloadOptions out;
  out.clients = static_cast<std::uint32_t>(random.between(1, random.chance(200'000) ? 20 : 6));
  out.keys = static_cast<std::uint32_t>(random.between(1, 12));
  // About the same load for any number of clients.
  out.think = out.clients * pick<VirtualTime>(random, {8ms, 15ms, 30ms, 60ms});
  out.timeout = random.duration<VirtualTime>(20ms, 800ms);
  out.gets = random.between(100'000, 600'000);
  out.conditionals = random.between(0, 200'000);
  out.erases = random.between(0, 100'000);
  out.doubled = maybe(random, 10'000, 300'000);
  out.forward = random.chance(400'000);
  const VirtualTime every = pick<VirtualTime>(random, {20ms, 100ms, 500ms});
  if (random.chance(600'000)) out.multicast_every = every;
  out.padding = pick<std::uint32_t>(random, {0, 0, 100, 1000});
  return out;
}

void line(std::ostringstream& out, const char* name, std::uint64_t value) {
  out << "  " << name << " = " << value << '\n';
}
void line(std::ostringstream& out, const char* name, VirtualTime value) {
  out << "  " << name << " = " << value.count() << " us\n";
}
void line(std::ostringstream& out, const char* name, Duration value) {
  out << "  " << name << " = " << value.count() << " ms\n";
}

void describe_config(std::ostringstream& out, const Config& config) {
  line(out, "config.heartbeat", config.heartbeat);
  line(out, "config.election_min", config.election_min);
  line(out, "config.stall", config.stall);
  line(out, "config.suspect", config.suspect);
  line(out, "config.policy", config.policy);
  line(out, "config.up_hysteresis", config.up_hysteresis);
  line(out, "config.stagger", config.stagger);
  line(out, "config.crash_confirm", config.crash_confirm);
  line(out, "config.transfer_deadline", config.transfer_deadline);
  line(out, "config.multicast_resend", config.multicast_resend);
  line(out, "config.up_hysteresis_max", config.up_hysteresis_max);
  line(out, "config.evict_after", config.evict_after);
  line(out, "config.evict_min_gap", config.evict_min_gap);
  line(out, "config.evict_mode", static_cast<std::uint64_t>(config.evict_mode));
  line(out, "config.epoch_bump_gap", config.epoch_bump_gap);
  line(out, "config.floor", config.floor);
  line(out, "config.join_retry", config.join_retry);
  line(out, "config.join_retry_max", config.join_retry_max);
  line(out, "config.join_stuck", config.join_stuck);
  line(out, "config.disk_stall", config.disk_stall);
  line(out, "config.append_bytes_max", config.append_bytes_max);
  line(out, "config.inflight_max", config.inflight_max);
  line(out, "config.inflight_bytes_max", config.inflight_bytes_max);
  line(out, "config.lag_bytes", config.lag_bytes);
  line(out, "config.uncommitted_bytes_max", config.uncommitted_bytes_max);
  line(out, "config.tail_bytes_max", config.tail_bytes_max);
  line(out, "config.log_inflight", config.log_inflight);
  line(out, "config.deliver_bytes_max", config.deliver_bytes_max);
  line(out, "config.apply_bytes_max", config.apply_bytes_max);
  line(out, "config.reads_max", config.reads_max);
  line(out, "config.multicasts_max", config.multicasts_max);
  line(out, "config.joining_max", config.joining_max);
  line(out, "config.join_rounds_max", config.join_rounds_max);
  line(out, "config.forwards_max", config.forwards_max);
  line(out, "config.retain_entries", config.retain_entries);
  line(out, "config.retain_bytes", config.retain_bytes);
  line(out, "config.trim_step_bytes", config.trim_step_bytes);
  line(out, "config.trim_gap", config.trim_gap);
  line(out, "config.pin_time", config.pin_time);
  line(out, "config.pin_bytes", config.pin_bytes);
  line(out, "config.sample_interval", config.sample_interval);
  line(out, "config.samples_max", config.samples_max);
}

void describe_world(std::ostringstream& out, const Options& options) {
  line(out, "network.delay_median", options.network.delay_median);
  out << "  network.delay_sigma = " << options.network.delay_sigma << '\n';
  line(out, "network.in_order", options.network.in_order);
  line(out, "network.loss", options.network.loss);
  line(out, "network.duplication", options.network.duplication);
  line(out, "network.graveyard", options.network.graveyard);
  line(out, "network.crash_hints", options.network.crash_hints);
  line(out, "disk.files", options.disk.files);
  line(out, "disk.sync_median", options.disk.sync_median);
  out << "  disk.sync_sigma = " << options.disk.sync_sigma << '\n';
  line(out, "disk.sync_failure", options.disk.sync_failure);
  line(out, "disk.stall", options.disk.stall);
}

void describe_faults(std::ostringstream& out, const FaultOptions& faults) {
  line(out, "faults.crash", faults.crash);
  line(out, "faults.crash_leader", faults.crash_leader);
  line(out, "faults.crash_loop", faults.crash_loop);
  line(out, "faults.power_loss", faults.power_loss);
  line(out, "faults.pause", faults.pause);
  line(out, "faults.partition", faults.partition);
  line(out, "faults.one_way", faults.one_way);
  line(out, "faults.clog", faults.clog);
  line(out, "faults.reset", faults.reset);
  line(out, "faults.drop_type", faults.drop_type);
  line(out, "faults.disk_stall", faults.disk_stall);
  line(out, "faults.disk_full", faults.disk_full);
  line(out, "faults.leave", faults.leave);
  line(out, "faults.transfer", faults.transfer);
  line(out, "faults.evict", faults.evict);
  line(out, "faults.maintenance", faults.maintenance);
  line(out, "faults.wipe", faults.wipe);
  line(out, "faults.cut_candidate", faults.cut_candidate);
  line(out, "faults.flip", faults.flip);
  line(out, "faults.crash_between_effects", faults.crash_between_effects);
  line(out, "faults.down_max", faults.down_max);
  line(out, "faults.fault_max", faults.fault_max);
}

void describe_workload(std::ostringstream& out, const WorkloadOptions& workload) {
  line(out, "workload.clients", workload.clients);
  line(out, "workload.keys", workload.keys);
  line(out, "workload.think", workload.think);
  line(out, "workload.timeout", workload.timeout);
  line(out, "workload.gets", workload.gets);
  line(out, "workload.conditionals", workload.conditionals);
  line(out, "workload.erases", workload.erases);
  line(out, "workload.doubled", workload.doubled);
  line(out, "workload.forward", workload.forward);
  line(out, "workload.multicast_every", workload.multicast_every);
  line(out, "workload.padding", workload.padding);
}

}  // namespace

Config random_config(Random& random) {
  Config out;
  draw_timers(random, out);
  // Half of the runs have the limits that users have.
  if (random.chance(500'000)) draw_limits(random, out);
  return out;
}

Options expand(std::uint64_t seed) {
  Random random(seed, Concern::options);
  Options out;
  out.seed = seed;
  out.machines = pick<std::uint32_t>(random, {1, 2, 3, 3, 3, 4, 5, 5, 6});
  out.config = random_config(random);
  out.change_config_on_restart = random.chance(300'000);
  out.clock_drift = static_cast<std::uint32_t>(maybe(random, 1'000, 100'000));
  const VirtualTime delay = random.duration<VirtualTime>(50us, 20ms);
  if (random.chance(400'000)) out.apply_delay = delay;
  out.flush_every = random.duration<VirtualTime>(50ms, 4s);
  out.network = draw_network(random);
  out.disk = draw_disk(random);
  out.disk.files = random.chance(250'000);
  out.faults = draw_faults(random);
  out.workload = draw_workload(random);
  Random membership(seed, Concern::membership);
  draw_membership(membership, out.config);
  draw_membership_faults(membership, out.faults);
  // Drawn last, and so that the seeds kept for their faults go on playing as they did.
  if (random.below(4) == 1) out.application = ApplicationKind::key_value;
  Random transfer(seed, Concern::state_transfer);
  draw_trimming(transfer, out.config);
  Random divergence(seed, Concern::divergence);
  draw_divergence(divergence, out);
  return out;
}

std::string describe(const Options& options) {
  std::ostringstream out;
  line(out, "seed", options.seed);
  line(out, "machines", options.machines);
  line(out, "change_config_on_restart", options.change_config_on_restart);
  line(out, "clock_drift", options.clock_drift);
  line(out, "apply_delay", options.apply_delay);
  line(out, "flush_every", options.flush_every);
  line(out, "application", static_cast<std::uint64_t>(options.application));
  describe_config(out, options.config);
  describe_world(out, options);
  describe_faults(out, options.faults);
  describe_workload(out, options.workload);
  return out.str();
}

}  // namespace tests::simulation
