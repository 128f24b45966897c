#include "tests/torture/play.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>

#include "tests/cluster/verdict.hpp"
#include "tests/torture/settling.hpp"

namespace tests::torture {
namespace {

using Clock = std::chrono::steady_clock;
using linearizability::Outcome;
using linearizability::Recording;

/// Writes, and reads, that a run has to have carried out for its verdict to say anything.
constexpr std::ptrdiff_t kEndedWellMin = 20;

/// How far the group has come: the epoch, and the view.
struct Progress {
  std::uint64_t epoch = 0;
  std::uint64_t view = 0;
};

Progress progress_of(const Stage& stage) {
  Progress out;
  for (const Observer::Status& status : stage.observer().statuses()) {
    out.epoch = std::max(out.epoch, status.epoch.value());
    out.view = std::max(out.view, status.view.view.seq.value());
  }
  return out;
}

linearizability::History all_of(const Recording& recording) {
  linearizability::History all = recording.registers;
  const auto lists = as_registers(recording.lists);
  all.insert(all.end(), lists.begin(), lists.end());
  return all;
}

void count(const Recording& recording, Row& row) {
  const linearizability::History all = all_of(recording);
  row.operations = all.size();
  for (const auto& operation : all) {
    if (operation.outcome == Outcome::unknown) ++row.unknown;
    if (operation.outcome == Outcome::failed) ++row.failed;
  }
  const auto ended_well = [&](bool writes) {
    return std::ranges::count_if(all, [&](const auto& operation) {
      return operation.outcome == Outcome::ok && is_write(operation.action) == writes;
    });
  };
  // Of nothing everything is true.
  if (ended_well(true) < kEndedWellMin || ended_well(false) < kEndedWellMin)
    row.findings.push_back("only " + std::to_string(ended_well(true)) + " writes and " +
                           std::to_string(ended_well(false)) + " reads ended well");
  row.longest_pause_ms = static_cast<std::uint64_t>(cluster::longest_pause(all).count());
}

/// The last reads, and what the logs say; what goes wrong there is a finding.
Logs finish(Stage& stage, Recording& recording, Row& row) {
  Logs logs;
  try {
    // A copy: what was recorded is judged, and kept, also when these reads fail.
    recording = with_last_reads(stage.group(), recording);
    logs = end_and_read_logs(stage);
  } catch (const std::exception& error) {
    row.findings.emplace_back(error.what());
  }
  return logs;
}

/// Takes what the replay says for the word of the witness.
void judge_stream(const linearizability::History& all, const CommittedEntries& committed,
                  Row& row) {
  const ReplayVerdict verdict = replay(all, committed);
  row.replayed = verdict.writes;
  if (!verdict.wrong.empty()) {
    row.judgement.witness = "violated";
    row.judgement.detail += "replay: " + verdict.wrong + "\n";
  } else if (!verdict.inconclusive.empty() && row.judgement.witness == "ok") {
    row.judgement.witness = "inconclusive";
    row.judgement.detail += "replay: " + verdict.inconclusive + "\n";
  }
}

void judge_all(Recording& recording, const Logs& logs, Row& row) {
  // A member that knew more may have been slow to say so.
  const gms::model::Index commit = std::max(logs.commit, last_answered(all_of(recording)));
  LogRemains remains(logs.logs);
  for (const std::filesystem::path& segment : logs.segments) remains.add_segment(segment);
  const CommittedEntries committed = remains.up_to(commit);
  settle_indexes(recording, committed);
  row.judgement = judge(recording);
  judge_stream(all_of(recording), committed, row);
  const std::string differs = difference_between(logs.logs, commit);
  if (!differs.empty()) row.findings.push_back(differs);
}

/// Plays, settles and judges.
void perform(Stage& stage, const Scenario& scenario, Row& row) {
  const Progress before = progress_of(stage);
  try {
    scenario.play(stage);
  } catch (const std::exception& error) {
    row.findings.push_back(std::string("the story broke off: ") + error.what());
  }
  const auto findings = settle(stage);
  row.findings.insert(row.findings.end(), findings.begin(), findings.end());
  const Progress after = progress_of(stage);
  row.elections = after.epoch - before.epoch;
  row.view_changes = after.view - before.view;
  row.faults = stage.faults().counts();
  if (!scenario.harmless && !has_fault(row)) row.findings.emplace_back("no fault came about");
  Recording recording = stage.recording();
  count(recording, row);
  const Logs logs = finish(stage, recording, row);
  // Now that no process is left.
  if (const std::string found = stage.sanitizer_reports().all(); !found.empty())
    row.findings.push_back("a sanitizer: " + found);
  try {
    judge_all(recording, logs, row);
  } catch (const std::exception& error) {
    row.findings.push_back(std::string("could not be judged: ") + error.what());
  }
  std::ofstream history(stage.directory() / "history.jsonl");
  save(recording, history);
}

void tell_failure(const Row& row, const std::filesystem::path& directory) {
  for (const std::string& finding : row.findings) std::cout << "  " << finding << '\n';
  if (!row.judgement.detail.empty()) std::cout << "  " << row.judgement.detail;
  std::cout << "  files: " << directory.string() << "\n  again: " << command_for(row.run)
            << std::endl;
}

}  // namespace

Row play(const Run& run, const Scenario& scenario, const std::filesystem::path& parent, Keep keep) {
  const Clock::time_point begun = Clock::now();
  const std::filesystem::path directory = cluster::fresh_directory(parent);
  std::ofstream(directory / "run") << command_for(run) << '\n';
  Row row;
  row.run = run;
  bool is_kept = true;
  try {
    Stage stage(run, scenario, directory);
    perform(stage, scenario, row);
    is_kept = keep == Keep::always || !row.is_clean();
    if (is_kept) stage.keep();
  } catch (const std::exception& error) {
    row.findings.emplace_back(error.what());
  }
  row.took_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
  std::cout << summary(row) << std::endl;
  if (!row.is_clean()) tell_failure(row, directory);
  std::error_code ignored;
  if (!is_kept) std::filesystem::remove_all(directory, ignored);
  if (is_kept && row.is_clean()) std::cout << "  files: " << directory.string() << std::endl;
  return row;
}

}  // namespace tests::torture
