#include "tests/torture/scenarios/corruption.hpp"

#include <iostream>
#include <random>
#include <stdexcept>

#include "tests/faults/damage.hpp"

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using faults::Damage;
using faults::Verdict;

/// Letters at random, the same for the same seed: what the store cannot pack, so that its files are
/// as large as what was written.
std::string noise(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  std::string text(size, ' ');
  for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
  return text;
}

/// Fills a few segments, and has the store write files.
void write_much(Stage& stage, std::uint64_t round) {
  client::Options options;
  options.endpoints = stage.group().endpoints();
  client::Client client(options);
  for (std::uint64_t number = 0; number < 30; ++number)
    static_cast<void>(
        client.put("much" + std::to_string(number), noise(100 * round + number, 100'000)));
}

/// Starts it on its own and waits for its end.
void expect_refusal(Stage& stage, const std::string& name, const Damage& damage) {
  const std::filesystem::path member = stage.group().directory() / name;
  const std::filesystem::path said = member / "refusal";
  std::filesystem::remove(said);
  cluster::Background kvd(
      {cluster::built("kvd"), "run", "--data", (member / "data").string(), "--name", name}, said);
  const auto code = kvd.wait(20s);
  const std::string what = std::string(damage.name) + ": ";
  if (!code) throw std::runtime_error(what + "the member runs: " + kvd.said());
  if (*code != 3) throw std::runtime_error(what + "exit " + std::to_string(*code) + kvd.said());
  const std::string advice = "keep the directory for inspection, initialise a new one and join";
  if (kvd.said().find(advice) == std::string::npos)
    throw std::runtime_error(what + "it does not say what to do: " + kvd.said());
}

/// The member's id, as it says itself.
std::string id_of(const Stage& stage, const std::string& name) {
  for (const Observer::Status& status : stage.observer().statuses(2s))
    if (status.name == name) return to_string(status.member);
  return "";
}

/// Has all rows of all members read, until the member says that it has another state, behind the
/// first `said` bytes of its log.
void expect_mending(Stage& stage, const std::string& name, std::size_t said) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (stage.group().log(name).find("state_mended", said) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error(name + " did not get another state for its damaged one");
    static_cast<void>(stage.group().kvctl({"verify", "--deep"}));
  }
}

/// Carries out one row of the table.
void try_damage(Stage& stage, const std::string& name, const Damage& damage, std::uint64_t round) {
  const std::filesystem::path data = stage.group().directory() / name / "data";
  const std::filesystem::path old = stage.directory() / "old";
  const std::string before = id_of(stage, name);
  stage.nemesis().kill(name);
  std::filesystem::remove_all(old);
  std::filesystem::copy(data, old, std::filesystem::copy_options::recursive);
  stage.nemesis().start(name);
  stage.wait_all_up();
  write_much(stage, round);
  stage.nemesis().kill(name);
  // Until a killed process is gone it has the directory.
  if (!stage.group().ends_within(name, 20s)) throw std::runtime_error(name + " does not end");
  stage.nemesis().note(damage.name, name);
  damage.apply(data, old);
  if (damage.verdict == Verdict::refuses) {
    expect_refusal(stage, name, damage);
    if (!stage.nemesis().replace(name))
      throw std::runtime_error(name + " is not replaced after: " + std::string(damage.name));
    stage.nemesis().start(name);
    return stage.wait_all_up();
  }
  const std::size_t said = stage.group().log(name).size();
  stage.nemesis().start(name);
  stage.wait_all_up();
  if (damage.verdict == Verdict::mends) expect_mending(stage, name, said);
  const bool is_same = id_of(stage, name) == before;
  if (is_same != (damage.verdict != Verdict::rejoins))
    throw std::runtime_error(std::string(damage.name) + ": it is " +
                             (is_same ? "the same" : "another") + " member");
}

}  // namespace

Equipment corruption_equipment() {
  Equipment equipment;
  equipment.damaged_stores = true;
  equipment.variables = {{"KVD_LOG_SEGMENT_BYTES", "512KiB"},
                         {"KVD_LOG_FIRST_SEGMENT_BYTES", "512KiB"},
                         {"KVD_STORAGE_MEMTABLE_BYTES", "1MiB"}};
  return equipment;
}

void damage_directory(Stage& stage, const std::string& name) {
  std::vector<Damage> noticed;
  for (const Damage& damage : faults::damages())
    if (damage.verdict != Verdict::mends) noticed.push_back(damage);
  try_damage(stage, name, stage.dice().one_of(noticed), stage.dice().between(1, 1'000'000));
}

void play_corruption(Stage& stage) {
  const auto& all = faults::damages();
  const std::uint64_t first = stage.dice().between(0, all.size() - 1);
  write_much(stage, 0);
  // All of them, however long that takes, if a minute is asked for: then it is about the table.
  const std::uint64_t rounds = stage.run().seconds >= 60 ? all.size() : 1;
  for (std::uint64_t round = 0; round < rounds || stage.time_left(); ++round)
    try_damage(stage, stage.any_member(), all[(first + round) % all.size()], round + 1);
}

}  // namespace tests::torture
