#pragma once

#include <filesystem>
#include <list>
#include <string>

#include "tests/cluster/program.hpp"

namespace tests::cluster {

/// What sanitizers find in the programs that are started while this lives. A member that is killed
/// by a test, or whose exit code nobody asks for, would take its report along. In a build without
/// sanitizers nothing is ever reported. One thread.
class SanitizerReports {
 public:
  /// Reports go to files in `directory`, which stays as it is.
  explicit SanitizerReports(std::filesystem::path directory);

  /// All reports so far, one after the other; empty when there are none.
  [[nodiscard]] std::string all() const;

 private:
  std::filesystem::path directory_;
  std::list<Variable> variables_;
};

}  // namespace tests::cluster
