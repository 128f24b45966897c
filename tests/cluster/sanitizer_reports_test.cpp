#include "tests/cluster/sanitizer_reports.hpp"

#include <gmock/gmock.h>

#include <optional>

namespace tests::cluster {
namespace {

/// Around all tests of this program: none may pass when a program that it started had a finding.
class NothingIsReported final : public ::testing::Environment {
 public:
  void SetUp() override {
    directory_ = fresh_directory();
    reports_.emplace(directory_);
  }
  void TearDown() override {
    EXPECT_EQ(reports_->all(), "") << "a sanitizer has found something in a program of this test";
    reports_.reset();
    std::filesystem::remove_all(directory_);
  }

 private:
  std::filesystem::path directory_;
  std::optional<SanitizerReports> reports_;
};

[[maybe_unused]] const ::testing::Environment* const kAround =
    ::testing::AddGlobalTestEnvironment(new NothingIsReported);

TEST(SanitizerReports, HaveWhatAnyProgramOfTheirTimeReported) {
  const std::filesystem::path directory = fresh_directory();
  for (const char* const variable : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    const SanitizerReports reports(directory);
    const std::string report = std::string("found by ") + variable;
    EXPECT_EQ(run_program(
                  {"/bin/sh", "-c", "echo " + report + " > \"${" + variable + "##*log_path=}.$$\""})
                  .exit_code,
              0);
    EXPECT_THAT(reports.all(), ::testing::HasSubstr(report));
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace tests::cluster
