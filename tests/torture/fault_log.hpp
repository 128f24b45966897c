#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace tests::torture {

/// What was done to the group, when and to whom, as JSON lines. Thread rule: any thread.
class FaultLog {
 public:
  explicit FaultLog(const std::filesystem::path& file);

  /// `target` is a member's name, or says in words what the fault is done to.
  void add(std::string_view fault, std::string_view target);
  /// How often each fault was done.
  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;

 private:
  mutable std::mutex lock_;
  std::ofstream out_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace tests::torture
