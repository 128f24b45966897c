#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace tests::cluster {

/// What a program said and how it ended.
struct Finished {
  /// Its exit code; -1 when a signal or the time limit ended it.
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs `arguments[0]` with the rest, `input` on its standard input, and waits for its end, at most
/// `limit`; then it is killed.
[[nodiscard]] Finished run_program(const std::vector<std::string>& arguments,
                                   const std::string& input = {},
                                   std::chrono::seconds limit = std::chrono::seconds(120));

/// The path of a program of this build, such as kvctl.
[[nodiscard]] std::string built(const std::string& name);

}  // namespace tests::cluster
