#include "tests/torture/scenarios/links.hpp"

#include <initializer_list>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using faults::Fault;
using faults::LinkFaults;

/// Two members, in one direction.
struct Pair {
  std::string from;
  std::string to;
};

Pair pair_with(Stage& stage, const std::string& one) {
  std::vector<std::string> others = stage.network().names();
  std::erase(others, one);
  Pair pair{one, stage.dice().one_of(others)};
  if (stage.dice().one_in(2)) std::swap(pair.from, pair.to);
  return pair;
}

Pair any_pair(Stage& stage) {
  return pair_with(stage, stage.dice().one_of(stage.network().names()));
}

/// Faults of a link that is slow and loses things, but carries something.
LinkFaults bad_link(Dice& dice) {
  LinkFaults faults;
  faults.delay = dice.ms(0, 40);
  faults.jitter = dice.ms(0, 30);
  if (dice.one_in(4)) faults.bytes_per_second = dice.between(20'000, 500'000);
  faults.lose = static_cast<unsigned>(dice.between(0, 50));
  faults.duplicate = static_cast<unsigned>(dice.between(0, 100));
  faults.reorder = static_cast<unsigned>(dice.between(0, 100));
  return faults;
}

/// Tells what came about, for the results; throws if one of these has not.
void expect(Stage& stage, std::initializer_list<Fault> wanted) {
  const faults::FaultCounts counts = stage.network().proxy().counts();
  std::cout << "  frames: " << counts.text() << std::endl;
  if (counts.sum() == 0) throw std::runtime_error("no frame met a fault");
  for (const Fault fault : wanted)
    if (counts.of(fault) == 0)
      throw std::runtime_error("no frame was " + std::string(to_string(fault)));
}

}  // namespace

void make_links_bad(Stage& stage) {
  stage.nemesis().note("bad links", "all");
  for (const std::string& from : stage.network().names())
    for (const std::string& to : stage.network().names())
      if (from != to) stage.network().proxy().set(from, to, bad_link(stage.dice()));
}

void damage_frames(Stage& stage) {
  const Pair pair = any_pair(stage);
  LinkFaults faults;
  const std::uint64_t kind = stage.dice().between(0, 3);
  if (kind == 0) faults.flip = static_cast<unsigned>(stage.dice().between(1, 50));
  if (kind == 1) faults.cut = static_cast<unsigned>(stage.dice().between(1, 50));
  if (kind == 2) faults.byte_pause = stage.dice().ms(1, 5);
  if (kind == 3) faults.flip = faults.cut = 5;
  stage.nemesis().note(kind == 2 ? "trickle" : "cut and flip", pair.from + " to " + pair.to);
  stage.network().proxy().set(pair.from, pair.to, faults);
}

Equipment links_equipment() {
  Equipment equipment;
  equipment.links = Links::proxied;
  return equipment;
}

void play_bad_links(Stage& stage) {
  while (stage.time_left()) {
    make_links_bad(stage);
    stage.rest_between(800, 2500);
    if (!stage.dice().one_in(3)) continue;
    stage.nemesis().note("heal", "");
    stage.network().heal();
    stage.wait_all_up();
  }
  expect(stage, {Fault::delayed, Fault::lost, Fault::duplicated, Fault::reordered});
}

void play_flapping_links(Stage& stage) {
  for (int round = 0; stage.time_left(); ++round) {
    // Two that do not lead may have nothing to say to each other.
    const Pair pair = round % 2 == 0 ? pair_with(stage, stage.leader()) : any_pair(stage);
    const std::uint64_t times = stage.dice().between(3, 10);
    for (std::uint64_t time = 0; time < times; ++time) {
      if (time > 0 && stage.dice().one_in(2)) {
        stage.nemesis().note("disconnect", pair.from + " and " + pair.to);
        stage.network().proxy().disconnect(pair.from, pair.to);
      } else {
        stage.nemesis().note("block", pair.from + " to " + pair.to);
        stage.network().block(pair.from, pair.to);
      }
      // Now and then for longer than it takes to suspect somebody.
      stage.rest_between(50, stage.dice().one_in(4) ? 2500 : 500);
      stage.network().heal();
      stage.rest_between(20, 300);
    }
    if (stage.dice().one_in(3)) stage.wait_all_up();
  }
  expect(stage, {Fault::blocked});
}

void play_cut_and_flipped_frames(Stage& stage) {
  while (stage.time_left()) {
    damage_frames(stage);
    stage.rest_between(300, 1500);
    if (!stage.dice().one_in(3)) continue;
    stage.nemesis().note("heal", "");
    stage.network().heal();
    if (stage.dice().one_in(2)) stage.wait_all_up();
  }
  expect(stage, {});
}

}  // namespace tests::torture
