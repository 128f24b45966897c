#include "tests/lint/citations.hpp"

#include <regex>

namespace lint {
namespace {

/// Adds the first group of every match.
void collect(const std::string& text, const std::regex& pattern, std::set<std::string>& found) {
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.insert((*at)[1].str());
}

}  // namespace

std::set<std::string> rules_stated_in(std::string_view document) {
  static const std::regex kCited(R"(\[([A-Z]{1,2}\d+)\])");
  static const std::regex kRow(R"((?:^|\n)\| ([A-Z]{1,2}\d+) \|)");
  const std::string text(document);
  std::set<std::string> rules;
  collect(text, kCited, rules);
  collect(text, kRow, rules);
  return rules;
}

void check_citations(const Source& source, const std::set<std::string>& rules, Findings& findings) {
  static const std::regex kCited(R"(\[([A-Z]{1,2}\d+)\])");
  static const std::regex kAsserted(R"re("([A-Z]{1,2}\d+)"\);)re");
  for (std::size_t i = 0; i < source.lines().size(); ++i) {
    std::set<std::string> cited;
    if (source.prose()[i].find('[') != std::string::npos) collect(source.prose()[i], kCited, cited);
    if (source.lines()[i].find("GMS_ASSERT(") != std::string::npos)
      collect(source.lines()[i], kAsserted, cited);
    for (const std::string& rule : cited)
      if (!rules.contains(rule))
        findings.push_back({source.path(), i + 1, "citation", rule + " is stated nowhere in docs"});
  }
}

}  // namespace lint
