#include "tests/torture/scenarios/disks.hpp"

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using cluster::FaultyDisks;
using kvstore::api::WriteRefusal;
using Clock = std::chrono::steady_clock;

/// Until a fault has come about: the log is written all the time.
constexpr std::chrono::seconds kFaultMax{20};

/// Room below the reserve, and room below which deletes alone are taken.
constexpr std::uint64_t kFullBytes = 256 << 10;
constexpr std::uint64_t kLowBytes = 8 << 20;
/// Until a group that can has carried out a call: a leader with a full disk hands over first.
constexpr std::chrono::seconds kServiceMax{10};

/// How a member's log fails.
struct Failure {
  const char* name;
  const char* call;
  const char* error;
  /// What the member has to say of it.
  const char* reason;
};
constexpr Failure kFailedSync{"failed sync", "sync", "EIO", "Input/output error"};
constexpr Failure kFailedWrite{"failed write", "write", "EIO", "Input/output error"};
/// Past its own reserve, such as by a quota: the member has not seen it come.
constexpr Failure kNoSpace{"no space left", "write", "ENOSPC", "No space left"};

/// Orders a fault of the member's disk. If it has not come about by then the order is taken back.
bool order(Stage& stage, const std::string& fault, const std::string& name,
           const std::string& rules, std::chrono::milliseconds limit) {
  FaultyDisks::order(stage.group(), name, rules);
  bool came = FaultyDisks::wait_until_fired(stage.group(), name, limit);
  if (!came) {
    FaultyDisks::mend(stage.group(), name);
    // It may have come about just then.
    came = FaultyDisks::wait_until_fired(stage.group(), name, 200ms);
  }
  stage.nemesis().note(came ? fault : fault + " missed", name);
  return came;
}

void must_come_about(bool came, const std::string& name) {
  if (!came) throw std::runtime_error("the fault of " + name + " has not come about");
}

/// It ended for its disk, said so, and can be started again once that is well.
void expect_end_for_disk(Stage& stage, const std::string& name, const std::string& reason) {
  if (!stage.group().ends_within(name, 10s))
    throw std::runtime_error(name + " goes on with a disk that failed");
  if (stage.group().log(name).find(reason) == std::string::npos)
    throw std::runtime_error(name + " does not say " + reason);
  FaultyDisks::mend(stage.group(), name);
  stage.rest_between(0, 1000);
  stage.nemesis().start(name);
}

/// Whether space was missed for a segment that was being made for later. It is none of the log:
/// without it the member goes on, and makes another one.
bool was_of_a_spare(Stage& stage, const std::string& name) {
  const std::filesystem::path file = FaultyDisks::fired_at(stage.group(), name);
  const auto until = Clock::now() + 2s;
  while (std::filesystem::exists(file)) {
    if (stage.group().ends_within(name, 0s) || Clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return !stage.group().ends_within(name, 500ms);
}

bool fail(Stage& stage, const std::string& name, const Failure& failure,
          std::chrono::milliseconds limit) {
  stage.nemesis().expect_end(name);
  const std::string which = std::to_string(stage.dice().between(0, 20)) + " 1 ";
  const std::string rule = std::string(failure.call) + " /data/log/ " + which + failure.error;
  const bool came = order(stage, failure.name, name, rule, limit);
  const bool may_go_on =
      came && failure.name == std::string_view(kNoSpace.name) && was_of_a_spare(stage, name);
  if (came && !may_go_on) {
    expect_end_for_disk(stage, name, failure.reason);
    return true;
  }
  FaultyDisks::mend(stage.group(), name);
  stage.nemesis().expect_no_end(name);
  return came;
}

/// Either the leader or anybody.
std::string victim_of(Stage& stage) {
  return stage.dice().one_in(2) ? stage.leader() : stage.any_member();
}

std::uint64_t view_of(const Stage& stage) {
  std::uint64_t view = 0;
  for (const Observer::Status& status : stage.observer().statuses(2s))
    view = std::max(view, status.view.view.seq.value());
  return view;
}

/// How the member refuses writes, as it says itself.
std::optional<WriteRefusal> refusal_of(const Stage& stage, const std::string& name) {
  for (const Observer::Status& status : stage.observer().statuses(2s))
    if (status.name == name) return status.write_refusal;
  return std::nullopt;
}

void wait_for_refusal(const Stage& stage, const std::string& name, WriteRefusal wanted) {
  const auto until = Clock::now() + kFaultMax;
  while (refusal_of(stage, name) != wanted) {
    if (Clock::now() > until)
      throw std::runtime_error(name + " does not say that its disk is full, or has room again");
    std::this_thread::sleep_for(50ms);
  }
}

/// Has the disks of these members have so much room left that they take nothing, or deletes alone.
void leave_room(Stage& stage, const std::vector<std::string>& names, WriteRefusal refusal) {
  const bool is_full = refusal == WriteRefusal::disk_full;
  const std::string bytes = std::to_string(is_full ? kFullBytes : kLowBytes);
  for (const std::string& name : names)
    must_come_about(order(stage, is_full ? "disk full" : "disk low", name,
                          "space /data/ 0 1000000000 free:" + bytes, kFaultMax),
                    name);
  for (const std::string& name : names) wait_for_refusal(stage, name, refusal);
}

void give_room_back(Stage& stage, const std::vector<std::string>& names) {
  for (const std::string& name : names) FaultyDisks::mend(stage.group(), name);
  for (const std::string& name : names) wait_for_refusal(stage, name, WriteRefusal::none);
}

client::Client patient_client(Stage& stage, std::chrono::milliseconds patience) {
  client::Options options;
  options.endpoints = stage.group().endpoints();
  options.deadline = patience;
  return client::Client(options);
}

void expect_put(Stage& stage, const std::string& when) {
  if (const auto put = patient_client(stage, kServiceMax).put("room", "some"); !put)
    throw std::runtime_error("no write " + when + ": " + put.error().detail);
}

/// Puts are refused soon: a leader looks at its disk before it hears of a write, not at each.
void expect_refusal(Stage& stage) {
  const auto until = Clock::now() + kServiceMax;
  while (true) {
    const auto put = patient_client(stage, 500ms).put("room", "none");
    if (!put && put.error().code == client::ErrorCode::busy) return;
    if (Clock::now() > until)
      throw std::runtime_error("a write is not refused though all disks are full: " +
                               (put ? "it was taken" : put.error().detail));
  }
}

/// One member's disk is full, and it hands over if it leads; the others go on.
void fill_one(Stage& stage) {
  const std::vector<std::string> names{victim_of(stage)};
  const bool is_full = stage.dice().one_in(2);
  leave_room(stage, names, is_full ? WriteRefusal::disk_full : WriteRefusal::disk_low);
  expect_put(stage, "while one disk is full");
  stage.rest_between(500, 2000);
  give_room_back(stage, names);
}

/// All are nearly full: puts are refused, deletes are not, and who has room again says so.
void fill_all(Stage& stage) {
  const std::vector<std::string> names = stage.members();
  leave_room(stage, names, WriteRefusal::disk_low);
  expect_refusal(stage);
  if (const auto erased = patient_client(stage, kServiceMax).erase("room"); !erased)
    throw std::runtime_error("no delete while all disks are full: " + erased.error().detail);
  stage.rest_between(200, 1000);
  give_room_back(stage, names);
  expect_put(stage, "though there is room again");
}

}  // namespace

Equipment disks_equipment() {
  Equipment equipment;
  equipment.faulty_disks = true;
  equipment.variables = {{"KVD_LOG_SEGMENT_BYTES", "1MiB"},
                         {"KVD_GMS_DISK_STALL", "500ms"},
                         {"KVD_LOG_DISK_RESERVE_BYTES", "1MiB"}};
  return equipment;
}

Equipment disk_full_equipment() {
  Equipment equipment = disks_equipment();
  // A member with little room trims its log, whatever that is to keep.
  equipment.stopping = true;
  return equipment;
}

bool fail_log(Stage& stage, const std::string& name, std::chrono::milliseconds limit) {
  const std::vector<Failure> failures{kFailedSync, kFailedWrite, kNoSpace};
  return fail(stage, name, stage.dice().one_of(failures), limit);
}

bool slow_syncs(Stage& stage, const std::string& name, std::chrono::milliseconds limit) {
  const std::string wait = std::to_string(stage.dice().between(1000, 4000));
  return order(stage, "slow syncs", name, "sync /data/log/ 0 100 wait:" + wait, limit);
}

bool disturb_writes(Stage& stage, const std::string& name, std::chrono::milliseconds limit) {
  // These are no errors: what is left is written by another call.
  return order(stage, "short and interrupted writes", name,
               "write /data/log/ 0 50 EINTR\nwrite /data/log/ 0 50 short", limit);
}

void play_failed_fsync(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    must_come_about(fail(stage, name, kFailedSync, kFaultMax), name);
    stage.wait_all_up();
  }
}

void play_write_errors(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    if (stage.dice().one_in(2)) {
      must_come_about(disturb_writes(stage, name, kFaultMax), name);
      stage.rest_between(200, 800);
      FaultyDisks::mend(stage.group(), name);
      continue;
    }
    must_come_about(fail(stage, name, kFailedWrite, kFaultMax), name);
    stage.wait_all_up();
  }
}

void play_disk_full(Stage& stage) {
  // In turn, so that a short run has each of them, if in another order.
  for (std::uint64_t turn = stage.dice().between(0, 2); stage.time_left(); ++turn) {
    stage.rest_between(200, 1000);
    if (turn % 3 == 0) {
      fill_one(stage);
    } else if (turn % 3 == 1) {
      fill_all(stage);
    } else {
      const std::string name = victim_of(stage);
      must_come_about(fail(stage, name, kNoSpace, kFaultMax), name);
    }
    stage.wait_all_up();
  }
}

void play_slow_disk(Stage& stage) {
  while (stage.time_left()) {
    stage.wait_all_up();
    stage.rest_between(200, 1000);
    const std::string name = victim_of(stage);
    const std::uint64_t view = view_of(stage);
    must_come_about(slow_syncs(stage, name, kFaultMax), name);
    stage.rest_between(2000, 4000);
    // Longer than the silence for which members are suspected, but it is not silent.
    if (view_of(stage) != view)
      throw std::runtime_error("the view changed though only the disk of " + name + " is slow");
    FaultyDisks::mend(stage.group(), name);
  }
}

}  // namespace tests::torture
