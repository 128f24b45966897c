#include "tests/torture/fault_log.hpp"

#include <boost/json.hpp>

#include "tests/cluster/call_book.hpp"

namespace tests::torture {

FaultLog::FaultLog(const std::filesystem::path& file) : out_(file, std::ios::app) {}

void FaultLog::add(std::string_view fault, std::string_view target) {
  const boost::json::object line{
      {"at", cluster::moment_now()}, {"fault", fault}, {"target", target}};
  const std::lock_guard held(lock_);
  out_ << boost::json::serialize(line) << std::endl;
  ++counts_[std::string(fault)];
}

std::map<std::string, std::uint64_t> FaultLog::counts() const {
  const std::lock_guard held(lock_);
  return counts_;
}

}  // namespace tests::torture
