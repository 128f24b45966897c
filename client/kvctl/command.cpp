#include "client/kvctl/command.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "client/kvctl/context.hpp"
#include "gms/model/assert.hpp"

namespace kvctl {
namespace {

client::Result<ExitCode> run_version(Context& context) {
  context.printer().print_one({{"version"}, {{std::string(KVCTL_VERSION)}}});
  return ExitCode::done;
}

}  // namespace

std::vector<Command> all_commands() {
  std::vector<Command> all;
  for (auto* group :
       {key_commands, bulk_commands, snapshot_commands, group_commands, member_commands,
        event_commands, verify_commands, bench_commands, local_commands}) {
    auto commands = group();
    std::ranges::move(commands, std::back_inserter(all));
  }
  all.push_back({"version",
                 "Print the version of this program",
                 Effect::reads,
                 {},
                 {},
                 run_version,
                 Scope::this_machine});
  return all;
}

std::string_view help_of_group(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kHelp{
      {{"snapshot", "Save all data to a file, and say what is in one"},
       {"view", "Who is in the group, and who was"},
       {"member", "Show the members; add, replace, remove and move them"},
       {"bench", "Measure writes and reads"},
       {"local", "Run a cluster on this machine"}}};
  const auto found = std::ranges::find(kHelp, name, [](const auto& help) { return help.first; });
  GMS_ASSERT(found != kHelp.end(), "help_of_group: a group that there is");
  return found->second;
}

const std::vector<Option>& global_options() {
  static const std::vector<Option> kOptions = {
      {"-e,--endpoints", OptionKind::text,
       "Client addresses of members, host:port,… "
       "(KVCTL_ENDPOINTS); else the cluster of --dir, else 127.0.0.1:7400",
       ""},
      {"-o,--output", OptionKind::text,
       "table, plain, json, jsonl or raw (table on a terminal, else plain)", ""},
      {"--timeout", OptionKind::duration,
       "Give up after this time, such as 250ms (5s, of local 60s)", ""},
      {"-q,--quiet", OptionKind::flag, "Print data and errors alone", ""},
      {"-v,--verbose", OptionKind::flag, "Print more", ""},
      {"--color", OptionKind::text, "auto, always or never (auto)", ""},
      {"--dir", OptionKind::text, "Directory of the cluster on this machine (.groupkv)", ""},
      {"--base-port", OptionKind::number,
       "Client ports of a new cluster on this machine follow it, peer ports are 100 above those "
       "(7400)",
       ""},
  };
  return kOptions;
}

}  // namespace kvctl
