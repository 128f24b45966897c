#include "tests/cluster/sanitizer_reports.hpp"

#include <cstdlib>

namespace tests::cluster {
namespace {

/// Of a file with a report; the runtime adds the process's id.
constexpr const char* kFileName = "sanitizer-report";

/// What the variable says already, and where reports go.
std::string options(const char* variable, const std::filesystem::path& directory) {
  const char* const before = std::getenv(variable);
  return (before == nullptr ? "" : std::string(before) + ":") +
         "log_path=" + (directory / kFileName).string();
}

}  // namespace

SanitizerReports::SanitizerReports(std::filesystem::path directory)
    : directory_(std::move(directory)) {
  for (const char* const variable : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    variables_.emplace_back(variable, options(variable, directory_));
}

std::string SanitizerReports::all() const {
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(directory_))
    if (file.path().filename().string().starts_with(kFileName)) all += content_of(file.path());
  return all;
}

}  // namespace tests::cluster
