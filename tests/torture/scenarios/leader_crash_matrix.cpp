#include "tests/torture/scenarios/leader_crash_matrix.hpp"

#include <future>
#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;

/// How often a point is tried.
constexpr int kTriesMax = 4;

/// What goes on while the leader is to be killed, besides reads and writes.
enum class Meanwhile { writes, snapshot, replacement };

/// A point, and how a leader comes to it. An order's first `*` becomes a random number.
struct Point {
  std::string_view name;
  std::string_view order;
  Meanwhile meanwhile = Meanwhile::writes;
};

const std::vector<Point>& points() {
  static const std::vector<Point> kPoints{
      {"request received", "client_request:*:kill"},
      {"appended", "entries_appended:*:kill"},
      {"persisted, not told", "entries_appended:*>log_synced:1:kill"},
      {"about to persist", "entries_appended:*>log_sync:1:kill"},
      {"sent to nobody", "entries_appended:*>peer_send:1:kill"},
      {"sent to one", "entries_appended:*>peer_send:2:kill"},
      {"committed, not applied", "commit_advanced:*:kill"},
      {"applied, not replied", "commit_advanced:*>client_reply:1:kill"},
      {"snapshot offered", "snapshot_offered:1:kill", Meanwhile::snapshot},
      {"snapshot being sent", "state_send:2:kill", Meanwhile::snapshot},
      {"joiner catching up", "joiner_progress:2:kill", Meanwhile::replacement},
      {"join proposed", "view_proposed/join:1:kill", Meanwhile::replacement},
      {"join proposed, sent to one", "view_proposed/join:1>peer_send:2:kill",
       Meanwhile::replacement},
      {"join committed, not applied", "view_proposed/join:1>view_committed:1:kill",
       Meanwhile::replacement},
      {"eviction proposed", "view_proposed/evict:1:kill", Meanwhile::replacement},
      {"eviction proposed, sent to one", "view_proposed/evict:1>peer_send:2:kill",
       Meanwhile::replacement},
      {"eviction committed, not applied", "view_proposed/evict:1>view_committed:1:kill",
       Meanwhile::replacement},
  };
  return kPoints;
}

std::string filled_in(std::string_view order, Dice& dice) {
  std::string text(order);
  if (const std::size_t star = text.find('*'); star != std::string::npos)
    text.replace(star, 1, std::to_string(dice.between(1, 30)));
  return text;
}

/// Writes enough for the log to be trimmed, so that a new member needs a snapshot.
void write_much(Stage& stage) {
  const std::string value(4096, 'x');
  client::Client& client = stage.observer().client();
  for (int i = 0; i < 200; ++i)
    if (!client.put("much-" + std::to_string(i % 50), value)) return;
}

/// Puts an empty member in a follower's place, which takes a snapshot, a join and an eviction.
std::future<void> begin_replacement(Stage& stage) {
  const std::string name = stage.any_follower();
  return std::async(std::launch::async,
                    [&nemesis = stage.nemesis(), name] { (void)nemesis.replace(name); });
}

/// Whether the leader came to the point.
bool crash_leader_at(Stage& stage, const Point& point) {
  if (point.meanwhile == Meanwhile::snapshot) write_much(stage);
  const std::string leader = stage.leader();
  stage.nemesis().stop_at(leader, filled_in(point.order, stage.dice()));
  std::future<void> replacement;
  if (point.meanwhile != Meanwhile::writes) replacement = begin_replacement(stage);
  const bool hit = stage.nemesis().wait_until_stopped(leader, 5s);
  stage.nemesis().note((hit ? "crashed: " : "missed: ") + std::string(point.name), leader);
  std::this_thread::sleep_for(stage.dice().ms(0, 500));
  if (hit) stage.nemesis().start(leader);
  if (replacement.valid()) replacement.wait();
  stage.wait_all_up();
  return hit;
}

/// The leader may change, or have nothing to do, before it comes to a point; not every time.
void crash_a_leader_at(Stage& stage, const Point& point) {
  for (int tries = 0; tries < kTriesMax; ++tries)
    if (crash_leader_at(stage, point)) return;
  throw std::runtime_error("no leader came to the point: " + std::string(point.name));
}

}  // namespace

void play_leader_crash_matrix(Stage& stage) {
  // In another order with each seed, and all of them however long that takes.
  const std::size_t first = stage.run().seed * 5;
  for (std::size_t tried = 0; tried < points().size() || stage.time_left(); ++tried)
    crash_a_leader_at(stage, points()[(first + tried) % points().size()]);
}

Equipment leader_crash_matrix_equipment() {
  Equipment equipment;
  equipment.stopping = true;
  equipment.variables = {
      {"KVD_GMS_RETAIN_ENTRIES", "200"},        {"KVD_GMS_RETAIN_BYTES", "64KiB"},
      {"KVD_GMS_TRIM_STEP_BYTES", "16KiB"},     {"KVD_GMS_TRIM_GAP", "100ms"},
      {"KVD_STORAGE_MEMTABLE_BYTES", "256KiB"}, {"KVD_GMS_SNAPSHOT_KEPT", "1s"}};
  return equipment;
}

}  // namespace tests::torture
