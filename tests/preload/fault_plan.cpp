#include "tests/preload/fault_plan.hpp"

#include <fcntl.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>

namespace tests::preload {
namespace {

const std::map<std::string, Call> kCalls = {
    {"sync", Call::sync}, {"write", Call::write}, {"read", Call::read}, {"space", Call::space}};

template <class Number>
Number number_in(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

Fault FaultPlan::fault_of(std::string_view word) {
  constexpr std::string_view kWait = "wait:";
  constexpr std::string_view kFree = "free:";
  Fault fault;
  if (word == "EIO") fault.error = EIO;
  if (word == "ENOSPC") fault.error = ENOSPC;
  if (word == "EINTR") fault.error = EINTR;
  if (word == "short") fault.is_short = true;
  if (word.starts_with(kWait)) fault.wait_ms = number_in<unsigned>(word.substr(kWait.size()));
  if (word.starts_with(kFree))
    fault.free_bytes = number_in<std::uint64_t>(word.substr(kFree.size()));
  if (fault.error == 0 && fault.wait_ms == 0 && !fault.is_short && !fault.free_bytes)
    give_up("no fault: " + std::string(word));
  return fault;
}

FaultPlan::Rule FaultPlan::rule_of(const std::string& line) {
  Rule rule;
  rule.line = line;
  std::istringstream words(line);
  std::string call;
  std::string fault;
  words >> call >> rule.path >> rule.skip >> rule.count >> fault;
  const auto known = kCalls.find(call);
  if (!words || known == kCalls.end()) give_up("no rule: " + line);
  rule.call = known->second;
  rule.fault = fault_of(fault);
  return rule;
}

void FaultPlan::read(const std::string& path, Rules& rules) {
  const auto now = inode_at(AT_FDCWD, path.c_str());
  const std::string id = now ? now->id : "";
  if (id == rules.id) return;
  rules = {id, {}};
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) rules.rules.push_back(rule_of(line));
}

std::optional<Fault> FaultPlan::next(Call call, const Disk& disk, const std::string& path) {
  const std::lock_guard held(mutex_);
  Rules& rules = disks_[disk.records()];
  read(disk.rules(), rules);
  for (Rule& rule : rules.rules) {
    if (rule.call != call || path.find(rule.path) == std::string::npos) continue;
    if (rule.skip > 0) {
      --rule.skip;
    } else if (rule.count > 0) {
      --rule.count;
      std::ofstream(disk.fired(), std::ios::app) << rule.line << " at " << path << '\n';
      return rule.fault;
    }
  }
  return std::nullopt;
}

}  // namespace tests::preload
