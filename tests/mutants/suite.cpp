#include "tests/mutants/suite.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>

namespace tests::mutants {
namespace {

/// Scripts that a golden suite without names plays; the runner's shell-free command lists them.
constexpr std::string_view kScripts = "tests/golden/scripts/";
constexpr std::size_t kKillerBytesMax = 160;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end != 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Suite tests_of(std::string program, std::span<const std::string> filters) {
  Suite suite{program, {program, "--gtest_fail_fast", "--gtest_brief=0"}};
  if (!filters.empty()) suite.command.push_back("--gtest_filter=" + filters.front());
  return suite;
}

Suite golden(std::span<const std::string> scripts) {
  Suite suite{"golden_tests", {"golden_tests"}};
  for (const std::string& script : scripts)
    suite.command.push_back(std::string(kScripts) + script + ".txt");
  if (scripts.empty()) suite.command.push_back(std::string(kScripts) + "*.txt");
  return suite;
}

Suite simulation(std::span<const std::string> words, const std::string& flag) {
  Suite suite{"simulate", {"simulate", "--seeds", words[0], "--jobs", "2"}};
  if (!flag.empty()) suite.command.push_back(flag);
  if (words.size() > 1) {
    suite.command.emplace_back("--seconds");
    suite.command.push_back(words[1]);
  }
  return suite;
}

/// What torture takes.
constexpr std::uint64_t kSecondsMax = 86'400;
constexpr std::uint64_t kReplicasMax = 9;

bool is_number(const std::string& word, std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  return read.ec == std::errc() && read.ptr == end && number >= 1 && number <= most;
}

std::optional<Suite> torture(std::span<const std::string> words) {
  if (words.size() < 3 || words.size() > 4) return std::nullopt;
  const std::string replicas = words.size() == 4 ? words[3] : "3";
  if (!is_number(words[1], UINT64_MAX) || !is_number(words[2], kSecondsMax) ||
      !is_number(replicas, kReplicasMax))
    return std::nullopt;
  return Suite{"torture",
               {"torture", "--scenario", words[0], "--seed", words[1], "--seconds", words[2],
                "--replicas", replicas},
               Whereabouts::told};
}

/// What a line of output says of what noticed; the first that a line has counts.
constexpr std::array<std::string_view, 8> kSigns = {
    "fatal: invariant broken", " violated at ", "[  FAILED  ]", ".txt: ", "not reached:", "error:",
    "terminate called",        "ERROR:"};

/// What torture says of a run that is not clean; the next line says what is wrong with it.
constexpr std::string_view kNotClean = ": NOT OK, ";

/// The line that has this place.
std::string line_at(std::string_view output, std::size_t at) {
  const std::size_t before = at == 0 ? std::string_view::npos : output.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return std::string(output.substr(begin, output.find('\n', at) - begin));
}

/// The line that says best what noticed; empty if none is known to.
std::string telling_line(std::string_view output) {
  for (const std::string_view sign : kSigns)
    if (const std::size_t at = output.find(sign); at != std::string_view::npos)
      return line_at(output, at);
  const std::size_t end = output.find('\n', output.find(kNotClean));
  return end == std::string_view::npos ? "" : line_at(output, end + 1);
}

}  // namespace

std::optional<Suite> parse_suite(std::string_view text) {
  const std::vector<std::string> words = words_of(text);
  if (words.empty()) return std::nullopt;
  const std::string& kind = words[0];
  const std::span rest = std::span(words).subspan(1);
  if (kind == "golden") return golden(rest);
  if (kind == "torture") return torture(rest);
  if (kind == "directed" && rest.size() <= 1) return tests_of("directed_tests", rest);
  if (kind == "exploration" && rest.size() <= 1) return tests_of("exploration_tests", rest);
  if (kind == "linearizability" && rest.size() <= 1) return tests_of("linearizability_tests", rest);
  if (rest.empty() || rest.size() > 2) return std::nullopt;
  if (kind == "unit") return tests_of(rest[0] + "_tests", rest.subspan(1));
  if (kind == "seeds") return simulation(rest, "");
  if (rest.size() != 1) return std::nullopt;
  if (kind == "reach") return simulation(rest, "--reach-all");
  if (kind == "twice") return simulation(rest, "--twice");
  if (kind == "cluster") return tests_of("cluster_tests", rest);
  return std::nullopt;
}

bool ran_nothing(std::string_view output) {
  return output.find("[==========] 0 tests ran.") != std::string_view::npos ||
         output.find("[==========] Running 0 tests") != std::string_view::npos;
}

std::string killer_in(std::string_view output) {
  std::string line = telling_line(output);
  if (line.empty()) return "it ended badly";
  if (line.size() > kKillerBytesMax) line.resize(kKillerBytesMax);
  return line;
}

}  // namespace tests::mutants
