#include <CLI/CLI.hpp>
#include <charconv>
#include <fstream>
#include <iostream>

#include "tests/torture/campaign.hpp"

namespace {

using namespace tests::torture;

/// Reads `7` or `1..10`.
bool parse_seeds(const std::string& text, Request& request) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, request.first_seed);
  if (first.ec != std::errc()) return false;
  request.last_seed = request.first_seed;
  if (first.ptr == end) return true;
  if (end - first.ptr < 3 || std::string_view(first.ptr, 2) != "..") return false;
  const auto last = std::from_chars(first.ptr + 2, end, request.last_seed);
  return last.ec == std::errc() && last.ptr == end && request.first_seed <= request.last_seed;
}

int list_scenarios() {
  for (const Scenario& scenario : scenarios())
    std::cout << scenario.name << ": " << scenario.sentence << '\n';
  return 0;
}

int check_file(const std::string& path) {
  std::ifstream in(path);
  const auto recording = tests::linearizability::load(in);
  if (!recording) {
    std::cerr << "torture: " << path << ": " << recording.error().detail << '\n';
    return 2;
  }
  const std::size_t operations = recording->registers.size() + recording->lists.size();
  if (operations == 0) {
    std::cerr << "torture: " << path << ": no operation is there to be judged\n";
    return 2;
  }
  const Judgement judgement = judge(*recording);
  std::cout << operations << " operations; witness: " << judgement.witness
            << ", search: " << judgement.search << ", lists: " << judgement.lists << '\n'
            << judgement.detail;
  return judgement.is_clean() ? 0 : 1;
}

/// What besides playing can be asked for.
struct Others {
  bool list = false;
  std::string check;
  std::string table;
};

void add_options(CLI::App& app, Request& request, std::string& seeds, Others& others) {
  app.add_flag("--list", others.list, "list the scenarios, each with what it does");
  app.add_option("--check", others.check, "judge a history that was saved")->type_name("FILE");
  app.add_option("--table", others.table, "print a file of results as a table")->type_name("FILE");
  app.add_option("--scenario", request.scenario, "play this scenario");
  app.add_flag("--all", request.all,
               "play every scenario, except for runs that are in the results");
  app.add_option("--seed,--seeds", seeds, "a seed, or several as 1..10");
  app.add_option("--seconds", request.seconds, "how long each is played")
      ->check(CLI::Range(1, 86'400));
  app.add_option("--replicas", request.replicas, "members of the group")->check(CLI::Range(1, 9));
  app.add_option("--base-port", request.base_port, "client ports follow it, peer ports 100 later");
  app.add_option("--results", request.results, "a file that a line for each run is added to");
  app.add_option("--dir", request.parent, "where the runs' directories are made");
  app.add_flag_callback(
      "--keep", [&] { request.keep = Keep::always; }, "keep the directories of clean runs too");
}

int act(const Request& request, const Others& others) {
  if (others.list) return list_scenarios();
  if (!others.check.empty()) return check_file(others.check);
  if (!others.table.empty()) {
    std::cout << table_of(load_rows(others.table));
    return 0;
  }
  if (!request.all && find_scenario(request.scenario) == nullptr) {
    std::cerr << "torture: there is no scenario '" << request.scenario << "'. Try: --list\n";
    return 2;
  }
  return play_all(request) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Plays faults on real groups while clients are at work, and judges what they saw.");
  Request request;
  std::string seeds = "1";
  Others others;
  add_options(app, request, seeds, others);
  CLI11_PARSE(app, count, arguments);
  if (!parse_seeds(seeds, request)) {
    std::cerr << "torture: --seeds takes such as 7 or 1..10\n";
    return 2;
  }
  return act(request, others);
}
