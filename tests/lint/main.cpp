#include <cstddef>
#include <iostream>

#include "tests/lint/tree.hpp"

// lint ROOT: checks the tree at ROOT against the house style and prints what breaks it, a line
// each. Exit codes: 0 clean, 1 findings, 2 usage.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: lint ROOT\n";
    return 2;
  }
  const lint::TreeReport report = lint::check_tree(argv[1]);
  for (const lint::Finding& finding : report.findings)
    std::cout << finding.path << ':' << finding.line << ": " << finding.rule << ": "
              << finding.detail << '\n';
  std::cout << report.files << " files, " << report.findings.size() << " findings\n";
  if (report.files == 0) {
    std::cerr << "lint: no file of the project below " << argv[1] << '\n';
    return 2;
  }
  return report.findings.empty() ? 0 : 1;
}
