#include "tests/torture/results.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>

namespace tests::torture {
namespace {

namespace json = boost::json;
using Counts = std::map<std::string, std::uint64_t>;

json::object to_json(const Row& row) {
  return {{"scenario", row.run.scenario},
          {"seed", row.run.seed},
          {"seconds", row.run.seconds},
          {"replicas", row.run.replicas},
          {"build", row.build},
          {"clean", row.is_clean()},
          {"operations", row.operations},
          {"unknown", row.unknown},
          {"failed", row.failed},
          {"faults", json::value_from(row.faults)},
          {"elections", row.elections},
          {"view_changes", row.view_changes},
          {"longest_pause_ms", row.longest_pause_ms},
          {"replayed", row.replayed},
          {"took_ms", row.took_ms},
          {"witness", row.judgement.witness},
          {"search", row.judgement.search},
          {"lists", row.judgement.lists},
          {"detail", row.judgement.detail},
          {"findings", json::value_from(row.findings)}};
}

Row row_of(const json::value& line) {
  Row row;
  row.run.scenario = line.at("scenario").as_string();
  row.run.seed = line.at("seed").to_number<std::uint64_t>();
  row.run.seconds = line.at("seconds").to_number<std::uint64_t>();
  row.run.replicas = line.at("replicas").to_number<int>();
  if (const json::value* build = line.as_object().if_contains("build"))
    row.build = build->as_string();
  row.operations = line.at("operations").to_number<std::uint64_t>();
  row.unknown = line.at("unknown").to_number<std::uint64_t>();
  row.failed = line.at("failed").to_number<std::uint64_t>();
  row.faults = json::value_to<Counts>(line.at("faults"));
  row.elections = line.at("elections").to_number<std::uint64_t>();
  row.view_changes = line.at("view_changes").to_number<std::uint64_t>();
  row.longest_pause_ms = line.at("longest_pause_ms").to_number<std::uint64_t>();
  row.replayed = line.at("replayed").to_number<std::uint64_t>();
  row.took_ms = line.at("took_ms").to_number<std::uint64_t>();
  row.judgement.witness = line.at("witness").as_string();
  row.judgement.search = line.at("search").as_string();
  row.judgement.lists = line.at("lists").as_string();
  row.judgement.detail = line.at("detail").as_string();
  row.findings = json::value_to<std::vector<std::string>>(line.at("findings"));
  return row;
}

/// 12,345 for 12345.
std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) text += ',';
    text += digits[at];
  }
  return text;
}

std::string listed(const Counts& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += (text.empty() ? "" : ", ") + name + " " + grouped(count);
  return text.empty() ? "none" : text;
}

/// What the log of faults has besides faults: that one was ordered, has not come about, or is over.
bool is_no_fault(std::string_view name) {
  return name == "order" || name == "start" || name == "resume" || name == "heal" ||
         name.ends_with(" refused") || name.ends_with(" missed") || name.starts_with("missed: ");
}

/// `ok` if all are, and else how many are what.
std::string verdicts_of(const std::vector<const Row*>& rows, std::string Judgement::* checker) {
  Counts counts;
  for (const Row* row : rows) ++counts[row->judgement.*checker];
  return counts.size() == 1 ? counts.begin()->first : listed(counts);
}

std::uint64_t sum_of(const std::vector<const Row*>& rows, std::uint64_t Row::* figure) {
  std::uint64_t sum = 0;
  for (const Row* row : rows) sum += row->*figure;
  return sum;
}

std::string line_of(const std::vector<const Row*>& rows) {
  const Run& run = rows.front()->run;
  Counts faults;
  for (const Row* row : rows)
    for (const auto& [name, count] : row->faults)
      if (!is_no_fault(name)) faults[name] += count;
  const auto clean = std::ranges::count_if(rows, [](const Row* row) { return row->is_clean(); });
  std::string runs = std::to_string(rows.size()) + " × " + std::to_string(run.seconds) + " s";
  if (static_cast<std::size_t>(clean) != rows.size())
    runs += ", " + std::to_string(rows.size() - static_cast<std::size_t>(clean)) + " not clean";
  return "| `" + run.scenario + "` | " + std::to_string(run.replicas) + " | " + runs + " | " +
         grouped(sum_of(rows, &Row::operations)) + " | " + grouped(sum_of(rows, &Row::unknown)) +
         " | " + listed(faults) + " | " + grouped(sum_of(rows, &Row::elections)) + " | " +
         grouped(sum_of(rows, &Row::view_changes)) + " | " + grouped(sum_of(rows, &Row::replayed)) +
         " | " + verdicts_of(rows, &Judgement::witness) + " | " +
         verdicts_of(rows, &Judgement::search) + " | " + verdicts_of(rows, &Judgement::lists) +
         " |\n";
}

}  // namespace

bool has_fault(const Row& row) {
  return std::ranges::any_of(
      row.faults, [](const auto& fault) { return fault.second > 0 && !is_no_fault(fault.first); });
}

std::string command_for(const Run& run) {
  return "build/bin/torture --scenario " + run.scenario + " --seed " + std::to_string(run.seed) +
         " --seconds " + std::to_string(run.seconds) + " --replicas " +
         std::to_string(run.replicas);
}

std::string summary(const Row& row) {
  std::uint64_t faults = 0;
  for (const auto& [name, count] : row.faults)
    if (!is_no_fault(name)) faults += count;
  return row.run.scenario + " seed " + std::to_string(row.run.seed) + ", " +
         std::to_string(row.run.replicas) + " replicas: " + (row.is_clean() ? "ok" : "NOT OK") +
         ", " + grouped(row.operations) + " operations (" + grouped(row.unknown) + " unknown, " +
         grouped(row.failed) + " failed), " + grouped(faults) + " faults, " +
         grouped(row.elections) + " elections, " + grouped(row.view_changes) +
         " views, longest pause " + grouped(row.longest_pause_ms) + " ms, " +
         grouped(row.replayed) + " writes replayed, took " + grouped(row.took_ms) + " ms";
}

void append(const Row& row, const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::app);
  out << json::serialize(to_json(row)) << std::endl;
  if (!out) throw std::runtime_error("cannot write " + file.string());
}

std::vector<Row> load_rows(const std::filesystem::path& file) {
  std::vector<Row> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) rows.push_back(row_of(json::parse(line)));
  return rows;
}

std::string table_of(const std::vector<Row>& rows) {
  std::map<std::tuple<std::string, int, std::uint64_t>, std::vector<const Row*>> kinds;
  for (const Row& row : rows)
    kinds[{row.run.scenario, row.run.replicas, row.run.seconds}].push_back(&row);
  std::string text =
      "| scenario | replicas | runs | operations | unknown | faults | elections | view changes | "
      "replayed | witness | search | lists |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& [kind, of_kind] : kinds) text += line_of(of_kind);
  return text;
}

}  // namespace tests::torture
