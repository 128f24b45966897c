#include <gmock/gmock.h>

#include <algorithm>
#include <bit>
#include <map>

#include "client/kvctl/command_line.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/exit_code.hpp"
#include "client/kvctl/histogram.hpp"
#include "client/kvctl/settings.hpp"
#include "client/kvctl/similar.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using ::testing::HasSubstr;

TEST(ExitCodes, FollowTheLibrarysCodes) {
  const std::map<ErrorCode, int> expected = {
      {ErrorCode::not_leader, 5},       {ErrorCode::unavailable, 5}, {ErrorCode::timed_out, 124},
      {ErrorCode::outcome_unknown, 6},  {ErrorCode::not_found, 3},   {ErrorCode::conflict, 4},
      {ErrorCode::invalid_argument, 2}, {ErrorCode::too_large, 8},   {ErrorCode::busy, 8},
      {ErrorCode::closed, 5},           {ErrorCode::corrupt, 9},     {ErrorCode::io, 1}};
  for (const auto& [code, exit] : expected)
    EXPECT_EQ(static_cast<int>(exit_code_of(code)), exit) << to_string(code);
}

TEST(ErrorLine, SaysWhetherItWasAppliedAndWhatToTypeNext) {
  EXPECT_EQ(error_line("put /a", {ErrorCode::unavailable, "no quorum: 1 of 3 members reachable"},
                       Effect::writes),
            "put /a: no quorum: 1 of 3 members reachable. Not applied; safe to retry. "
            "Try: kvctl status");
  EXPECT_THAT(error_line("put /a", {ErrorCode::outcome_unknown, "late"}, Effect::writes),
              HasSubstr("may have been applied"));
  EXPECT_EQ(error_line("get /a", {ErrorCode::not_found, "there is no key /a"}, Effect::reads),
            "get /a: there is no key /a.");
}

TEST(ErrorLine, TakesTheNextStepFromTheErrorThatHasOne) {
  EXPECT_EQ(error_line("member evict n3",
                       {ErrorCode::conflict, "n3 leads. Try: kvctl member evict n3 --explain"},
                       Effect::writes),
            "member evict n3: n3 leads. Not applied. Try: kvctl member evict n3 --explain");
  EXPECT_EQ(error_line("local up", {ErrorCode::io, "a port is in use. Try: another --base-port"},
                       Effect::manages),
            "local up: a port is in use. Try: another --base-port");
}

std::vector<Command> commands() {
  return all_commands();
}

TEST(CommandLine, FindsCommandsOperandsAndOptionsInAnyOrder) {
  const auto all = commands();
  const auto put =
      parse_command_line({"put", "key", "value", "--if-revision", "7", "-o", "json"}, all);
  ASSERT_NE(put.command, nullptr) << put.text;
  EXPECT_EQ(put.command->name, "put");
  EXPECT_EQ(put.arguments.text("KEY"), "key");
  EXPECT_EQ(put.arguments.text("VALUE"), "value");
  EXPECT_EQ(put.arguments.number("if-revision"), 7u);
  EXPECT_EQ(put.arguments.text("output"), "json");
  const auto kill = parse_command_line({"--dir", "here", "local", "kill", "leader"}, all);
  ASSERT_NE(kill.command, nullptr) << kill.text;
  EXPECT_EQ(kill.command->name, "local kill");
  EXPECT_EQ(kill.arguments.text("dir"), "here");
  const auto bench = parse_command_line({"bench", "put"}, all);
  ASSERT_NE(bench.command, nullptr) << bench.text;
  EXPECT_EQ(bench.arguments.number("clients"), 16u);
}

TEST(CommandLine, KnowsWhatCanBeWantedOfAMember) {
  const auto all = commands();
  for (const char* change : {"evict", "leave", "replace", "transfer", "maintenance"}) {
    const auto parsed = parse_command_line({"member", change, "n2", "--explain"}, all);
    ASSERT_NE(parsed.command, nullptr) << parsed.text;
    EXPECT_EQ(parsed.arguments.text("NAME"), "n2");
    EXPECT_TRUE(parsed.arguments.has("explain"));
  }
  const auto rest = parse_command_line({"member", "maintenance", "n2", "--for", "10m"}, all);
  ASSERT_NE(rest.command, nullptr) << rest.text;
  EXPECT_EQ(rest.arguments.duration("for"), std::chrono::minutes(10));
  const auto add = parse_command_line({"member", "add", "n4"}, all);
  ASSERT_NE(add.command, nullptr) << add.text;
  EXPECT_EQ(add.arguments.text("client"), "HOST:7400");
  EXPECT_FALSE(add.arguments.has("wait"));
  const auto wait = parse_command_line({"member", "wait", "n4", "--gone", "--timeout", "3s"}, all);
  ASSERT_NE(wait.command, nullptr) << wait.text;
  EXPECT_TRUE(wait.arguments.has("gone"));
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"member", "evict"},
                                             {"member", "wait"},
                                             {"member", "maintenance", "n2", "--for", "soon"},
                                             {"local", "replace"},
                                             {"events", "--follow", "n2"}})
    EXPECT_EQ(parse_command_line(line, all).exit_code, ExitCode::usage);
}

TEST(CommandLine, TakesAKeyThatLooksLikeAnOptionAfterTwoDashes) {
  const auto all = commands();
  const auto get = parse_command_line({"get", "--", "-key"}, all);
  ASSERT_NE(get.command, nullptr) << get.text;
  EXPECT_EQ(get.arguments.text("KEY"), "-key");
}

TEST(CommandLine, TakesEveryWordForAKeyOrAValueAsItIs) {
  const auto all = commands();
  for (const std::string word : {"++", "+", "+++", "{}", "[]", "", "%%", "get", "put", "help", "=",
                                 "a=b", "#", "@", "\\", "\"a\"", "'", " "}) {
    const auto put = parse_command_line({"put", word, word, "--if-value", word}, all);
    ASSERT_NE(put.command, nullptr) << word << ": " << put.text;
    EXPECT_EQ(put.command->name, "put");
    EXPECT_EQ(put.arguments.find("KEY"), word);
    EXPECT_EQ(put.arguments.find("VALUE"), word);
    EXPECT_EQ(put.arguments.find("if-value"), word);
  }
  const auto wrong = parse_command_line({"get", "a", "++"}, all);
  EXPECT_EQ(wrong.text, "error: get: unexpected argument '++'. Try: kvctl get --help\n");
  const auto limit = parse_command_line({"range", "--limit", "++"}, all);
  EXPECT_THAT(limit.text, HasSubstr("'++' is not a number"));
}

TEST(CommandLine, EndsAsUsageWhenItIsWrong) {
  const auto all = commands();
  const std::vector<std::vector<std::string>> lines = {{},
                                                       {"nonsense"},
                                                       {"get"},
                                                       {"get", "a", "b"},
                                                       {"range", "--limit", "many"},
                                                       {"local"},
                                                       {"put", "a", "b", "--nonsense"},
                                                       {"status", "--timeout", "soon"}};
  for (const auto& line : lines) {
    const auto parsed = parse_command_line(line, all);
    EXPECT_EQ(parsed.command, nullptr);
    EXPECT_EQ(parsed.exit_code, ExitCode::usage);
    EXPECT_THAT(parsed.text, HasSubstr("error: "));
  }
}

TEST(CommandLine, SaysWhereItIsWrongAndWhatWasMeant) {
  const auto all = commands();
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"statsu"}, "error: there is no command 'statsu'; did you mean 'status'? Try: kvctl --help"},
      {{"-q", "local", "dwon"},
       "error: local: there is no command 'dwon'; did you mean 'down'? Try: kvctl local --help"},
      {{"txn", "-f", "x"}, "error: there is no command 'txn'. Try: kvctl --help"},
      {{"put", "a", "b", "--lease"}, "error: put: unknown option '--lease'. Try: kvctl put --help"},
      {{"local"}, "error: local: a command is missing. Try: kvctl local --help"},
      {{"put", "a", "b", "--if-revison", "3"},
       "error: put: unknown option '--if-revison'; did you mean '--if-revision'? Try: kvctl put "
       "--help"},
      {{"get", "a", "b"}, "error: get: unexpected argument 'b'. Try: kvctl get --help"},
      {{"get"}, "error: get: KEY is required. Try: kvctl get --help"},
  };
  for (const auto& [line, text] : cases) EXPECT_EQ(parse_command_line(line, all).text, text + "\n");
}

TEST(CommandLine, PrintsHelpAndVersion) {
  const auto all = commands();
  EXPECT_THAT(parse_command_line({"help"}, all).text, HasSubstr("import"));
  EXPECT_THAT(parse_command_line({"--help"}, all).text, HasSubstr("import"));
  EXPECT_THAT(parse_command_line({"range", "--help"}, all).text, HasSubstr("--keys-only"));
  EXPECT_THAT(parse_command_line({"--version"}, all).text, HasSubstr("kvctl "));
  EXPECT_EQ(parse_command_line({"--version"}, all).exit_code, ExitCode::done);
}

TEST(CommandLine, HelpIsOfTheCommandThatIsNamed) {
  const auto all = commands();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"put"}, {"local"}, {"member", "evict"}, {"snapshot", "save"}}) {
    std::vector<std::string> asked{"help"};
    asked.insert(asked.end(), words.begin(), words.end());
    std::vector<std::string> flagged = words;
    flagged.emplace_back("--help");
    const auto help = parse_command_line(asked, all);
    EXPECT_EQ(help.exit_code, ExitCode::done) << words.front();
    EXPECT_EQ(help.text, parse_command_line(flagged, all).text);
    EXPECT_NE(help.text, parse_command_line({"--help"}, all).text);
  }
  EXPECT_THAT(parse_command_line({"help", "put"}, all).text, HasSubstr("--if-absent"));
}

TEST(CommandLine, NoHelpIsThereForACommandThatIsNot) {
  const auto all = commands();
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"txn", "--help"}, {"help", "txn"}, {"local", "dwon", "--help"}}) {
    const auto parsed = parse_command_line(line, all);
    EXPECT_EQ(parsed.exit_code, ExitCode::usage) << line.front();
    EXPECT_THAT(parsed.text, HasSubstr("there is no command '")) << line.front();
  }
}

TEST(Similar, IsWhatDiffersByASlipOrTwo) {
  const std::vector<std::string> known{"put", "get", "del", "range", "status", "local", "watch"};
  for (const auto& [name, meant] : std::vector<std::pair<std::string, std::string>>{
           {"statsu", "status"}, {"stat", "status"}, {"gte", "get"}, {"rnge", "range"}})
    EXPECT_EQ(similar(name, known), meant) << name;
  for (const char* name : {"txn", "shell", "doctor", "lock", "x", "", "putting"})
    EXPECT_EQ(similar(name, known), std::nullopt) << name;
}

TEST(CommandLine, HasEachCommandOnce) {
  const auto all = commands();
  std::vector<std::string_view> names;
  for (const Command& command : all) names.push_back(command.name);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

Environment environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(Settings, RankFlagsBeforeTheEnvironment) {
  Arguments arguments;
  arguments.add("endpoints", "a:1,b:2");
  const auto environment = environment_of(
      {{"KVCTL_ENDPOINTS", "c:3"}, {"KVCTL_TIMEOUT", "250ms"}, {"KVCTL_OUTPUT", "json"}});
  const auto settings = settings_of(arguments, environment);
  ASSERT_TRUE(settings);
  EXPECT_THAT(settings->endpoints, ::testing::ElementsAre("a:1", "b:2"));
  EXPECT_EQ(settings->timeout, std::chrono::milliseconds(250));
  EXPECT_EQ(settings->format, Format::json);
}

TEST(Settings, TakeTheBasePortFromAnywhere) {
  Arguments arguments;
  arguments.add("base-port", "8400");
  EXPECT_EQ(settings_of(arguments, environment_of({}))->base_port, 8400);
  EXPECT_EQ(settings_of({}, environment_of({{"KVCTL_BASE_PORT", "8500"}}))->base_port, 8500);
  EXPECT_FALSE(settings_of({}, environment_of({}))->base_port);
  EXPECT_FALSE(settings_of({}, environment_of({{"KVCTL_BASE_PORT", "65001"}})));
}

TEST(Settings, NameThePlaceOfWhatIsWrong) {
  const auto settings = settings_of({}, environment_of({{"KVCTL_OUTPUT", "xml"}}));
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(settings.error().detail, HasSubstr("KVCTL_OUTPUT: 'xml'"));
  EXPECT_FALSE(settings_of({}, environment_of({{"KVCTL_ENDPOINTS", "host"}})));
  EXPECT_FALSE(settings_of({}, environment_of({{"KVCTL_ENDPOINTS", "a:7400,b:65536"}})));
  EXPECT_FALSE(settings_of({}, environment_of({{"KVCTL_CONFIG", "/nonexistent"}})));
}

TEST(Settings, AClusterThatIsNamedIsTheOneThatIsMeant) {
  const Environment elsewhere = environment_of({{"KVCTL_ENDPOINTS", "a:1"}});
  EXPECT_EQ(settings_of({}, elsewhere)->endpoints, std::vector<std::string>{"a:1"});
  Arguments arguments;
  arguments.add("dir", "here");
  EXPECT_TRUE(settings_of(arguments, elsewhere)->endpoints.empty());
  arguments.add("endpoints", "b:1");
  EXPECT_EQ(settings_of(arguments, elsewhere)->endpoints, std::vector<std::string>{"b:1"});
}

TEST(Settings, AFileThatCannotBeReadIsNotPassedOver) {
  EXPECT_EQ(settings_of({}, environment_of({{"KVCTL_CONFIG", "/"}})).error().detail,
            "/: cannot be read, and may hold settings");
  // One that cannot be looked at, either.
  EXPECT_FALSE(settings_of({}, environment_of({{"KVCTL_CONFIG", "/dev/null/file"}})));
  EXPECT_TRUE(settings_of({}, environment_of({{"HOME", "/nonexistent"}})));
}

TEST(Durations, AreNumbersWithUnits) {
  using std::chrono::milliseconds;
  EXPECT_EQ(parse_duration("250ms").value_or(milliseconds(0)), milliseconds(250));
  EXPECT_EQ(parse_duration("1.5s").value_or(milliseconds(0)), milliseconds(1500));
  EXPECT_EQ(parse_duration("2m").value_or(milliseconds(0)), milliseconds(120'000));
  EXPECT_EQ(parse_duration("1h").value_or(milliseconds(0)), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("10min").value_or(milliseconds(0)), parse_duration("10m").value_or({}));
  EXPECT_EQ(parse_duration("3").value_or(milliseconds(0)), milliseconds(3000));
  for (const char* bad : {"", "s", "-1s", "5d", "1e300s", "nan"}) EXPECT_FALSE(parse_duration(bad));
}

TEST(Output, WritesNumbersThatReadersWouldRoundAsStrings) {
  EXPECT_EQ(boost::json::serialize(to_json_number(std::uint64_t{1} << 53)), "9007199254740992");
  EXPECT_EQ(boost::json::serialize(to_json_number((std::uint64_t{1} << 53) + 1)),
            "\"9007199254740993\"");
}

TEST(Output, PrintsNothingAsNull) {
  const Table table{{"deep"}, {{Cell()}}};
  std::ostringstream out;
  Printer(out, Format::jsonl).print(table, "members");
  Printer(out, Format::plain).print(table, "members");
  EXPECT_EQ(out.str(), "{\"deep\":null}\n-\n");
}

TEST(Output, PrintsRowsInEveryFormat) {
  const Table table{{"key", "value", "revision"},
                    {{std::string("a"), std::string("x\ty"), std::uint64_t{7}},
                     {std::string("\xff"), std::string("grün"), std::uint64_t{12}}}};
  const auto printed = [&](Format format) {
    std::ostringstream out;
    Printer(out, format).print(table, "entries");
    return out.str();
  };
  EXPECT_EQ(printed(Format::plain), "a\tx\\ty\t7\n\\xff\tgrün\t12\n");
  EXPECT_EQ(printed(Format::table),
            "KEY   VALUE  REVISION\n"
            "a     x\\ty   7\n"
            "\\xff  grün   12\n");
  EXPECT_EQ(printed(Format::jsonl),
            "{\"key\":\"a\",\"value\":\"x\\ty\",\"revision\":7}\n"
            "{\"key_b64\":\"/w==\",\"value\":\"grün\",\"revision\":12}\n");
  EXPECT_EQ(printed(Format::json),
            "{\"entries\":[{\"key\":\"a\",\"value\":\"x\\ty\",\"revision\":7},"
            "{\"key_b64\":\"/w==\",\"value\":\"grün\",\"revision\":12}]}\n");
}

TEST(Histogram, FindsPercentilesToOnePartIn32) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100'000; ++value) histogram.add(value);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = share * 100'000;
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share)), exact, exact / 32 + 1) << share;
  }
  EXPECT_EQ(histogram.percentile(1), 100'000u);
  EXPECT_EQ(histogram.max(), 100'000u);
  EXPECT_DOUBLE_EQ(histogram.mean(), 50'000.5);
}

TEST(Histogram, TakesAnyValue) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  histogram.add(0);
  histogram.add(~std::uint64_t{0});
  EXPECT_EQ(histogram.percentile(0.5), 0u);
  EXPECT_EQ(histogram.percentile(1), ~std::uint64_t{0});
}

}  // namespace
}  // namespace kvctl
