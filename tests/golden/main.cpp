#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>

#include "tests/golden/script.hpp"

namespace {

/// Shows the first step of `script` that comes out differently. Returns whether there is none.
bool compare(const char* file, const golden::Script& script, const golden::Script& real) {
  for (std::size_t i = 0; i < script.steps.size(); ++i) {
    const golden::Step& step = script.steps[i];
    if (step.expected == real.steps[i].expected) continue;
    std::printf("%s: %s\n", file, step.command.c_str());
    for (const std::string& line : step.expected) std::printf("  expected: %s\n", line.c_str());
    for (const std::string& line : real.steps[i].expected)
      std::printf("  is:       %s\n", line.c_str());
    return false;
  }
  return true;
}

enum class Mode { compare, update };

bool check(const char* file, Mode mode) {
  std::ifstream in(file);
  if (!in) {
    std::printf("%s: cannot be read\n", file);
    return false;
  }
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const golden::Script script = golden::parse(text);
  const golden::Script real = golden::played(script);
  if (mode == Mode::compare) return compare(file, script, real);
  const std::string now = golden::text_of(real);
  if (now != text) std::ofstream(file) << now;
  return true;
}

}  // namespace

/// golden_tests [--update] FILE…: plays the scripts and compares, or rewrites what they expect.
int main(int count, char** words) {
  Mode mode = Mode::compare;
  bool same = true;
  for (int i = 1; i < count; ++i) {
    if (std::string_view(words[i]) == "--update") {
      mode = Mode::update;
      continue;
    }
    same = check(words[i], mode) && same;
  }
  return same ? 0 : 1;
}
