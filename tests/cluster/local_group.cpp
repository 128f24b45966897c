#include "tests/cluster/local_group.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::vector<std::string> names_in(const json::value& array) {
  std::vector<std::string> names;
  for (const json::value& name : array.as_array()) names.emplace_back(name.as_string());
  return names;
}

/// Waits for a line, and stops the group if none comes: then this process is gone, however it
/// ended.
std::vector<std::string> guard(const std::filesystem::path& kvctl,
                               const std::filesystem::path& directory) {
  return {"/bin/sh", "-c", R"(trap '' 1 2 15; read -r line || exec "$0" --dir "$1" local down)",
          kvctl.string(), directory.string()};
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1);
}

}  // namespace

LocalGroup::LocalGroup(int size, int base_port, const std::filesystem::path& parent,
                       std::filesystem::path programs, std::vector<MemberHosts> hosts)
    : size_(size),
      base_port_(base_port),
      programs_(programs.empty() ? std::filesystem::path(built("kvctl")).parent_path()
                                 : std::move(programs)),
      hosts_(std::move(hosts)),
      directory_(fresh_directory(parent)),
      guardian_(guard(programs_ / "kvctl", directory_), "/dev/null", Background::Input::piped) {
  hosts_.resize(static_cast<std::size_t>(size));
  try {
    place();
    must({"local", "up", std::to_string(size), "--base-port", std::to_string(base_port)});
  } catch (const std::exception& error) {
    std::string said = error.what();
    for (int number = 1; number <= size; ++number)
      said += "n" + std::to_string(number) + " said:\n" +
              content_of(directory_ / ("n" + std::to_string(number)) / "log");
    // There is no object that could do it later.
    destroy();
    throw std::runtime_error(said);
  }
}

void LocalGroup::place() const {
  for (int number = 1; number <= size_; ++number) {
    const std::filesystem::path member = directory_ / ("n" + std::to_string(number));
    const MemberHosts& hosts = hosts_[static_cast<std::size_t>(number) - 1];
    std::filesystem::create_directory(member);
    std::ofstream(member / "member") << hosts.client << ':' << client_port(number) << ' '
                                     << hosts.peer << ':' << peer_port(number) << '\n';
  }
}

LocalGroup::~LocalGroup() {
  if (is_kept_)
    static_cast<void>(kvctl({"local", "down"}));
  else
    destroy();
  guardian_.write("\n");
  static_cast<void>(guardian_.wait(1s));
}

void LocalGroup::destroy() const {
  const Finished destroyed = kvctl({"local", "destroy"});
  static_cast<void>(destroyed);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Finished LocalGroup::kvctl(const std::vector<std::string>& arguments,
                           const std::string& input) const {
  std::vector<std::string> all{(programs_ / "kvctl").string(), "--dir", directory_.string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run_program(all, input);
}

std::string LocalGroup::must(const std::vector<std::string>& arguments,
                             const std::string& input) const {
  const Finished finished = kvctl(arguments, input);
  if (finished.exit_code == 0) return finished.out;
  std::string command = "kvctl";
  for (const std::string& argument : arguments) command += " " + argument;
  throw std::runtime_error(command + ": exit " + std::to_string(finished.exit_code) + "\n" +
                           finished.out + finished.err);
}

std::string LocalGroup::leader() const {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const Finished status = kvctl({"status", "-o", "json"});
    if (status.exit_code == 0) {
      const json::value parsed = json::parse(status.out);
      const json::value* name = parsed.as_object().if_contains("leader");
      if (name != nullptr && name->is_string() && !name->as_string().empty())
        return std::string(name->as_string());
    }
    std::this_thread::sleep_for(100ms);
  }
  throw std::runtime_error("no leader for 10 s");
}

std::vector<std::string> LocalGroup::followers() const {
  const std::string leads = leader();
  std::vector<std::string> names;
  for (int number = 1; number <= size_; ++number)
    if (const std::string name = "n" + std::to_string(number); name != leads) names.push_back(name);
  return names;
}

std::optional<pid_t> LocalGroup::process(const std::string& name) const {
  const json::value status = json::parse(must({"local", "status", "-o", "json"}));
  for (const json::value& member : status.at("members").as_array())
    if (member.at("name").as_string() == name && member.at("pid").as_int64() > 0)
      return static_cast<pid_t>(member.at("pid").as_int64());
  return std::nullopt;
}

pid_t LocalGroup::pid(const std::string& name) const {
  const auto found = process(name);
  if (!found) throw std::runtime_error(name + " does not run");
  return *found;
}

bool LocalGroup::ends_within(const std::string& name, std::chrono::milliseconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (process(name)) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

std::string LocalGroup::log(const std::string& name) const {
  if (!std::filesystem::exists(directory_ / name / "log")) return {};
  return must({"local", "logs", name});
}

std::optional<ShownView> LocalGroup::view() const {
  const Finished status = kvctl({"status", "-o", "json"});
  if (status.exit_code != 0) return std::nullopt;
  const json::value parsed = json::parse(status.out);
  const json::object& view = parsed.at("view").as_object();
  const auto answers = std::ranges::count_if(
      parsed.at("members").as_array(),
      [](const json::value& member) { return member.at("role").as_string() != "unreachable"; });
  return ShownView{view.at("seq").to_number<std::int64_t>(), names_in(view.at("voters")),
                   names_in(view.at("up")), static_cast<std::size_t>(answers)};
}

void LocalGroup::wait_for_view(std::size_t voters, std::size_t up) const {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < until) {
    const auto now = view();
    // Who crashed and was started again is up for the others before it answers.
    if (now && now->voters.size() == voters && now->up.size() == up && now->answering >= up) return;
    std::this_thread::sleep_for(100ms);
  }
  std::string last_words;
  for (int number = 1; number <= size_; ++number)
    last_words += last_line(content_of(directory_ / ("n" + std::to_string(number)) / "log"));
  throw std::runtime_error("no view of " + std::to_string(voters) + " with " + std::to_string(up) +
                           " up after 30 s:\n" + kvctl({"status"}).out + last_words);
}

void LocalGroup::wait_all_up() const {
  wait_for_view(static_cast<std::size_t>(size_), static_cast<std::size_t>(size_));
}

std::vector<std::string> LocalGroup::endpoints() const {
  std::vector<std::string> all;
  for (int number = 1; number <= size_; ++number)
    all.push_back(hosts_[static_cast<std::size_t>(number) - 1].client + ":" +
                  std::to_string(client_port(number)));
  return all;
}

}  // namespace tests::cluster
