#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "tests/simulation/run.hpp"

namespace {

using namespace tests::simulation;

/// What the command line asks for.
struct Request {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  std::uint64_t seconds = 30;
  std::uint64_t jobs = 1;
  bool trace = false;
  bool twice = false;
  bool list_options = false;
  bool reach_all = false;
};

/// What an abort in this thread says: a signal handler may only write what is ready.
thread_local char replay_line[160];

void prepare_replay_line(const Request& request, std::uint64_t seed) {
  std::snprintf(
      replay_line, sizeof replay_line, "replay: build/bin/simulate --seed %llu --seconds %llu\n",
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(request.seconds));
}

extern "C" void on_abort(int) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, replay_line, std::strlen(replay_line));
  std::signal(SIGABRT, SIG_DFL);
}

bool parse_range(const std::string& text, Request& request) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, request.first);
  if (first.ec != std::errc()) return false;
  request.last = request.first;
  if (first.ptr == end) return true;
  if (end - first.ptr < 3 || std::string_view(first.ptr, 2) != "..") return false;
  const auto last = std::from_chars(first.ptr + 2, end, request.last);
  return last.ec == std::errc() && last.ptr == end && request.first <= request.last;
}

/// Plays seeds until all are played or one fails.
class Campaign {
 public:
  explicit Campaign(const Request& request) : request_(request), next_(request.first) {}

  void work() {
    while (!failed_) {
      const std::uint64_t seed = next_++;
      if (seed > request_.last) return;
      play(seed);
    }
  }

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] const Statistics& statistics() const { return total_; }

 private:
  void play(std::uint64_t seed) {
    prepare_replay_line(request_, seed);
    const Options options = expand(seed);
    const RunSettings settings{std::chrono::seconds(request_.seconds), request_.trace};
    const RunResult result = run(options, settings);
    if (result.violation) return fail(options, *result.violation, result.at);
    if (request_.twice) {
      const RunResult again = run(options, settings);
      if (again.trace_hash != result.trace_hash)
        return fail(options, {"determinism", "the same seed gave two different runs"}, result.at);
    }
    const std::lock_guard lock(mutex_);
    total_ += result.statistics;
  }

  void fail(const Options& options, const Violation& violation, VirtualTime at) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    std::fprintf(stderr, "seed %llu: %s violated at %.3f ms: %s\noptions:\n%s%s",
                 static_cast<unsigned long long>(options.seed), violation.invariant.c_str(),
                 static_cast<double>(at.count()) / 1000.0, violation.detail.c_str(),
                 describe(options).c_str(), replay_line);
  }

  const Request request_;
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  Statistics total_;
};

int play(const Request& request) {
  std::signal(SIGABRT, on_abort);
  Campaign campaign(request);
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;
  for (std::uint64_t job = 1; job < request.jobs; ++job)
    workers.emplace_back([&] { campaign.work(); });
  campaign.work();
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  std::fputs(summary(campaign.statistics(), elapsed).c_str(), stdout);
  if (campaign.failed()) return 1;
  if (!request.reach_all) return 0;
  const std::vector<std::string> missing = not_reached(campaign.statistics());
  for (const std::string& what : missing) std::fprintf(stderr, "not reached: %s\n", what.c_str());
  return missing.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plays seeded lives of a simulated group and checks every invariant.");
  Request request;
  std::string seeds = "1..100";
  app.add_option("--seeds,--seed", seeds, "A seed, or a range A..B")->capture_default_str();
  app.add_option("--seconds", request.seconds, "Simulated seconds a seed")
      ->capture_default_str()
      ->check(CLI::Range(5, 86'400));
  app.add_option("--jobs", request.jobs, "Seeds played at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_flag("--trace", request.trace, "Print every event");
  app.add_flag("--twice", request.twice, "Play each seed twice and compare the runs");
  app.add_flag("--reach-all", request.reach_all,
               "Fail unless everything that sometimes has to happen did");
  app.add_flag("--list-options", request.list_options, "Print what the seeds stand for");
  CLI11_PARSE(app, argc, argv);
  if (!parse_range(seeds, request)) {
    std::fprintf(stderr, "error: --seeds takes a number or a range such as 1..300\n");
    return 2;
  }
  if (!request.list_options) return play(request);
  for (std::uint64_t seed = request.first; seed <= request.last; ++seed)
    std::fputs(describe(expand(seed)).c_str(), stdout);
  return 0;
}
