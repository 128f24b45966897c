#include "tests/simulation/statistics.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

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
                                                             "a state flipped",
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
    "a snapshot fetched over a change of leader",
    "two views of one number in two logs",
    "a leader that began with an uncommitted view",
    "a copy of a call after a change of leader",
    "a leader's request to take over that came too late",
    "a process killed while it fetched a snapshot",
    "a follower found to have diverged",
    "a leader found to have diverged",
    "a state mended",
    "a state found damaged by its member"};

/// Too rare for a corpus. README.md names the tests that tell them.
constexpr std::array kToldElsewhere{
    Sometimes::joiner_ahead, Sometimes::snapshot_installed_with_a_tail,
    Sometimes::killed_while_fetching, Sometimes::fetch_went_on_over_a_leader_change};

/// Messages that runs are full of, so that old ones of each kind have to come: those of
/// replication and liveness.
constexpr std::size_t kFirstFrequent = 4;
constexpr std::size_t kFrequentEnd = 8;
static_assert(std::is_same_v<std::variant_alternative_t<kFirstFrequent, gms::core::MessageBody>,
                             gms::core::Append>);
static_assert(std::is_same_v<std::variant_alternative_t<kFrequentEnd - 1, gms::core::MessageBody>,
                             gms::core::HeartbeatReply>);

/// The name of the message type that stands at `index` in MessageBody.
template <std::size_t... Is>
std::string_view type_name(std::size_t index, std::index_sequence<Is...>) {
  static const std::array<gms::core::MessageBody, sizeof...(Is)> kOneOfEach{
      gms::core::MessageBody(std::in_place_index<Is>)...};
  return gms::core::name_of(kOneOfEach[index]);
}

std::string_view type_name(std::size_t index) {
  return type_name(index, std::make_index_sequence<kMessageTypes>());
}

}  // namespace

std::vector<std::string> not_reached(const Statistics& statistics) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kSometimes; ++i) {
    const bool told = std::find(kToldElsewhere.begin(), kToldElsewhere.end(),
                                static_cast<Sometimes>(i)) != kToldElsewhere.end();
    if (!told && statistics.sometimes[i] == 0) out.emplace_back(kSometimesNames[i]);
  }
  for (std::size_t i = kFirstFrequent; i < kFrequentEnd; ++i)
    if (statistics.old_messages[i] == 0)
      out.push_back("an old " + std::string(type_name(i)) + " after a change of epoch");
  return out;
}

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
  for (std::size_t i = 0; i < kMessageTypes; ++i) old_messages[i] += other.old_messages[i];
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
  out << "\nold messages:";
  for (std::size_t i = 0; i < kMessageTypes; ++i)
    out << (i == 0 ? " " : ", ") << type_name(i) << ' ' << statistics.old_messages[i];
  out << '\n';
  return out.str();
}

}  // namespace tests::simulation
