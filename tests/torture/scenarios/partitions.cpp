#include "tests/torture/scenarios/partitions.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Names = std::vector<std::string>;
using std::chrono::milliseconds;

/// Writes go on within so long when a majority hears each other: a silent leader is given up after
/// a second at most, a vote may be split, and a client finds the new leader.
constexpr milliseconds kPauseMax = 6s;
/// A leader without a quorum knows it within an election timeout. It is looked at later.
constexpr milliseconds kStepDownMax = 2s;
/// Elections of a group that a fault leaves able to work: some until its leader hears a majority
/// and is heard by it, and no storm.
constexpr std::uint64_t kElectionsMax = 8;

std::string text_of(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

/// The members in a random order.
Names shuffled(Stage& stage) {
  Names names = stage.members();
  for (std::size_t left = names.size(); left > 1; --left)
    std::swap(names[left - 1], names[stage.dice().between(0, left - 1)]);
  return names;
}

/// Notes it, and cuts the links between the sides.
void part(Stage& stage, const std::string& what, const std::vector<Names>& sides) {
  std::string target;
  for (const Names& side : sides) target += (target.empty() ? "" : " | ") + text_of(side);
  stage.nemesis().note(what + " (" + stage.network().means() + ")", target);
  stage.network().partition(sides);
}

void heal(Stage& stage) {
  stage.nemesis().note("heal", "");
  stage.network().heal();
}

std::uint64_t epoch_of(const Stage& stage) {
  std::uint64_t epoch = 0;
  for (const Observer::Status& status : stage.observer().statuses())
    epoch = std::max(epoch, status.epoch.value());
  return epoch;
}

/// Writes for a while; the longest time between two writes that were acknowledged. The clients of
/// the recorder write too: this one is for the pause alone.
milliseconds longest_pause_for(const Stage& stage, milliseconds time) {
  client::Options options;
  for (const ProcessOf& process : stage.observer().processes())
    options.endpoints.push_back(process.address);
  options.deadline = 500ms;
  client::Client client(options);
  const auto start = Clock::now();
  auto last = start;
  milliseconds longest{0};
  // It goes on past the time until a write has come through, or none has for far too long.
  while (Clock::now() - start < time ||
         (last - start < time && Clock::now() - last < 2 * kPauseMax)) {
    const bool wrote = client.put("pause", "written meanwhile").has_value();
    const auto pause = std::chrono::duration_cast<milliseconds>(Clock::now() - last);
    longest = std::max(longest, pause);
    if (wrote) last = Clock::now();
    stage.rest(10ms);
  }
  return longest;
}

/// Throws unless writes go on without a long pause and without a storm of elections.
void expect_service(const Stage& stage, milliseconds time, const std::string& when) {
  const std::uint64_t epoch = epoch_of(stage);
  const milliseconds pause = longest_pause_for(stage, time);
  const std::uint64_t elections = epoch_of(stage) - epoch;
  std::cout << "  " << when << ": longest pause of writes " << pause.count() << " ms, " << elections
            << " epochs" << std::endl;
  if (pause > kPauseMax)
    throw std::runtime_error(when + ": no write for " + std::to_string(pause.count()) + " ms");
  if (elections > kElectionsMax)
    throw std::runtime_error(when + ": " + std::to_string(elections) + " elections");
}

std::string role_of(const Stage& stage, const std::string& name) {
  for (const Observer::Status& status : stage.observer().statuses())
    if (status.name == name) return status.role;
  return "";
}

using Commits = std::map<std::string, gms::model::Index>;

/// How far those members know the log as committed.
Commits commits_of(const Stage& stage, const Names& names) {
  Commits out;
  for (const Observer::Status& status : stage.observer().statuses(5s))
    if (std::ranges::find(names, status.name) != names.end()) out[status.name] = status.commit;
  return out;
}

/// Throws when members that are cut off have learnt since of what the others commit, or say
/// nothing.
void expect_cut_off(const Stage& stage, const Names& names, const Commits& before) {
  if (before.size() != names.size() || commits_of(stage, names) != before)
    throw std::runtime_error(text_of(names) + ": not cut off from the others");
}

/// Throws when it goes on to lead.
void expect_step_down(const Stage& stage, const std::string& name) {
  const auto until = Clock::now() + kStepDownMax;
  while (role_of(stage, name) == "leader")
    if (Clock::now() > until) throw std::runtime_error(name + " leads though nobody hears it");
}

}  // namespace

Equipment partitions_equipment() {
  Equipment equipment;
  equipment.links = Links::spaces;
  return equipment;
}

void play_partition_halves(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(300, 1000);
    Names majority = shuffled(stage);
    Names minority;
    const std::size_t few = (majority.size() - 1) / 2;
    for (; minority.size() < few; majority.pop_back()) minority.push_back(majority.back());
    part(stage, "partition", {majority, minority});
    // What was under way has arrived.
    std::this_thread::sleep_for(300ms);
    const Commits before = commits_of(stage, minority);
    expect_service(stage, stage.dice().ms(1500, 4000), "majority " + text_of(majority));
    expect_cut_off(stage, minority, before);
    heal(stage);
    if (stage.dice().one_in(2)) stage.wait_all_up();
  }
}

void play_isolated_leader(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(300, 1000);
    const std::string leader = stage.leader();
    Names others = stage.members();
    std::erase(others, leader);
    part(stage, "isolate leader", {{leader}, others});
    expect_service(stage, stage.dice().ms(1500, 3000), "without the leader " + leader);
    expect_step_down(stage, leader);
    heal(stage);
    if (stage.dice().one_in(2)) stage.wait_all_up();
  }
}

void play_bridge_partition(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(300, 1000);
    Names one = shuffled(stage);
    const std::string bridge = one.back();
    one.pop_back();
    const std::size_t half = one.size() / 2;
    const Names other(one.begin() + static_cast<std::ptrdiff_t>(half), one.end());
    one.resize(half);
    part(stage, "bridge", {one, other});
    stage.network().expect_cut(one.front(), other.front());
    expect_service(stage, stage.dice().ms(2000, 4000), "with the bridge " + bridge);
    heal(stage);
    if (stage.dice().one_in(2)) stage.wait_all_up();
  }
}

void play_one_way_links(Stage& stage) {
  while (stage.time_left()) {
    stage.rest_between(300, 1000);
    const Names names = shuffled(stage);
    // From the leader, to it, or between two others.
    const std::string from = stage.dice().one_in(2) ? stage.leader() : names[0];
    const std::string to = from == names[1] ? names[0] : names[1];
    const bool turned = stage.dice().one_in(2);
    const std::string& sender = turned ? to : from;
    const std::string& receiver = turned ? from : to;
    stage.nemesis().note("one way (" + stage.network().means() + ")", sender + " to " + receiver);
    stage.network().block(sender, receiver);
    stage.network().expect_cut(sender, receiver);
    expect_service(stage, stage.dice().ms(2000, 4000),
                   "nothing from " + sender + " to " + receiver);
    heal(stage);
    if (stage.dice().one_in(2)) stage.wait_all_up();
  }
}

}  // namespace tests::torture
