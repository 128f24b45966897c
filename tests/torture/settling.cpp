#include "tests/torture/settling.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/cluster/verdict.hpp"

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
using Findings = std::vector<std::string>;
using kvstore::api::Counter;

/// The clients of the last reads; no others have their numbers.
constexpr std::uint32_t kFirstLastReader = 4'000'000'000;
constexpr std::uint32_t kLastReaders = 8;

/// Makes the members run that do not, and go on that stand still.
void heal(Stage& stage) {
  Nemesis& nemesis = stage.nemesis();
  nemesis.cure_all();
  for (const ProcessOf& process : stage.observer().processes()) {
    if (process.state == ProcessState::paused) nemesis.resume(process.name);
    if (process.state != ProcessState::stopped) continue;
    nemesis.start(process.name);
  }
}

constexpr std::array<std::string_view, 4> kEnds{"fatal", "invariant", "Assertion",
                                                "terminate called"};
/// A state that goes wrong is found by the group itself, and mended before anybody else looks.
constexpr std::array<std::string_view, 5> kWrongStates{
    "member_diverged", "state_disputed", "state_mended", "state_damaged", "store_damaged"};

bool has_any(const std::string& line, std::span<const std::string_view> words) {
  return std::ranges::any_of(
      words, [&](std::string_view word) { return line.find(word) != std::string::npos; });
}

/// What a member has said that should not be.
void check_log(const std::string& of, std::istream&& log, bool has_damaged_stores,
               Findings& findings) {
  for (std::string line; std::getline(log, line);)
    if (has_any(line, kEnds) || (!has_damaged_stores && has_any(line, kWrongStates)))
      findings.push_back("log of " + of + ": " + line);
}

void check_logs(const Stage& stage, const cluster::LocalGroup& group, Findings& findings) {
  const bool damaged = stage.has_damaged_stores();
  for (const ProcessOf& process : stage.observer().processes())
    check_log(process.name, std::istringstream(group.log(process.name)), damaged, findings);
  for (const std::filesystem::path& log : stage.kept_files().logs())
    check_log("a member that was removed", std::ifstream(log), damaged, findings);
}

/// Of each view that several members remember, all must say the same.
void check_views(const Stage& stage, Findings& findings) {
  std::map<std::uint64_t, std::pair<std::string, gms::model::PlacedView>> known;
  for (const ProcessOf& process : stage.observer().processes()) {
    const auto views = stage.observer().client().views(process.address);
    if (!views) {
      findings.push_back("views of " + process.name + ": " + views.error().detail);
      continue;
    }
    for (const auto& report : views->views) {
      const auto [at, is_new] =
          known.try_emplace(report.view.view.seq.value(), std::pair(process.name, report.view));
      if (!is_new && at->second.second != report.view)
        findings.push_back("view " + std::to_string(at->first) + " is not the same at " +
                           at->second.first + " and " + process.name);
    }
  }
}

/// Sessions live for much longer than any run.
void check_sessions(Stage& stage, Findings& findings) {
  for (const std::string& why : stage.recorder().book().unknown())
    if (why.find("session has expired") != std::string::npos) {
      findings.push_back("a write is unknown since " + why);
      return;
    }
}

/// The requests that are under way at a member, besides the one that asks. Nothing if it does not
/// say.
std::optional<std::uint64_t> under_way_at(const Stage& stage, const std::string& address) {
  const auto status = stage.observer().client().status(address);
  if (!status) return std::nullopt;
  const auto counter = std::ranges::find(status->counters, "clients.under_way", &Counter::name);
  if (counter == status->counters.end()) return std::nullopt;
  return counter->value - 1;
}

/// No client is left, so nothing may count as under way. Members hear of the end of connections
/// soon.
void check_nothing_is_under_way(const Stage& stage, Findings& findings) {
  const auto give_up = std::chrono::steady_clock::now() + 5s;
  for (const ProcessOf& process : stage.observer().processes()) {
    auto left = under_way_at(stage, process.address);
    while (left != 0 && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(20ms);
      left = under_way_at(stage, process.address);
    }
    if (left == 0) continue;
    findings.push_back(process.name + " counts " + (left ? std::to_string(*left) : "unknown") +
                       " requests as under way, and no client is left");
  }
}

void check_replicas(const cluster::LocalGroup& group, Findings& findings) {
  // Who has half of a damaged frame hears nothing for 20 s.
  const cluster::Finished verified = group.kvctl({"verify", "--deep", "--timeout", "30s"});
  if (verified.exit_code != 0) findings.push_back("verify: " + verified.out + verified.err);
}

/// Reads these keys one after another; throws when one cannot be read.
std::vector<linearizability::ListOperation> last_reads(
    const cluster::LocalGroup& group, std::uint32_t reader,
    const std::vector<linearizability::Key>& keys) {
  client::Options options;
  options.endpoints = group.endpoints();
  client::Client client(options);
  std::vector<linearizability::ListOperation> reads;
  for (const linearizability::Key key : keys) {
    linearizability::ListOperation read;
    read.client = reader;
    read.key = key;
    read.invoked = cluster::moment_now();
    const auto got = client.get(cluster::name_of(key));
    if (!got)
      throw std::runtime_error("last read of " + cluster::name_of(key) + ": " + got.error().detail);
    read.returned = cluster::moment_now();
    read.outcome = linearizability::Outcome::ok;
    if (cluster::is_list(key)) {
      read.seen = cluster::list_of(*got);
    } else {
      read.seen.push_back(cluster::register_of(*got));
    }
    reads.push_back(std::move(read));
  }
  return reads;
}

}  // namespace

std::vector<std::string> settle(Stage& stage) {
  Findings findings;
  heal(stage);
  try {
    stage.wait_all_up();
  } catch (const std::exception& error) {
    findings.emplace_back(error.what());
  }
  stage.recorder().stop();
  const Findings surprises = stage.nemesis().surprises();
  findings.insert(findings.end(), surprises.begin(), surprises.end());
  check_sessions(stage, findings);
  check_logs(stage, stage.group(), findings);
  // Who has no quorum answers none of what follows, and each question takes its time.
  if (!findings.empty()) return findings;
  check_views(stage, findings);
  check_replicas(stage.group(), findings);
  // Now that all are as far as the others: reads wait at who is behind.
  check_nothing_is_under_way(stage, findings);
  const std::string lost = cluster::wrong_with_own_keys(stage.group(), stage.own_keys());
  if (!lost.empty()) findings.push_back(lost);
  return findings;
}

linearizability::Recording with_last_reads(const cluster::LocalGroup& group,
                                           linearizability::Recording recording) {
  std::set<linearizability::Key> keys;
  for (const auto& operation : recording.registers) keys.insert(operation.key);
  for (const auto& operation : recording.lists) keys.insert(operation.key);
  std::vector<std::future<std::vector<linearizability::ListOperation>>> readers;
  for (std::uint32_t reader = 0; reader < kLastReaders; ++reader) {
    std::vector<linearizability::Key> share;
    std::ranges::copy_if(keys, std::back_inserter(share),
                         [&](auto key) { return key.value() % kLastReaders == reader; });
    readers.push_back(std::async(std::launch::async, [&group, reader, share = std::move(share)] {
      return last_reads(group, kFirstLastReader + reader, share);
    }));
  }
  for (auto& reader : readers)
    for (linearizability::ListOperation& read : reader.get()) {
      if (cluster::is_list(read.key)) {
        recording.lists.push_back(std::move(read));
      } else {
        recording.registers.push_back(as_register(read));
      }
    }
  return recording;
}

Logs end_and_read_logs(Stage& stage) {
  Logs out;
  for (const Observer::Status& status : stage.observer().statuses(2s))
    out.commit = std::max(out.commit, status.commit);
  const cluster::Finished ended = stage.group().kvctl({"local", "down"});
  if (ended.exit_code != 0) throw std::runtime_error("local down: " + ended.err);
  Findings findings;
  check_logs(stage, stage.group(), findings);
  if (!findings.empty()) throw std::runtime_error(findings.front());
  out.segments = stage.kept_files().segments();
  for (const ProcessOf& process : stage.observer().processes()) {
    const std::filesystem::path member = stage.group().directory() / process.name;
    auto log = read_log(process.name, member / "data");
    if (!log) throw std::runtime_error("log of " + process.name + ": " + log.error().detail);
    out.logs.push_back(*std::move(log));
    const auto segments = segments_of(member);
    out.segments.insert(out.segments.end(), segments.begin(), segments.end());
  }
  return out;
}

}  // namespace tests::torture
