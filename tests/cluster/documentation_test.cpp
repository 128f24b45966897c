#include "tests/cluster/documentation.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <boost/json.hpp>

#include "tests/cluster/local_group.hpp"

namespace tests::cluster {
namespace {

using ::testing::HasSubstr;
namespace json = boost::json;

/// Where a reader stands: beside the README, after a build. The group of `./dev up` is at ports of
/// its own, so that one that is in use is left alone.
class Reader : public ::testing::Test {
 protected:
  Reader() {
    std::filesystem::create_directories(directory / "build");
    std::filesystem::create_directory_symlink(std::filesystem::path(built("kvctl")).parent_path(),
                                              directory / "build" / "bin");
    std::filesystem::create_symlink(sources() / "dev", directory / "dev");
  }
  ~Reader() override {
    (void)run_program({built("kvctl"), "--dir", directory / ".groupkv", "local", "destroy"});
    std::filesystem::remove_all(directory);
  }

  static std::string document(const std::string& name) { return content_of(sources() / name); }

  /// Types every command of the document, which has `commands_min` at least.
  void follow(const std::string& name, std::size_t commands_min = 8) const {
    const auto commands = commands_in(document(name));
    EXPECT_GE(commands.size(), commands_min) << name << " shows hardly any command";
    const Finished finished = run_commands(commands, directory);
    EXPECT_EQ(finished.exit_code, 0) << name << "\n" << finished.out << finished.err;
  }

  const std::filesystem::path directory = fresh_directory();
  const Variable base_port{"KVCTL_BASE_PORT", "25600"};
};

TEST_F(Reader, CanTypeEveryCommandOfTheReadme) {
  ASSERT_EQ(run_commands({{"build/bin/kvctl local up 3"}}, directory).exit_code, 0);
  follow("README.md");
}

TEST_F(Reader, CanTypeEveryCommandOfTheOperationsPage) {
  follow("docs/operations.md");
}

TEST_F(Reader, CanTypeTheCommandsOfTheTestingPage) {
  std::filesystem::create_directory_symlink(sources() / "tests", directory / "tests");
  follow("docs/testing.md", 4);
}

TEST_F(Reader, IsToldOfACommandThatEndsOtherwiseThanItSays) {
  const auto commands = commands_in("$ false\n```sh\n$ true\nfalse\n$ exit 3\n```\n$ false\n");
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_EQ(commands[1].line, 5U);
  const auto wrong = commands_in("```\n$ true\n$ (exit 3)   # exit 4\n$ true\n```\n");
  const Finished finished = run_commands(wrong, directory);
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.out, HasSubstr("line 3 ends with 3"));
  EXPECT_EQ(run_commands(commands_in("```\n$ (exit 3)   # exit 3\n```\n"), directory).exit_code, 0);
}

/// Compares the shapes of two documents: the names in their objects, and the kinds of their values.
/// An array is as its first element.
void expect_alike(const json::value& documented, const json::value& printed,
                  const std::string& place) {
  EXPECT_EQ(documented.kind() == json::kind::uint64 ? json::kind::int64 : documented.kind(),
            printed.kind() == json::kind::uint64 ? json::kind::int64 : printed.kind())
      << place;
  if (documented.is_array() && printed.is_array() && !documented.get_array().empty() &&
      !printed.get_array().empty())
    expect_alike(documented.at(0), printed.at(0), place + "[0]");
  if (!documented.is_object() || !printed.is_object()) return;
  for (const auto& [name, value] : documented.get_object())
    EXPECT_TRUE(printed.get_object().contains(name)) << place << "." << name << " is not printed";
  for (const auto& [name, value] : printed.get_object()) {
    const json::value* shown = documented.get_object().if_contains(name);
    EXPECT_NE(shown, nullptr) << place << "." << name << " is not documented";
    if (shown != nullptr) expect_alike(*shown, value, place + "." + std::string(name));
  }
}

TEST_F(Reader, FindsTheJsonThatIsPrintedAsItIsDocumented) {
  const LocalGroup group(3, 25800);
  const std::string page = document("docs/operations.md");
  const std::vector<std::pair<std::string, std::vector<std::string>>> outputs{
      {"`kvctl status -o json`", {"status", "-o", "json"}},
      {"`kvctl view history -o json`", {"view", "history", "-o", "json"}},
      {"`kvctl member leave n3 --explain -o json`",
       {"member", "leave", "n3", "--explain", "-o", "json"}},
      {"`kvctl bench put -o json`",
       {"bench", "put", "--clients", "4", "--outstanding", "16", "--ops", "500", "-o", "json"}}};
  for (const auto& [heading, command] : outputs) {
    const std::string documented = block_after(page, heading, "json");
    ASSERT_NE(documented, "") << heading;
    expect_alike(json::parse(documented), json::parse(group.must(command)), heading);
  }
}

/// A row of the operations page's table of what commands print.
struct Output {
  std::vector<std::string> command;
  std::vector<std::string> fields;
  /// Empty where the page refers to another place.
  std::string json;
};

std::vector<std::string> split(const std::string& text, const std::string& between) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find(between, begin)) != std::string::npos;
       begin = end + between.size())
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

std::vector<Output> outputs_in(const std::string& page) {
  std::vector<Output> out;
  for (const std::string& line : split(page, "\n")) {
    if (!line.starts_with("| `kvctl ")) continue;
    const auto cells = split(line.substr(2, line.size() - 4), " | ");
    if (cells.size() != 3) continue;
    const std::string command = cells[0].substr(7, cells[0].size() - 8);
    const bool shows = cells[2].starts_with("`{");
    out.push_back({split(command, " "), split(cells[1], ", "),
                   shows ? cells[2].substr(1, cells[2].size() - 2) : ""});
  }
  return out;
}

/// The words of a line of a table.
std::string words_of(const std::string& line) {
  std::string out;
  for (const std::string& word : split(line, " "))
    if (!word.empty()) out += (out.empty() ? "" : " ") + word;
  return out;
}

TEST_F(Reader, FindsTheFieldsThatCommandsPrint) {
  const LocalGroup group(3, 25800);
  const auto outputs = outputs_in(document("docs/operations.md"));
  EXPECT_GE(outputs.size(), 14U);
  for (const Output& output : outputs) {
    const std::string name = ::testing::PrintToString(output.command);
    const auto printed = [&](const char* format) {
      std::vector<std::string> command = output.command;
      command.insert(command.end(), {"-o", format});
      return group.must(command);
    };
    EXPECT_EQ(split(split(printed("plain"), "\n").front(), "\t").size(), output.fields.size())
        << name;
    if (output.fields.size() > 1) {
      std::string header;
      for (const std::string& field : output.fields) header += (header.empty() ? "" : " ") + field;
      std::ranges::transform(header, header.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      });
      std::vector<std::string> lines;
      for (const std::string& line : split(printed("table"), "\n")) lines.push_back(words_of(line));
      EXPECT_THAT(lines, ::testing::Contains(header)) << name;
    }
    if (!output.json.empty())
      expect_alike(json::parse(output.json), json::parse(printed("json")), name);
  }
}

TEST(Example, OfTheClientLibraryCountsItsRuns) {
  const LocalGroup group(3, 26000);
  const std::vector<std::string> endpoints = group.endpoints();
  const std::vector<std::string> command{built("kv_client"),
                                         endpoints[0] + "," + endpoints[1] + "," + endpoints[2]};
  const Finished first = run_program(command);
  EXPECT_EQ(first.exit_code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("read: hello\n"));
  EXPECT_THAT(first.out, HasSubstr("this program has run 1 times\n"));
  group.must({"local", "kill", "leader"});
  EXPECT_THAT(run_program(command).out, HasSubstr("this program has run 2 times\n"));
}

}  // namespace
}  // namespace tests::cluster
