#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>

#include "tests/cluster/recorder.hpp"

// Clients as a process of their own, which can be killed or paused. What they do is in a journal.
// They work until SIGTERM.
int main(int count, char** arguments) {
  tests::cluster::Recorder::Settings settings;
  CLI::App app("Clients that keep a journal, until SIGTERM.");
  std::int64_t key_life_ms = 300;
  app.add_option("--endpoints", settings.endpoints)->delimiter(',')->required();
  app.add_option("--journal", settings.journal)->required();
  app.add_option("--first-client", settings.first_client)->required();
  app.add_option("--seed", settings.seed)->required();
  app.add_option("--key-life-ms", key_life_ms);
  CLI11_PARSE(app, count, arguments);
  settings.clients = 2;
  settings.lanes = 2;
  settings.lists = 2;
  settings.impatient = 2;
  settings.member_reads = 3;
  settings.key_life = std::chrono::milliseconds(key_life_ms);
  settings.pause_max = std::chrono::milliseconds(12);

  sigset_t ends{};
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  // Before the first thread, which inherits it.
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  tests::cluster::Recorder recorder(settings);
  int signal = 0;
  sigwait(&ends, &signal);
  recorder.stop();
  return 0;
}
