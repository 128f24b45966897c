#include <gtest/gtest.h>

#include <sstream>

#include "kvstore/server/command_line.hpp"
#include "kvstore/server/setting_table.hpp"
#include "kvstore/server/setting_values.hpp"

namespace kvstore::server {
namespace {

using namespace std::chrono_literals;
using gms::model::Result;
using ::testing::Test;

Result<void> read_file(const std::string& text, Settings& settings) {
  std::istringstream file(text);
  return apply_file(file, "kvd.toml", settings);
}

Command parsed(std::vector<const char*> arguments) {
  auto result = parse_command_line(arguments);
  EXPECT_TRUE(std::holds_alternative<Command>(result));
  return std::get<Command>(std::move(result));
}

std::string refusal(std::vector<const char*> arguments) {
  const auto result = parse_command_line(arguments);
  const auto* failure = std::get_if<Failure>(&result);
  if (failure == nullptr) return "accepted";
  EXPECT_EQ(failure->code, ExitCode::usage);
  return failure->what;
}

TEST(SettingValues, DurationsHaveAUnit) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("5s"), 5s);
  EXPECT_EQ(*parse_duration("10min"), 10min);
  EXPECT_EQ(*parse_duration("10m"), 10min);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("0"), 0ms);
  for (const char* wrong : {"", "5", "s", "5 s", "-5s", "5sec", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(wrong).has_value()) << wrong;
}

TEST(SettingValues, SizesCountInPowersOfTwo) {
  EXPECT_EQ(*parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(*parse_size("512"), 512u);
  for (const char* wrong : {"", "64MB", "1.5GiB", "MiB", "99999999999GiB"})
    EXPECT_FALSE(parse_size(wrong).has_value()) << wrong;
}

TEST(SettingTable, EveryValueCanBeReadBackAsItIsShown) {
  for (const Setting& setting : setting_table()) {
    Settings settings;
    const std::string shown = value_text(setting, settings);
    ASSERT_TRUE(assign(setting, settings, shown).has_value()) << file_name(setting);
    EXPECT_EQ(value_text(setting, settings), shown) << file_name(setting);
  }
}

TEST(SettingTable, NamesASettingForEachSource) {
  const Setting* heartbeat = nullptr;
  for (const Setting& setting : setting_table())
    if (setting.key == "heartbeat") heartbeat = &setting;
  ASSERT_NE(heartbeat, nullptr);
  EXPECT_EQ(flag_name(*heartbeat), "--gms-heartbeat");
  EXPECT_EQ(environment_name(*heartbeat), "KVD_GMS_HEARTBEAT");
  EXPECT_EQ(file_name(*heartbeat), "gms.heartbeat");
}

TEST(SettingSources, AFileHasTablesAndEitherSpelling) {
  Settings settings;
  const auto read = read_file(
      "name = \"n1\"\n"
      "listen_client = \"127.0.0.1:9\"\n"
      "join = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n"
      "insecure = true\n"
      "[gms]\n"
      "election-min = \"700ms\"  # slow\n"
      "[storage]\n"
      "memtable_bytes = \"16MiB\"\n",
      settings);
  ASSERT_TRUE(read.has_value()) << read.error().detail;
  EXPECT_EQ(settings.name, "n1");
  EXPECT_EQ(settings.listen_client, "127.0.0.1:9");
  EXPECT_EQ(settings.join, (std::vector<std::string>{"127.0.0.1:1", "127.0.0.1:2"}));
  EXPECT_EQ(settings.exposure, Exposure::anywhere);
  EXPECT_EQ(settings.group.config.election_min, 700ms);
  EXPECT_EQ(settings.storage.memtable_bytes, 16u << 20);
}

TEST(SettingSources, TheEvictionModeIsAWord) {
  Settings settings;
  ASSERT_TRUE(read_file("[gms]\nevict-mode = \"eager\"\n", settings).has_value());
  EXPECT_EQ(settings.group.config.evict_mode, gms::core::EvictMode::eager);
  const auto wrong = read_file("[gms]\nevict-mode = \"never\"\n", settings);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().detail.find("neither paired nor eager"), std::string::npos);
}

TEST(SettingSources, AnUnknownKeyIsAnErrorThatNamesTheNearest) {
  Settings settings;
  const auto file = read_file("[gms]\nheartbeet = \"1s\"\n", settings);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().detail,
            "kvd.toml: unknown setting 'gms.heartbeet'; did you mean 'gms.heartbeat'?");
  const std::array<std::string_view, 2> environment{"HOME=/", "KVD_LISTN_PEER=x"};
  const auto variable = apply_environment(environment, settings);
  ASSERT_FALSE(variable.has_value());
  EXPECT_EQ(variable.error().detail,
            "environment: unknown setting 'KVD_LISTN_PEER'; did you mean 'KVD_LISTEN_PEER'?");
}

TEST(SettingSources, AWrongValueNamesItsPlace) {
  Settings settings;
  const auto file = read_file("[limits]\nsession-ttl = 5\n", settings);
  ASSERT_FALSE(file.has_value());
  EXPECT_TRUE(file.error().detail.starts_with("kvd.toml: limits.session-ttl: '5' is not"))
      << file.error().detail;
}

TEST(CommandLine, AFlagIsStrongerThanTheEnvironment) {
  const Command command = parsed({"run", "--data", "/nowhere", "--listen-peer", "127.0.0.1:3"});
  const std::array<std::string_view, 2> environment{"KVD_LISTEN_PEER=127.0.0.1:2",
                                                    "KVD_LISTEN_CLIENT=127.0.0.1:1"};
  const auto settings = gather_settings(command, environment);
  ASSERT_TRUE(std::holds_alternative<Settings>(settings));
  EXPECT_EQ(std::get<Settings>(settings).listen_peer, "127.0.0.1:3");
  EXPECT_EQ(std::get<Settings>(settings).listen_client, "127.0.0.1:1");
  EXPECT_EQ(std::get<Settings>(settings).data, "/nowhere");
}

TEST(CommandLine, AFileThatIsNotThereIsAnError) {
  const auto settings = gather_settings(parsed({"run", "--config", "/nowhere/kvd.toml"}), {});
  ASSERT_TRUE(std::holds_alternative<Failure>(settings));
  EXPECT_EQ(std::get<Failure>(settings).what, "cannot read /nowhere/kvd.toml");
}

TEST(CommandLine, NamesTheNearestOptionOfAnUnknownOne) {
  EXPECT_EQ(refusal({"run", "--lissten-peer", "x"}),
            "unknown option '--lissten-peer'; did you mean '--listen-peer'? Try: kvd run --help");
  EXPECT_EQ(refusal({"run", "--lissten"}),
            "unknown option '--lissten'; did you mean '--listen-peer'? Try: kvd run --help");
  EXPECT_EQ(refusal({"init", "--nam", "n1"}),
            "unknown option '--nam'; did you mean '--name'? Try: kvd init --help");
  EXPECT_EQ(refusal({"run", "--frob"}), "unknown option '--frob'. Try: kvd run --help");
  EXPECT_EQ(refusal({"inspect", "--data", "d", "d"}),
            "unknown option '--data'. Try: kvd inspect --help");
}

TEST(CommandLine, NeedsACommand) {
  EXPECT_EQ(refusal({}), "a command is missing. Try: kvd --help");
  EXPECT_EQ(refusal({"runn"}), "there is no command 'runn'; did you mean 'run'? Try: kvd --help");
  EXPECT_EQ(refusal({"runn", "--data", "d"}),
            "there is no command 'runn'; did you mean 'run'? Try: kvd --help");
  EXPECT_EQ(refusal({"--verson"}),
            "unknown option '--verson'; did you mean '--version'? Try: kvd --help");
  EXPECT_EQ(refusal({"inspect"}), "DIR is required. Try: kvd inspect --help");
}

TEST(CommandLine, TakesSeveralAddressesToJoin) {
  const Command command = parsed({"init", "--data", "d", "--name", "n2", "--join", "a:1,b:2"});
  const auto settings = gather_settings(command, {});
  ASSERT_TRUE(std::holds_alternative<Settings>(settings));
  EXPECT_EQ(std::get<Settings>(settings).join, (std::vector<std::string>{"a:1", "b:2"}));
}

TEST(CheckSettings, RefusesAnAddressThatOthersReachUnlessTold) {
  Settings settings;
  settings.data = "d";
  EXPECT_EQ(check_settings(settings), std::nullopt);
  settings.listen_peer = "0.0.0.0:7500";
  const auto failure = check_settings(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, ExitCode::usage);
  EXPECT_NE(failure->what.find("--insecure"), std::string::npos);
  settings.exposure = Exposure::anywhere;
  EXPECT_EQ(check_settings(settings), std::nullopt);
}

TEST(CheckSettings, RefusesWhatIsNoAddressToJoinAtOrToTellOthers) {
  for (const char* wrong : {"nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", ":7500",
                            "127.0.0.1:70000", "::1:7500", "[]:7500", "127.0.0.1:75oo", ""}) {
    Settings settings;
    settings.data = "d";
    settings.join = {"127.0.0.1:7501", wrong};
    const auto failure = check_settings(settings);
    ASSERT_TRUE(failure.has_value()) << wrong;
    EXPECT_EQ(failure->code, ExitCode::usage);
    EXPECT_EQ(failure->what, "join: '" + std::string(wrong) +
                                 "' is not a host and a port, such as 127.0.0.1:7500");
  }
  Settings settings;
  settings.data = "d";
  settings.join = {"127.0.0.1:7501", "[::1]:7500", "replica-2.example:7500"};
  EXPECT_EQ(check_settings(settings), std::nullopt);
  settings.advertise_peer = "elsewhere";
  EXPECT_NE(check_settings(settings), std::nullopt);
  settings.advertise_peer = "elsewhere:7500";
  EXPECT_EQ(check_settings(settings), std::nullopt);
  settings.advertise_client = "elsewhere:";
  EXPECT_NE(check_settings(settings), std::nullopt);
}

TEST(CheckSettings, RefusesAWatermarkInsideTheReserve) {
  Settings settings;
  settings.data = "d";
  settings.group.disk_low_bytes = settings.group.disk_reserve_bytes;
  const auto failure = check_settings(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->what, "log-disk-low-bytes must be larger than log-disk-reserve-bytes, or 0");
  ++settings.group.disk_low_bytes;
  EXPECT_EQ(check_settings(settings), std::nullopt);
}

TEST(CheckSettings, RefusesALimitOfNothing) {
  Settings settings;
  settings.data = "d";
  settings.limits.held_requests_max = settings.limits.held_bytes_max = 0;
  settings.limits.hold_time_max = 0ms;
  EXPECT_EQ(check_settings(settings), std::nullopt) << "nothing waits for a leader";
  settings.limits.turn_requests_max = 0;
  EXPECT_EQ(check_settings(settings)->what, "--limits-turn-requests-max must be more than 0");
  settings.limits = {};
  settings.limits.turn_request_bytes_max = 0;
  EXPECT_EQ(check_settings(settings)->what, "--limits-turn-request-bytes-max must be more than 0");
  settings.limits = {};
  settings.limits.turn_reply_bytes_max = 0;
  EXPECT_EQ(check_settings(settings)->what, "--limits-turn-reply-bytes-max must be more than 0");
  settings.limits = {};
  settings.limits.session_ttl = 0ms;
  EXPECT_EQ(check_settings(settings)->what, "--limits-session-ttl must be more than 0");
}

/// What is said of settings in which that one is such a time; nothing if it is no time.
std::optional<std::string> said_of(const Setting& setting, gms::model::Duration time) {
  Settings settings;
  settings.data = "d";
  const SettingField field = setting.field(settings);
  auto* const* const place = std::get_if<gms::model::Duration*>(&field);
  if (place == nullptr) return std::nullopt;
  **place = time;
  const auto failure = check_settings(settings);
  return failure ? failure->what : "accepted";
}

TEST(CheckSettings, RefusesATimeThatIsLongerThanAYear) {
  constexpr gms::model::Duration kYear = 365 * 24h;
  for (const Setting& setting : setting_table()) {
    for (const auto time : {kYear + 1ms, gms::model::Duration::max()}) {
      const auto said = said_of(setting, time);
      EXPECT_TRUE(!said || said->ends_with("must be at most a year"))
          << file_name(setting) << ": " << *said;
    }
    if (setting.section == "limits") {
      EXPECT_EQ(said_of(setting, kYear).value_or("accepted"), "accepted") << file_name(setting);
    }
  }
}

TEST(CheckSettings, RefusesToWaitForMoreMembersThanTheGroupMayHave) {
  Settings settings;
  settings.data = "d";
  settings.group.config.up_for_writes_min = settings.group.config.voters_max;
  EXPECT_EQ(check_settings(settings), std::nullopt);
  ++settings.group.config.up_for_writes_min;
  EXPECT_EQ(check_settings(settings)->what, "gms: up_for_writes_min must be at most voters_max");
}

TEST(CheckSettings, RefusesTimersThatDoNotFit) {
  Settings settings;
  settings.data = "d";
  settings.group.config.heartbeat = 400ms;
  const auto failure = check_settings(settings);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->what, "gms: election_min must be at least 4 times heartbeat");
}

}  // namespace
}  // namespace kvstore::server
