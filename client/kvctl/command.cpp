#include "client/kvctl/command.hpp"

#include <iterator>

#include "client/kvctl/context.hpp"

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
  all.push_back(
      {"version", "Print the version of this program", Effect::reads, {}, {}, run_version});
  return all;
}

const std::vector<Option>& global_options() {
  static const std::vector<Option> kOptions = {
      {"-e,--endpoints", OptionKind::text,
       "Client addresses of members, host:port,… "
       "(KVCTL_ENDPOINTS); else the cluster of --dir, else 127.0.0.1:7400",
       ""},
      {"-o,--output", OptionKind::text, "table, plain, json, jsonl or raw", ""},
      {"--timeout", OptionKind::duration, "Give up after this time, such as 5s or 250ms", ""},
      {"-q,--quiet", OptionKind::flag, "Print data and errors alone", ""},
      {"-v,--verbose", OptionKind::flag, "Print more", ""},
      {"--color", OptionKind::text, "auto, always or never", ""},
      {"--dir", OptionKind::text, "Directory of the cluster on this machine (.groupkv)", ""},
      {"--base-port", OptionKind::number,
       "Client ports of a new cluster on this machine follow it, peer ports are 100 above those "
       "(7400)",
       ""},
  };
  return kOptions;
}

}  // namespace kvctl
