#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/mutants/record.hpp"
#include "tests/mutants/suite.hpp"

namespace tests::mutants {

[[nodiscard]] std::string content_of(const std::filesystem::path& path);

/// `content` with each edit of this file done; nothing when the text of one is not there exactly
/// once, as whole lines.
[[nodiscard]] std::optional<std::string> edited(const std::string& content, const Edit& edit);

/// What is wrong with the anchors of a mutant in the tree at `root`; nothing when all fit.
[[nodiscard]] std::optional<std::string> anchor_fault(const Mutant& mutant,
                                                      const std::filesystem::path& root);

/// A copy of the sources with a build directory of its own, both kept between runs, so that only
/// what differs is built. One run at a time. One thread.
class Scratch {
 public:
  /// `folder` may be new or left by an earlier run; `source` is only read.
  Scratch(std::filesystem::path source, std::filesystem::path folder);

  /// Whether no other run uses the folder; must be asked first, and holds until this ends.
  [[nodiscard]] bool lock();
  /// Makes the copy equal to the sources, and the build directory ready. False when it cannot.
  [[nodiscard]] bool prepare();
  /// Names the same product, by content, as long as nothing of it changes.
  [[nodiscard]] std::string product() const;
  /// The same of the product and its tests.
  [[nodiscard]] std::string product_and_tests() const;

  /// Puts a mutant into the copy; its anchors fit.
  void apply(const Mutant& mutant);
  /// Takes it out again.
  void restore(const Mutant& mutant);

  [[nodiscard]] bool build(const std::vector<std::string>& targets) const;
  /// An empty folder for what a suite writes. What was written there before is gone.
  [[nodiscard]] std::filesystem::path fresh_files() const;
  [[nodiscard]] std::filesystem::path build_output() const { return folder_ / "build.out"; }
  [[nodiscard]] std::filesystem::path suite_output() const { return folder_ / "suite.out"; }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path copy() const { return folder_ / "source"; }
  [[nodiscard]] std::filesystem::path programs() const { return folder_ / "build" / "bin"; }

 private:
  [[nodiscard]] std::string fingerprint_of(std::span<const std::string_view> folders) const;

  std::filesystem::path source_;
  std::filesystem::path folder_;
};

}  // namespace tests::mutants
