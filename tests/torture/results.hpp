#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gms/model/result.hpp"
#include "tests/torture/judge.hpp"
#include "tests/torture/stage.hpp"

namespace tests::torture {

/// What came of a run.
struct Row {
  Run run;
  /// Of the programs that were run, as build_id() says; empty if that is not known.
  std::string build;
  Judgement judgement;
  /// What is wrong besides the history.
  std::vector<std::string> findings;
  std::uint64_t operations = 0;
  std::uint64_t unknown = 0;
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> faults;
  std::uint64_t elections = 0;
  std::uint64_t view_changes = 0;
  /// In which no call of any client ended well.
  std::uint64_t longest_pause_ms = 0;
  /// Writes of the committed stream against which every result was held; zero if no log had all of
  /// it.
  std::uint64_t replayed = 0;
  std::uint64_t took_ms = 0;

  [[nodiscard]] bool is_clean() const { return judgement.is_clean() && findings.empty(); }
};

/// Whether anything befell the group: of a fault that did not come about a run says nothing.
[[nodiscard]] bool has_fault(const Row& row);
/// The command that repeats a run.
[[nodiscard]] std::string command_for(const Run& run);
/// One line for people.
[[nodiscard]] std::string summary(const Row& row);

/// Adds a JSON line to the file. Throws when it cannot.
void append(const Row& row, const std::filesystem::path& file);
/// All lines of the file; none if there is no file. Throws when one is malformed.
[[nodiscard]] std::vector<Row> load_rows(const std::filesystem::path& file);
/// A Markdown table with a row for each scenario and size.
[[nodiscard]] std::string table_of(const std::vector<Row>& rows);

}  // namespace tests::torture
