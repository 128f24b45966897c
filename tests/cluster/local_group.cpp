#include "tests/cluster/local_group.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <thread>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::filesystem::path fresh_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "groupkv-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return pattern;
}

}  // namespace

LocalGroup::LocalGroup(int size, int base_port)
    : size_(size), base_port_(base_port), directory_(fresh_directory()) {
  must({"local", "up", std::to_string(size), "--base-port", std::to_string(base_port)});
}

LocalGroup::~LocalGroup() {
  const Finished destroyed = kvctl({"local", "destroy"});
  static_cast<void>(destroyed);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Finished LocalGroup::kvctl(const std::vector<std::string>& arguments,
                           const std::string& input) const {
  std::vector<std::string> all{built("kvctl"), "--dir", directory_.string()};
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

void LocalGroup::wait_all_up() const {
  std::string last;
  for (int attempt = 0; attempt < 300; ++attempt) {
    const Finished status = kvctl({"status", "-o", "json"});
    last = status.out + status.err;
    if (status.exit_code == 0) {
      const json::value parsed = json::parse(status.out);
      const auto& view = parsed.at("view").as_object();
      if (view.at("up").as_array().size() == static_cast<std::size_t>(size_)) return;
    }
    std::this_thread::sleep_for(100ms);
  }
  throw std::runtime_error("not all up after 30 s: " + last);
}

std::vector<std::string> LocalGroup::endpoints() const {
  std::vector<std::string> all;
  for (int number = 1; number <= size_; ++number)
    all.push_back("127.0.0.1:" + std::to_string(client_port(number)));
  return all;
}

}  // namespace tests::cluster
