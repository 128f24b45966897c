#include "tests/simulation/statistics.hpp"

#include <iomanip>
#include <sstream>

namespace tests::simulation {
namespace {

constexpr std::array<const char*, kFaultClasses> kFaultNames{"crash",
                                                             "crash of the leader",
                                                             "crash loop",
                                                             "crash between effects",
                                                             "power loss",
                                                             "pause",
                                                             "partition",
                                                             "one-way link",
                                                             "clog",
                                                             "reset",
                                                             "drop by type",
                                                             "disk stall",
                                                             "disk full",
                                                             "sync failure",
                                                             "leave",
                                                             "replace a member that left",
                                                             "transfer",
                                                             "evict",
                                                             "maintenance",
                                                             "wipe",
                                                             "candidate cut off",
                                                             "message lost",
                                                             "message doubled",
                                                             "message from the graveyard"};

constexpr std::array<const char*, kSometimes> kSometimesNames{
    "three candidates in an epoch",
    "entries truncated",
    "a view truncated",
    "a commit without the leader's disk",
    "an old epoch's entry on a majority, not committed",
    "a transfer done",
    "a transfer aborted",
    "a member joined",
    "a member joined in a new incarnation",
    "a member left",
    "a member marked down",
    "a member marked up",
    "a member excluded",
    "a process found dead",
    "a stall noticed",
    "a multicast dropped",
    "a copy of a call not executed",
    "an old message after a change of epoch",
    "entries read from the log",
    "unsynced orders lost",
    "a read while the view changed",
    "a member evicted",
    "a view at the floor by an eviction",
    "a view of five shrunk to three",
    "a view of three regrown to five",
    "a member evicted alive and back without a wipe",
    "a joiner with a higher epoch",
    "a dead member replaced",
    "a maintenance began",
    "a log trimmed",
    "a snapshot installed in place of the log",
    "a snapshot installed with the log's tail kept",
    "a snapshot installed while a view was uncommitted",
    "a snapshot dropped",
    "a snapshot fetched over a change of leader"};

}  // namespace

Statistics& Statistics::operator+=(const Statistics& other) {
  seeds += other.seeds;
  events += other.events;
  messages += other.messages;
  elections += other.elections;
  view_changes += other.view_changes;
  boots += other.boots;
  delivered += other.delivered;
  calls += other.calls;
  calls_ok += other.calls_ok;
  calls_unknown += other.calls_unknown;
  calls_failed += other.calls_failed;
  image_checks += other.image_checks;
  inconclusive += other.inconclusive;
  simulated += other.simulated;
  for (std::size_t i = 0; i < kFaultClasses; ++i) faults[i] += other.faults[i];
  for (std::size_t i = 0; i < kSometimes; ++i) sometimes[i] += other.sometimes[i];
  return *this;
}

std::string summary(const Statistics& statistics, std::chrono::duration<double> elapsed) {
  std::ostringstream out;
  const double seconds = elapsed.count();
  const double hours =
      std::chrono::duration<double, std::ratio<3600>>(statistics.simulated).count();
  out << std::fixed << std::setprecision(2) << "seeds " << statistics.seeds << ", simulated hours "
      << hours << ", events " << statistics.events << ", " << seconds << " s";
  if (seconds > 0)
    out << ", events/s "
        << static_cast<std::uint64_t>(static_cast<double>(statistics.events) / seconds);
  out << "\nmessages " << statistics.messages << ", elections " << statistics.elections
      << ", view changes " << statistics.view_changes << ", boots " << statistics.boots
      << ", deliveries " << statistics.delivered << ", disk images checked "
      << statistics.image_checks << "\noperations " << statistics.calls << ": ok "
      << statistics.calls_ok << ", unknown " << statistics.calls_unknown << ", failed "
      << statistics.calls_failed << "; histories given up " << statistics.inconclusive
      << "\nfaults:";
  for (std::size_t i = 0; i < kFaultClasses; ++i)
    out << (i == 0 ? " " : ", ") << kFaultNames[i] << ' ' << statistics.faults[i];
  out << "\nsometimes:";
  for (std::size_t i = 0; i < kSometimes; ++i)
    out << (i == 0 ? " " : ", ") << kSometimesNames[i] << ' ' << statistics.sometimes[i];
  out << '\n';
  return out.str();
}

}  // namespace tests::simulation
