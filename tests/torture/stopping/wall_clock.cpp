#include "tests/torture/stopping/wall_clock.hpp"

#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

#include <atomic>
#include <cstdio>
#include <string>

namespace tests::torture {
namespace {

using Real = int(clockid_t, timespec*);
constexpr long kNsInSecond = 1'000'000'000;

/// The file, once there is one to look at.
std::atomic<const std::string*>& clock_file() {
  static std::atomic<const std::string*> kFile = nullptr;
  return kFile;
}

int real_time(clockid_t clock, timespec* into) {
  static Real* const kReal = reinterpret_cast<Real*>(::dlsym(RTLD_NEXT, "clock_gettime"));
  return kReal(clock, into);
}

struct Wrongness {
  long long offset_ms = 0;
  long long seconds_in_thousand = 1000;
};

Wrongness read_wrongness() {
  Wrongness wrong;
  const std::string* const file = clock_file();
  if (file == nullptr) return wrong;
  std::FILE* const in = std::fopen(file->c_str(), "r");
  if (in == nullptr) return wrong;
  Wrongness read;
  const int fields = std::fscanf(in, "%lld %lld", &read.offset_ms, &read.seconds_in_thousand);
  std::fclose(in);
  return fields == 2 ? read : wrong;
}

/// The wall clock with what is wrong with it; its rate counts from when the process started.
void make_wrong(timespec& time) {
  static const time_t kStart = time.tv_sec;
  const Wrongness wrong = read_wrongness();
  const long long since = (time.tv_sec - kStart) * 1000 + time.tv_nsec / 1'000'000;
  const long long ms = wrong.offset_ms + since * (wrong.seconds_in_thousand - 1000) / 1000;
  const long long ns = time.tv_nsec + (ms % 1000) * 1'000'000;
  time.tv_sec += ms / 1000 + (ns >= kNsInSecond ? 1 : 0) - (ns < 0 ? 1 : 0);
  time.tv_nsec = ns >= kNsInSecond ? ns - kNsInSecond : (ns < 0 ? ns + kNsInSecond : ns);
}

}  // namespace

void watch_wall_clock(const std::filesystem::path& member) {
  // Never given back: clocks are read until the process is gone.
  clock_file() = new std::string((member / kClockFile).string());
}

}  // namespace tests::torture

// The program's own definitions stand before those of the libraries, for all that it loads too.
extern "C" {

int clock_gettime(clockid_t clock, timespec* into) noexcept {
  const int result = tests::torture::real_time(clock, into);
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result == 0 && is_wall) tests::torture::make_wrong(*into);
  return result;
}

int gettimeofday(timeval* into, void*) noexcept {
  timespec time{};
  const int result = clock_gettime(CLOCK_REALTIME, &time);
  into->tv_sec = time.tv_sec;
  into->tv_usec = time.tv_nsec / 1000;
  return result;
}

time_t time(time_t* into) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
