#include "tests/torture/client_process.hpp"

#include <signal.h>

#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

/// Far from those of the run's own clients, and more than a process has.
constexpr std::uint32_t kFirstClient = 1000;
constexpr std::uint32_t kClientsMax = 100;
/// Until a client has its journal, without which nobody knows what it did.
constexpr std::chrono::seconds kStartMax{30};

std::filesystem::path journal_of(const Stage& stage, const std::string& name) {
  return stage.directory() / (name + ".jsonl");
}

std::vector<std::string> command(Stage& stage, const std::string& name, std::uint32_t number) {
  std::string endpoints;
  for (const std::string& endpoint : stage.group().endpoints())
    endpoints += (endpoints.empty() ? "" : ",") + endpoint;
  return {cluster::built("torture_client"),
          "--endpoints",
          endpoints,
          "--journal",
          journal_of(stage, name).string(),
          "--first-client",
          std::to_string(kFirstClient + number * kClientsMax),
          "--seed",
          std::to_string(stage.run().seed * 1000 + number)};
}

}  // namespace

ClientProcess::ClientProcess(Stage& stage, std::uint32_t number)
    : stage_(stage),
      name_("client-" + std::to_string(number)),
      process_(command(stage, name_, number), stage.directory() / (name_ + ".log")) {
  const std::filesystem::path journal = journal_of(stage, name_);
  const auto until = std::chrono::steady_clock::now() + kStartMax;
  while (!std::filesystem::exists(journal)) {
    expect_running();
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error(name_ + " does not begin: " + process_.said());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  stage_.add_journal(journal);
}

ClientProcess::~ClientProcess() {
  // The number of one that has ended may be another process by now.
  if (process_.wait(std::chrono::milliseconds(0))) return;
  signal(SIGCONT);
  signal(SIGTERM);
  static_cast<void>(process_.wait(std::chrono::seconds(5)));
}

void ClientProcess::expect_running() {
  if (process_.wait(std::chrono::milliseconds(0)))
    throw std::runtime_error(name_ + " has ended by itself: " + process_.said());
}

void ClientProcess::signal(int number) const {
  ::kill(process_.pid(), number);
}

void ClientProcess::kill() {
  expect_running();
  stage_.nemesis().note("kill client", name_);
  signal(SIGKILL);
  static_cast<void>(process_.wait(std::chrono::seconds(5)));
}

void ClientProcess::pause() {
  expect_running();
  stage_.nemesis().note("pause client", name_);
  signal(SIGSTOP);
}

void ClientProcess::resume() {
  signal(SIGCONT);
}

}  // namespace tests::torture
