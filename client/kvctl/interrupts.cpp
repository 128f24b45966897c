#include "client/kvctl/interrupts.hpp"

#include <pthread.h>
#include <signal.h>
#include <time.h>

namespace kvctl {
namespace {

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Interrupts::~Interrupts() {
  const sigset_t set = awaited_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Interrupts::Woken Interrupts::pause(std::chrono::milliseconds time) const {
  const sigset_t set = awaited_signals();
  const timespec limit{static_cast<time_t>(time.count() / 1000),
                       static_cast<long>(time.count() % 1000) * 1'000'000};
  return sigtimedwait(&set, nullptr, &limit) > 0 ? Woken::by_signal : Woken::by_time;
}

}  // namespace kvctl
