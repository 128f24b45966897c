// How many ordered multicasts three members deliver, what one costs, and how long one takes.
//
//     multicast_bench [--senders leader,follower,all] [--bytes 64,256,4096,65536]
//                     [--outstanding 500,1] [--durability memory,disk] [--seconds 2] [--rounds 1]
//
// The members are three processes on loopback. `outstanding` is for each sender, and at most 4 MB.
// Beside it another group can be measured in turn, whose members are given as commands that take
// the lines of benchmarks/multicast_member.hpp; benchmarks/compare/multicast does so.

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <thread>

#include "benchmarks/member_process.hpp"
#include "benchmarks/multicast_member.hpp"

namespace benchmarks {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::size_t kMembers = 3;
constexpr std::size_t kOutstandingBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kHistoryEntries = 1024;
constexpr std::size_t kHistoryBytes = 8 * 1024 * 1024;
constexpr std::chrono::seconds kAnswerLimit{30};
constexpr Seconds kWarmUp{0.5};

struct Plan {
  std::vector<std::string> senders{"leader", "follower", "all"};
  std::vector<std::size_t> bytes{64, 256, 4096, 65536};
  std::vector<std::size_t> outstanding{500, 1};
  std::vector<std::string> durability{"memory", "disk"};
  double seconds = 2;
  std::size_t rounds = 1;
  std::string directory;
  std::vector<std::string> beside;
  std::vector<pid_t> beside_processes;
};

/// One kind of load.
struct Load {
  std::string senders;
  std::size_t bytes = 0;
  std::size_t outstanding = 0;

  /// Whether the member in that place multicasts. The first one founded the group and leads it.
  [[nodiscard]] bool sends(std::size_t place) const {
    return senders == "all" || place == (senders == "leader" ? 0U : 1U);
  }
  [[nodiscard]] std::size_t outstanding_each() const {
    return std::min(outstanding, std::max<std::size_t>(kOutstandingBytesMax / bytes, 1));
  }
};

struct Figures {
  double per_second = 0;
  double processor_us = 0;
  /// Zero unless one was under way at a time.
  double median_ms = 0;
};

/// Members that run, and the processes whose time on a processor is theirs.
struct Running {
  std::vector<std::unique_ptr<MemberProcess>> members;
  std::vector<pid_t> processes;
};

[[noreturn]] void fail(const std::string& why) {
  std::cerr << "multicast_bench: " << why << '\n';
  std::exit(1);
}

std::string hear(MemberProcess& member, const std::string& word) {
  const auto heard = member.hear(word, kAnswerLimit);
  if (!heard) fail("a member did not say '" + word + "'");
  return *heard;
}

void wait_until_ready(Running& running) {
  for (const auto& member : running.members) {
    hear(*member, "ready");
    running.processes.push_back(member->pid());
  }
}

Running start_members(const std::string& durability, const std::filesystem::path& directory) {
  Running out;
  std::string first;
  for (std::size_t place = 0; place < kMembers; ++place) {
    const std::string name = "m" + std::to_string(place + 1);
    std::vector<std::string> command{"/proc/self/exe", "member",      "--name", name,
                                     "--listen",       free_address()};
    if (durability == "disk") command.insert(command.end(), {"--data", directory / name});
    if (!first.empty()) command.insert(command.end(), {"--join", first});
    out.members.push_back(std::make_unique<MemberProcess>(command));
    const std::string address = hear(*out.members.back(), "address");
    if (first.empty()) first = address;
  }
  wait_until_ready(out);
  return out;
}

Running start_beside(const Plan& plan) {
  Running out;
  for (const std::string& command : plan.beside) {
    std::istringstream words(command);
    const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
    out.members.push_back(std::make_unique<MemberProcess>(arguments));
  }
  wait_until_ready(out);
  out.processes.insert(out.processes.end(), plan.beside_processes.begin(),
                       plan.beside_processes.end());
  return out;
}

/// What all have delivered so far, on average, and the median time of the senders' own.
struct Count {
  Clock::time_point at;
  std::chrono::nanoseconds processor{0};
  double messages = 0;
  double median_ns = 0;
};

Count count(Running& running, const Load& load) {
  Count out;
  for (const auto& member : running.members) member->tell("count");
  out.at = Clock::now();
  out.processor = processor_time(running.processes);
  for (std::size_t place = 0; place < kMembers; ++place) {
    std::istringstream answer(hear(*running.members[place], "count"));
    double messages = 0;
    double median_ns = 0;
    answer >> messages >> median_ns;
    out.messages += messages / kMembers;
    if (load.sends(place)) out.median_ns = std::max(out.median_ns, median_ns);
  }
  return out;
}

Figures measure(Running& running, const Load& load, double seconds) {
  for (std::size_t place = 0; place < kMembers; ++place) {
    const std::size_t outstanding = load.sends(place) ? load.outstanding_each() : 0;
    running.members[place]->tell("run " + std::to_string(load.bytes) + ' ' +
                                 std::to_string(outstanding));
  }
  std::this_thread::sleep_for(kWarmUp);
  const Count before = count(running, load);
  std::this_thread::sleep_for(Seconds(seconds));
  const Count after = count(running, load);
  for (const auto& member : running.members) member->tell("stop");
  for (const auto& member : running.members) hear(*member, "stopped");
  const double messages = std::max(after.messages - before.messages, 1.0);
  const auto processor = after.processor - before.processor;
  return {messages / Seconds(after.at - before.at).count(),
          static_cast<double>(processor.count()) / 1e3 / messages, after.median_ns / 1e6};
}

double median(const std::vector<Figures>& rounds, double Figures::* field) {
  std::vector<double> values;
  for (const Figures& round : rounds) values.push_back(round.*field);
  std::ranges::sort(values);
  return values[values.size() / 2];
}

Figures medians(const std::vector<Figures>& rounds) {
  return {median(rounds, &Figures::per_second), median(rounds, &Figures::processor_us),
          median(rounds, &Figures::median_ms)};
}

void print(const Figures& figures) {
  std::cout << std::fixed << std::setw(12) << std::setprecision(0) << figures.per_second
            << std::setw(10) << std::setprecision(2) << figures.processor_us << std::setw(9)
            << std::setprecision(3) << figures.median_ms;
}

void print_heading(bool compares) {
  std::cout << "durability senders    bytes outstanding   gms/s       CPU us   p50 ms";
  if (compares) std::cout << "   beside/s       CPU us   p50 ms  rate x   CPU x   p50 x";
  std::cout << '\n';
}

void run_load(const Plan& plan, const Load& load, Running& own, Running* beside) {
  std::vector<Figures> own_rounds;
  std::vector<Figures> beside_rounds;
  for (std::size_t round = 0; round < plan.rounds; ++round) {
    own_rounds.push_back(measure(own, load, plan.seconds));
    if (beside != nullptr) beside_rounds.push_back(measure(*beside, load, plan.seconds));
  }
  std::cout << std::left << std::setw(9) << load.senders << std::right << std::setw(7) << load.bytes
            << std::setw(8) << load.outstanding_each();
  const Figures figures = medians(own_rounds);
  print(figures);
  if (beside != nullptr) {
    const Figures other = medians(beside_rounds);
    print(other);
    std::cout << std::setprecision(2) << std::setw(8) << figures.per_second / other.per_second
              << std::setw(8) << figures.processor_us / other.processor_us;
    if (other.median_ms > 0) std::cout << std::setw(8) << figures.median_ms / other.median_ms;
  }
  std::cout << std::endl;
}

void run_loads(const Plan& plan, const std::string& durability, Running* beside) {
  std::string directory = plan.directory + "/multicast-bench-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) fail("cannot make " + directory);
  {
    Running own = start_members(durability, directory);
    for (const std::string& senders : plan.senders)
      for (const std::size_t bytes : plan.bytes)
        for (const std::size_t outstanding : plan.outstanding) {
          std::cout << std::left << std::setw(11) << durability;
          run_load(plan, {senders, bytes, outstanding}, own, beside);
        }
  }
  std::filesystem::remove_all(directory);
}

void run(const Plan& plan) {
  Running beside;
  if (!plan.beside.empty()) beside = start_beside(plan);
  print_heading(!plan.beside.empty());
  for (const std::string& durability : plan.durability)
    run_loads(plan, durability, plan.beside.empty() ? nullptr : &beside);
}

/// Batches and receive buffers are of megabytes, which malloc would take from the system afresh
/// each time and fill with zeros: it keeps what is freed instead.
void keep_freed_memory() {
  (void)mallopt(M_MMAP_THRESHOLD, 32 * 1024 * 1024);
  (void)mallopt(M_TRIM_THRESHOLD, 64 * 1024 * 1024);
}

int be_member(gms::GroupOptions options) {
  keep_freed_memory();
  options.durability = options.directory.empty() ? gms::Durability::memory : gms::Durability::disk;
  // Nobody comes back to be sent what it missed: a short history will do.
  options.config.retain_entries = kHistoryEntries;
  options.config.retain_bytes = options.config.tail_bytes_max = kHistoryBytes;
  if (options.durability == gms::Durability::disk)
    if (const auto made = gms::initialise(options); !made) fail(made.error().detail);
  return run_multicast_member(options);
}

}  // namespace
}  // namespace benchmarks

int main(int argc, char** argv) {
  benchmarks::Plan plan;
  plan.directory = std::filesystem::temp_directory_path();
  CLI::App app("Ordered multicasts of three members");
  app.add_option("--senders", plan.senders, "leader, follower, all")->delimiter(',');
  app.add_option("--bytes", plan.bytes, "Sizes of a message")->delimiter(',');
  app.add_option("--outstanding", plan.outstanding, "Under way for each sender")->delimiter(',');
  app.add_option("--durability", plan.durability, "memory, disk")->delimiter(',');
  app.add_option("--seconds", plan.seconds, "How long each load runs (2)");
  app.add_option("--rounds", plan.rounds, "Figures are medians of so many (1)");
  app.add_option("--directory", plan.directory, "Where members with disks keep their logs");
  app.add_option("--beside", plan.beside, "The command of a member of another group, three times");
  app.add_option("--beside-process", plan.beside_processes, "Whose CPU time is that group's too");
  gms::GroupOptions member;
  CLI::App* const as_member = app.add_subcommand("member", "One member; started by the program");
  as_member->add_option("--name", member.name);
  as_member->add_option("--listen", member.listen_address);
  as_member->add_option("--join", member.join_addresses);
  std::string data;
  as_member->add_option("--data", data);
  CLI11_PARSE(app, argc, argv);
  member.directory = data;
  if (as_member->parsed()) return benchmarks::be_member(member);
  benchmarks::run(plan);
  return 0;
}
