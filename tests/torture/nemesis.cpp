#include "tests/torture/nemesis.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/torture/stopping/stop_order.hpp"

namespace tests::torture {
namespace {

using namespace std::chrono_literals;

/// Of a log that is quoted.
constexpr std::size_t kLinesShown = 3;
/// Until a signal has come about, on a machine that has much to do.
constexpr std::chrono::seconds kSignalMax{20};

/// What the kernel says of a process: `R`, `S`, `T` for one that stands still; `X` for one that is
/// gone.
char state_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(in, text);
  // Behind its name, which may have any characters.
  const std::size_t name_end = text.rfind(')');
  const char state = name_end + 2 < text.size() ? text[name_end + 2] : 'X';
  return state == 'Z' ? 'X' : state;
}

/// Waits until it is in one of these states; false when it is not by then.
bool comes_to(pid_t process, std::string_view states) {
  const auto until = std::chrono::steady_clock::now() + kSignalMax;
  while (states.find(state_of(process)) == std::string_view::npos) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

std::string last_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::string shown;
  const std::size_t first = lines.size() - std::min(lines.size(), kLinesShown);
  for (std::size_t i = first; i < lines.size(); ++i) shown += "\n    " + lines[i];
  return shown;
}

}  // namespace

std::vector<std::string> Nemesis::surprises() const {
  const std::lock_guard held(lock_);
  return surprises_;
}

void Nemesis::look_at(const std::string& name) {
  const auto begun = ends_.begun(name);
  if (may_have_ended(name) || group_.runs(name)) return;
  // It was stopped by somebody who began just then.
  if (ends_.begun(name) != begun) return;
  const std::lock_guard held(lock_);
  surprises_.push_back(name + " has ended by itself:" + last_lines(group_.log(name)) +
                       "\n    its start said: " + started_[name]);
}

void Nemesis::kill(const std::string& name) {
  look_at(name);
  const ExpectedEnds::Work work(ends_, name);
  expect_end(name);
  const auto process = group_.process(name);
  if (!process) return log_.add("kill refused", name);
  log_.add("kill", name);
  static_cast<void>(group_.kvctl({"local", "kill", name}));
  if (!comes_to(*process, "X")) throw std::runtime_error(name + " was killed and goes on");
}

void Nemesis::pause(const std::string& name) {
  const auto process = group_.process(name);
  if (!process) return log_.add("pause refused", name);
  log_.add("pause", name);
  static_cast<void>(group_.kvctl({"local", "pause", name}));
  // One that ends meanwhile stands still, too.
  if (!comes_to(*process, "TX")) throw std::runtime_error(name + " was paused and goes on");
}

void Nemesis::resume(const std::string& name) {
  log_.add("resume", name);
  static_cast<void>(group_.kvctl({"local", "resume", name}));
}

void Nemesis::start(const std::string& name) {
  look_at(name);
  ExpectedEnds::Work work(ends_, name);
  log_.add("start", name);
  const cluster::Finished started = group_.kvctl({"local", "restart", name, "--timeout", "1ms"});
  work.revived();
  const std::lock_guard held(lock_);
  started_[name] = std::to_string(started.exit_code) + ' ' + started.err;
}

bool Nemesis::restart(const std::string& name) {
  look_at(name);
  const ExpectedEnds::Work work(ends_, name);
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
  look_at(name);
  const ExpectedEnds::Work work(ends_, name);
  kept_.keep_segments(group_.directory() / name);
  kept_.keep_log(group_.directory() / name);
  return ask("remove", {"local", "remove", name}, name);
}

bool Nemesis::replace(const std::string& name) {
  look_at(name);
  ExpectedEnds::Work work(ends_, name);
  kept_.keep_segments(group_.directory() / name);
  const bool done = ask("replace", {"local", "replace", name}, name);
  if (done) work.revived();
  return done;
}

bool Nemesis::ask(std::string_view fault, const std::vector<std::string>& command,
                  const std::string& target) {
  const bool done = group_.kvctl(command).exit_code == 0;
  log_.add(done ? std::string(fault) : std::string(fault) + " refused", target);
  return done;
}

void Nemesis::stop_at(const std::string& name, const std::string& order) {
  if (order.ends_with(":kill")) expect_end(name);
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
      ends_.take_back(name);
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
