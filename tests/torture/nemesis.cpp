#include "tests/torture/nemesis.hpp"

#include <fstream>
#include <thread>

#include "tests/torture/stopping/stop_order.hpp"

namespace tests::torture {

void Nemesis::expect_end(const std::string& name) {
  const std::lock_guard held(lock_);
  ended_.insert(name);
}

bool Nemesis::may_have_ended(const std::string& name) const {
  const std::lock_guard held(lock_);
  return ended_.contains(name);
}

void Nemesis::kill(const std::string& name) {
  expect_end(name);
  log_.add("kill", name);
  static_cast<void>(group_.kvctl({"local", "kill", name}));
}

void Nemesis::pause(const std::string& name) {
  log_.add("pause", name);
  static_cast<void>(group_.kvctl({"local", "pause", name}));
}

void Nemesis::resume(const std::string& name) {
  log_.add("resume", name);
  static_cast<void>(group_.kvctl({"local", "resume", name}));
}

void Nemesis::start(const std::string& name) {
  log_.add("start", name);
  static_cast<void>(group_.kvctl({"local", "restart", name, "--timeout", "1ms"}));
  const std::lock_guard held(lock_);
  ended_.erase(name);
}

bool Nemesis::restart(const std::string& name) {
  return ask("restart", {"local", "restart", name}, name);
}

bool Nemesis::transfer(const std::string& name) {
  return ask("transfer", {"member", "transfer", name}, name);
}

bool Nemesis::evict(const std::string& name) {
  return ask("evict", {"member", "evict", name}, name);
}

bool Nemesis::add() {
  return ask("add", {"local", "add"}, "");
}

bool Nemesis::remove(const std::string& name) {
  return ask("remove", {"local", "remove", name}, name);
}

bool Nemesis::replace(const std::string& name) {
  return ask("replace", {"local", "replace", name}, name);
}

bool Nemesis::ask(std::string_view fault, const std::vector<std::string>& command,
                  const std::string& target) {
  const bool done = group_.kvctl(command).exit_code == 0;
  log_.add(done ? std::string(fault) : std::string(fault) + " refused", target);
  return done;
}

void Nemesis::stop_at(const std::string& name, const std::string& order) {
  expect_end(name);
  log_.add("order", name + " " + order);
  const std::filesystem::path member = group_.directory() / name;
  std::filesystem::remove(member / kStopReachedFile);
  // Who reads it sees all of it.
  const std::filesystem::path unfinished = member / "stop-order.new";
  std::ofstream(unfinished, std::ios::trunc) << order << '\n';
  std::filesystem::rename(unfinished, member / kStopOrderFile);
}

bool Nemesis::wait_until_stopped(const std::string& name, std::chrono::milliseconds limit) {
  const std::filesystem::path member = group_.directory() / name;
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!std::filesystem::exists(member / kStopReachedFile)) {
    if (std::chrono::steady_clock::now() > until) {
      std::error_code ignored;
      if (!std::filesystem::remove(member / kStopOrderFile, ignored)) continue;
      const std::lock_guard held(lock_);
      ended_.erase(name);
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

void Nemesis::cure_at_end(std::function<void()> cure) {
  const std::lock_guard held(lock_);
  cures_.push_back(std::move(cure));
}

void Nemesis::cure_all() {
  std::vector<std::function<void()>> cures;
  {
    const std::lock_guard held(lock_);
    cures.swap(cures_);
  }
  for (; !cures.empty(); cures.pop_back()) cures.back()();
}

}  // namespace tests::torture
