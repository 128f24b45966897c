#include "tests/torture/network.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace tests::torture {
namespace {

namespace fs = std::filesystem;

/// Where members are told that others are when a proxy is there; they listen at 127.0.0.1.
constexpr const char* kProxyHost = "127.0.0.2";

/// Starts kvd so that it listens for peers at 127.0.0.1, and tells them the address that it was
/// given.
const std::string& proxied_script() {
  static const std::string kScript = R"(#!/bin/sh
count=$#
previous=
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  count=$((count - 1))
  if [ "$previous" = --listen-peer ]; then
    set -- "$@" "127.0.0.1:${word##*:}" --advertise-peer "$word"
  else
    set -- "$@" "$word"
  fi
  previous=$word
done
exec )";
  return kScript;
}

}  // namespace

Network::Network(const Settings& settings) : settings_(settings) {
  for (int number = 1; number <= settings_.replicas; ++number)
    names_.push_back("n" + std::to_string(number));
  if (settings_.links == Links::direct) return;
  if (settings_.links == Links::spaces) why_no_spaces_ = faults::NetworkSpaces::why_not();
  if (!why_no_spaces_.empty())
    std::cout << "no network namespaces, a proxy holds back frames instead: " << why_no_spaces_
              << std::endl;
  if (settings_.links == Links::spaces && why_no_spaces_.empty())
    make_spaces();
  else
    make_proxy();
}

void Network::make_spaces() {
  spaces_ = std::make_unique<faults::NetworkSpaces>(names_);
  insecure_.emplace("KVD_INSECURE", "true");
  std::string script =
      "#!/bin/sh\nname=\nprevious=\nfor word in \"$@\"; do\n"
      "  [ \"$previous\" = --name ] && name=$word\n  previous=$word\ndone\n"
      "case $name in\n";
  for (const std::string& name : names_) {
    script += name + ") exec";
    for (const std::string& word : spaces_->prefix(name)) script += " " + word;
    script += " " + settings_.kvd.string() + " \"$@\" ;;\n";
  }
  write_programs(script + "esac\n");
}

void Network::make_proxy() {
  std::vector<faults::FrameProxy::Member> members;
  for (std::size_t i = 0; i < names_.size(); ++i)
    members.push_back({names_[i], kProxyHost + peer_port(i), "127.0.0.1" + peer_port(i)});
  proxy_ = std::make_unique<faults::FrameProxy>(std::move(members), settings_.seed);
  write_programs(proxied_script() + settings_.kvd.string() + " \"$@\"\n");
}

std::string Network::peer_port(std::size_t member) const {
  return ":" + std::to_string(settings_.base_port + 101 + static_cast<int>(member));
}

void Network::write_programs(const std::string& script) {
  programs_ = settings_.directory / "programs";
  fs::create_directory(programs_);
  // It looks for kvd beside itself.
  fs::copy_file(cluster::built("kvctl"), programs_ / "kvctl");
  std::ofstream(programs_ / "kvd") << script;
  fs::permissions(programs_ / "kvd", fs::perms::owner_all);
}

std::vector<cluster::MemberHosts> Network::hosts() const {
  std::vector<cluster::MemberHosts> hosts;
  for (const std::string& name : names_) {
    if (spaces_) hosts.push_back({spaces_->address(name), spaces_->address(name)});
    if (proxy_) hosts.push_back({"127.0.0.1", kProxyHost});
  }
  return hosts;
}

std::string Network::means() const {
  if (spaces_) return "namespaces";
  return why_no_spaces_.empty() ? "proxy" : "proxy, for want of namespaces";
}

void Network::block(const std::string& from, const std::string& to) {
  if (spaces_) return spaces_->block(from, to);
  proxy_->set(from, to, {.blocked = true});
}

void Network::expect_cut(const std::string& one, const std::string& other) const {
  if (!spaces_) return;
  const auto to = std::ranges::find(names_, other) - names_.begin();
  std::string address = spaces_->address(other) + peer_port(static_cast<std::size_t>(to));
  std::ranges::replace(address, ':', '/');
  std::vector<std::string> connects = spaces_->prefix(one);
  connects.insert(connects.end(), {"timeout", "0.3", "bash", "-c", ": </dev/tcp/" + address});
  if (cluster::run_program(connects).exit_code == 0)
    throw std::runtime_error(one + " and " + other + " are not cut off from each other");
}

void Network::partition(const std::vector<std::vector<std::string>>& sides) {
  if (spaces_) return spaces_->partition(sides);
  proxy_->partition(sides);
}

void Network::heal() {
  if (spaces_) return spaces_->heal();
  proxy_->heal();
}

}  // namespace tests::torture
