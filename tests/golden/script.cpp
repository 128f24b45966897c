#include "tests/golden/script.hpp"

#include <sstream>

#include "tests/golden/interpreter.hpp"

namespace golden {
namespace {

constexpr std::string_view kRuler = "----";

bool is_prose(const std::string& line) {
  return line.empty() || line.front() == '#';
}

}  // namespace

Script parse(const std::string& text) {
  Script script;
  std::istringstream in(text);
  std::string line;
  std::vector<std::string> prose;
  while (std::getline(in, line)) {
    if (is_prose(line)) {
      prose.push_back(line);
      continue;
    }
    Step step{std::exchange(prose, {}), line, {}};
    while (std::getline(in, line) && !line.empty())
      if (line != kRuler) step.expected.push_back(line);
    script.steps.push_back(std::move(step));
  }
  script.prose_at_end = std::move(prose);
  return script;
}

std::string text_of(const Script& script) {
  std::string text;
  for (const Step& step : script.steps) {
    for (const std::string& line : step.prose) text += line + "\n";
    text += step.command + "\n" + std::string(kRuler) + "\n";
    for (const std::string& line : step.expected) text += line + "\n";
    if (&step != &script.steps.back()) text += "\n";
  }
  for (const std::string& line : script.prose_at_end) text += line + "\n";
  return text;
}

Script played(const Script& script) {
  Script real = script;
  Interpreter interpreter;
  for (Step& step : real.steps) step.expected = interpreter.run(step.command);
  return real;
}

}  // namespace golden
