#include "tests/torture/observer.hpp"

#include <algorithm>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <stdexcept>
#include <thread>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

client::Options options_for(const cluster::LocalGroup& group) {
  client::Options options;
  options.endpoints = group.endpoints();
  options.deadline = 1s;
  return options;
}

ProcessState state_of(std::string_view word) {
  if (word == "running") return ProcessState::running;
  return word == "paused" ? ProcessState::paused : ProcessState::stopped;
}

}  // namespace

Observer::Observer(const cluster::LocalGroup& group) : group_(group), client_(options_for(group)) {}

std::vector<ProcessOf> Observer::processes() const {
  const json::value status = json::parse(group_.must({"local", "status", "-o", "json"}));
  std::vector<ProcessOf> all;
  for (const json::value& member : status.at("members").as_array())
    all.push_back({std::string(member.at("name").as_string()),
                   state_of(member.at("state").as_string()),
                   static_cast<pid_t>(member.at("pid").to_number<std::int64_t>()),
                   std::string(member.at("client").as_string())});
  return all;
}

std::vector<Observer::Status> Observer::statuses(std::chrono::milliseconds limit) const {
  std::vector<std::future<client::Result<Status>>> asked;
  for (const ProcessOf& process : processes())
    if (process.state == ProcessState::running)
      asked.push_back(client_.status(process.address, limit, boost::asio::use_future));
  std::vector<Status> answers;
  for (auto& answer : asked)
    if (auto status = answer.get()) answers.push_back(*std::move(status));
  return answers;
}

std::optional<std::string> Observer::leader() const {
  std::optional<Status> newest;
  for (const Status& status : statuses())
    if (status.role == "leader" && (!newest || status.epoch > newest->epoch)) newest = status;
  if (!newest) return std::nullopt;
  return newest->name;
}

std::string Observer::wait_for_leader() const {
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < until) {
    if (auto name = leader()) return *name;
    std::this_thread::sleep_for(20ms);
  }
  throw std::runtime_error("no leader for 20 s:\n" + group_.kvctl({"status"}).out);
}

bool Observer::are_all_up(std::string& why) const {
  const auto all = processes();
  const auto answers = statuses(1s);
  why = std::to_string(answers.size()) + " of " + std::to_string(all.size()) + " answer";
  if (answers.size() != all.size() || answers.empty()) return false;
  const auto& view = answers.front().view.view;
  for (const Status& status : answers) {
    why = status.name + " is in another view than " + answers.front().name;
    if (status.view != answers.front().view || status.leader.empty()) return false;
    why = status.name + " is no voter, or not up";
    if (!view.has_voter(status.member) || !view.is_up(status.member)) return false;
  }
  why = std::to_string(view.members.size()) + " voters, " + std::to_string(all.size()) + " members";
  return view.members.size() == all.size();
}

void Observer::wait_all_up(std::chrono::seconds limit) const {
  const auto until = std::chrono::steady_clock::now() + limit;
  std::string why;
  while (!are_all_up(why)) {
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("not all are up after " + std::to_string(limit.count()) +
                               " s: " + why + "\n" + group_.kvctl({"status", "-v"}).out);
    std::this_thread::sleep_for(50ms);
  }
}

}  // namespace tests::torture
