#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/lint/citations.hpp"
#include "tests/lint/functions.hpp"
#include "tests/lint/tree.hpp"

namespace lint {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Verdict = std::pair<std::size_t, std::string>;

/// A piece of code, where it would stand, and what the linter must say of it: `path P`, a line
/// `expect LINE RULE` for each finding, `----`, the code.
struct Sample {
  std::string path;
  std::set<Verdict> expected;
  std::string text;
};

Sample read_sample(const fs::path& file) {
  Sample sample;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line) && line != "----") {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "path") {
      words >> sample.path;
    } else {
      Verdict verdict;
      words >> verdict.first >> verdict.second;
      sample.expected.insert(verdict);
    }
  }
  sample.text.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  return sample;
}

/// The files that samples include.
bool exists_in_samples(std::string_view path) {
  static const std::set<std::string_view> kFiles = {
      "gms/core/engine.hpp",          "gms/log/file_log.hpp",       "gms/model/ids.hpp",
      "gms/wire/bounded_archive.hpp", "gms/wire/frame.hpp",         "gms/wire/message_codec.hpp",
      "kvstore/api/command.hpp",      "kvstore/server/service.hpp", "tests/lint/source.hpp"};
  return kFiles.contains(path);
}

class LintSample : public testing::TestWithParam<fs::path> {};

TEST_P(LintSample, GetsExactlyTheFindingsThatItExpects) {
  const fs::path folder = LINT_FOLDER;
  const Standards standards{parse_banned_phrases(read_file(folder / "banned_words.txt")),
                            rules_stated_in("[C1] binds.\n| I3 | always |\n| id | I4 |\n"),
                            exists_in_samples};
  const Sample sample = read_sample(GetParam());
  ASSERT_FALSE(sample.path.empty());
  std::set<Verdict> found;
  for (const Finding& finding : check_source(Source(sample.path, sample.text), standards))
    found.insert({finding.line, finding.rule});
  EXPECT_EQ(found, sample.expected);
}

std::vector<fs::path> sample_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(fs::path(LINT_FOLDER) / "samples"))
    files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

INSTANTIATE_TEST_SUITE_P(All, LintSample, testing::ValuesIn(sample_files()),
                         [](const auto& tested) { return tested.param.stem().string(); });

TEST(LintSamples, CoverEveryRule) {
  std::set<std::string> rules;
  for (const fs::path& file : sample_files())
    for (const Verdict& verdict : read_sample(file).expected) rules.insert(verdict.second);
  const std::set<std::string> expected = {
      "blanks",     "citation",     "file-length", "friend",  "function-length",
      "identifier", "include-path", "layer",       "library", "macro",
      "own-header", "parameters",   "pragma-once", "width",   "words"};
  EXPECT_EQ(rules, expected);
}

TEST(LintFunctions, AreFoundWithTheirSpansAndParameters) {
  const Source source("gms/model/x.cpp",
                      "namespace a {\n"
                      "template <class T, class U>\n"
                      "struct S : Base<T> {\n"
                      "  S(int a, int b) : a_{a}, b_(b) {\n"
                      "  }\n"
                      "  int value = f(1);\n"
                      "  void g() const;\n"
                      "};\n"
                      "auto h(int x) -> std::map<int, int> {\n"
                      "  auto l = [](int a, int b) { return a; };\n"
                      "  return {};\n"
                      "}\n"
                      "}\n");
  const auto functions = functions_of(source);
  ASSERT_EQ(functions.size(), 3U);
  EXPECT_EQ(functions[0].name, "S");
  EXPECT_EQ(functions[0].parameters, 2U);
  EXPECT_EQ(functions[0].last_line, 5U);
  EXPECT_EQ(functions[1].name, "g");
  EXPECT_EQ(functions[1].parameters, 0U);
  EXPECT_EQ(functions[2].name, "h");
  EXPECT_EQ(functions[2].first_line, 9U);
  EXPECT_EQ(functions[2].last_line, 12U);
}

TEST(LintTree, FindsNothingWhereThereIsNoProject) {
  EXPECT_EQ(check_tree(std::string(LINT_FOLDER) + "/samples").files, 0U);
}

}  // namespace
}  // namespace lint
