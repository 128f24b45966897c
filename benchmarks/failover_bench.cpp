// How long a group is without writes when its leader is killed, or stopped.
//
//     failover_bench [--kills 30] [--pauses 0] [--writers 16] [-o json]
//
// Three replicas run on this machine under load. The leader is killed with SIGKILL; the time ends
// with the acknowledgement of a write that a client began after the kill, so that only another
// member can have taken it. The killed replica is started again, and the next kill waits until all
// are up in one view. A pause stops the leader with SIGSTOP instead, and lets it go on afterwards.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

#include "benchmarks/local_members.hpp"
#include "gms/model/bytes.hpp"

namespace benchmarks {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;
using kvctl::LocalMember;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::chrono::seconds kWriteDeadline{20};
/// Of load before each kill, so that the group is in the middle of its work.
constexpr std::chrono::milliseconds kLoadBefore{300};

client::WriteOptions write_options() {
  client::WriteOptions options;
  options.deadline = kWriteDeadline;
  return options;
}

/// Writes one after another in each of several places, until it is stopped.
class Load {
 public:
  Load(const client::Options& options, std::size_t writers) : client_(options) {
    under_way_ = writers;
    for (std::size_t i = 0; i < writers; ++i) write(i);
  }
  ~Load() {
    stopping_ = true;
    ended_.get_future().wait();
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }

 private:
  void write(std::size_t place) {
    const std::string key = "load/" + std::to_string(place);
    client_.put(key, std::string(256, 'v'), write_options(),
                [this, place](const Result<client::WriteReply>& reply) {
                  ++(reply ? acknowledged_ : failed_);
                  if (!stopping_) return write(place);
                  if (--under_way_ == 0) ended_.set_value();
                });
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> under_way_{0};
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::promise<void> ended_;
  // Last, so that nothing calls back into what is gone.
  client::Client client_;
};

/// How long each fault of one kind kept writers waiting.
struct Series {
  std::vector<double> milliseconds;

  [[nodiscard]] double percentile(double share) const {
    if (milliseconds.empty()) return 0;
    std::vector<double> sorted = milliseconds;
    std::ranges::sort(sorted);
    const auto rank = std::ceil(share * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  }
};

/// What is printed, in order. Times have one digit after the point.
using Figures = std::vector<std::pair<std::string, std::string>>;

std::string with_tenths(double value) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << value;
  return out.str();
}

std::string list_of(const Series& series) {
  std::string out;
  for (const double value : series.milliseconds)
    out += (out.empty() ? "" : ",") + with_tenths(value);
  return '[' + out + ']';
}

void add(Figures& figures, const std::string& prefix, const Series& series) {
  figures.emplace_back(prefix + "median_ms", with_tenths(series.percentile(0.5)));
  figures.emplace_back(prefix + "p90_ms", with_tenths(series.percentile(0.9)));
  figures.emplace_back(prefix + "max_ms", with_tenths(series.percentile(1)));
  figures.emplace_back(prefix + "each_ms", list_of(series));
}

class Failover {
 public:
  Failover(LocalMembers& members, std::size_t writers)
      : members_(members),
        load_(members.client_options(), writers),
        probe_(members.client_options()) {}

  [[nodiscard]] Result<void> kill_leader() { return strike(SIGKILL, kills_); }
  [[nodiscard]] Result<void> pause_leader() { return strike(SIGSTOP, pauses_); }

  [[nodiscard]] Figures figures() const {
    Figures out{{"kills", std::to_string(kills_.milliseconds.size())}};
    add(out, "", kills_);
    out.emplace_back("pauses", std::to_string(pauses_.milliseconds.size()));
    if (!pauses_.milliseconds.empty()) add(out, "pause_", pauses_);
    out.emplace_back("acknowledged", std::to_string(load_.acknowledged()));
    out.emplace_back("failed", std::to_string(load_.failed()));
    return out;
  }

 private:
  [[nodiscard]] Result<void> strike(int signal, Series& series) {
    // The probe's connections stand, as those of a client do that wrote just now.
    if (auto ready = probe_.put("probe", "ready"); !ready) return ready.error();
    const auto leader = members_.leader();
    if (!leader) return leader.error();
    std::this_thread::sleep_for(kLoadBefore);
    const auto process = kvctl::process_of(*leader);
    if (!process) return Error{ErrorCode::not_found, leader->name + " does not run"};
    const auto began = Clock::now();
    if (auto sent = kvctl::send_signal(*process, signal); !sent) return sent;
    const auto written = probe_.put("probe", "written", write_options());
    const auto ended = Clock::now();
    if (!written) return written.error();
    series.milliseconds.push_back(Milliseconds(ended - began).count());
    return mend(*leader, *process, signal);
  }

  [[nodiscard]] Result<void> mend(const LocalMember& member, const kvctl::ProcessId& process,
                                  int signal) {
    if (signal == SIGSTOP) {
      if (auto sent = kvctl::send_signal(process, SIGCONT); !sent) return sent;
    } else {
      if (!kvctl::wait_for_end(process, std::chrono::seconds(5)))
        return Error{ErrorCode::io, member.name + " survived SIGKILL"};
      if (auto started = members_.cluster().start(member); !started) return started;
    }
    return members_.wait_until_up();
  }

  LocalMembers& members_;
  Load load_;
  client::Client probe_;
  Series kills_;
  Series pauses_;
};

struct Plan {
  int kills = 30;
  int pauses = 0;
  std::size_t writers = 16;
  std::uint16_t base_port = 17800;
  std::string output = "plain";
};

Result<Figures> run(const Plan& plan) {
  const auto members = LocalMembers::start(3, plan.base_port);
  if (!members) return members.error();
  Failover failover(**members, plan.writers);
  for (int i = 0; i < plan.kills; ++i)
    if (auto done = failover.kill_leader(); !done) return done.error();
  for (int i = 0; i < plan.pauses; ++i)
    if (auto done = failover.pause_leader(); !done) return done.error();
  return failover.figures();
}

void print(const Figures& figures, const std::string& output) {
  const bool is_json = output == "json";
  std::string out;
  for (const auto& [name, value] : figures)
    out += is_json ? (out.empty() ? "" : ",") + ('"' + name + "\":" + value)
                   : name + ' ' + value + '\n';
  std::cout << (is_json ? '{' + out + "}\n" : out);
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Plan plan;
  CLI::App app("Time without writes when the leader is killed or paused");
  app.add_option("--kills", plan.kills, "Kills of the leader (30)");
  app.add_option("--pauses", plan.pauses, "Pauses of the leader (0)");
  app.add_option("--writers", plan.writers, "Writes under way all the time (16)");
  app.add_option("--base-port", plan.base_port, "Client ports follow it (17800)");
  app.add_option("-o,--output", plan.output, "plain or json");
  CLI11_PARSE(app, argc, argv);
  const auto figures = benchmarks::run(plan);
  if (!figures) {
    std::cerr << "failover_bench: " << figures.error().detail << '\n';
    return 1;
  }
  benchmarks::print(*figures, plan.output);
  return 0;
}
