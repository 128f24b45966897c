#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace tests::mutants {

/// How a command ended.
enum class Ending { good, bad, timed_out };

/// A command, where it runs, and what it may take.
struct Command {
  std::vector<std::string> words;
  std::filesystem::path directory;
  /// What it says, on both streams, goes here.
  std::filesystem::path output;
  std::chrono::seconds budget;
  /// Kibibytes of address space for each of its processes; 0 for no limit.
  std::size_t memory_kibibytes_max = 0;
};

/// Runs it, with all that it starts, and waits for its end, at most `budget`: then all of it is
/// killed, in whatever session it is. A word that ends in `*.txt` stands for the files that it
/// fits. Precondition: this process has no other children. Orphans of the command become its own.
[[nodiscard]] Ending run(const Command& command);

}  // namespace tests::mutants
