#include "tests/torture/network.hpp"

#include <fstream>
#include <iostream>

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

Network::Network(Links links, int replicas, int base_port, const fs::path& directory,
                 std::uint64_t seed) {
  for (int number = 1; number <= replicas; ++number) names_.push_back("n" + std::to_string(number));
  if (links == Links::direct) return;
  if (links == Links::spaces) why_no_spaces_ = faults::NetworkSpaces::why_not();
  if (!why_no_spaces_.empty())
    std::cout << "no network namespaces, a proxy holds back frames instead: " << why_no_spaces_
              << std::endl;
  if (links == Links::spaces && why_no_spaces_.empty())
    make_spaces(directory);
  else
    make_proxy(base_port, directory, seed);
}

void Network::make_spaces(const fs::path& directory) {
  spaces_ = std::make_unique<faults::NetworkSpaces>(names_);
  insecure_.emplace("KVD_INSECURE", "true");
  std::string script =
      "#!/bin/sh\nname=\nprevious=\nfor word in \"$@\"; do\n"
      "  [ \"$previous\" = --name ] && name=$word\n  previous=$word\ndone\n"
      "case $name in\n";
  for (const std::string& name : names_) {
    script += name + ") exec";
    for (const std::string& word : spaces_->prefix(name)) script += " " + word;
    script += " " + cluster::built("kvd") + " \"$@\" ;;\n";
  }
  write_programs(directory, script + "esac\n");
}

void Network::make_proxy(int base_port, const fs::path& directory, std::uint64_t seed) {
  std::vector<faults::FrameProxy::Member> members;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::string port = ":" + std::to_string(base_port + 101 + static_cast<int>(i));
    members.push_back({names_[i], kProxyHost + port, "127.0.0.1" + port});
  }
  proxy_ = std::make_unique<faults::FrameProxy>(std::move(members), seed);
  write_programs(directory, proxied_script() + cluster::built("kvd") + " \"$@\"\n");
}

void Network::write_programs(const fs::path& directory, const std::string& script) {
  programs_ = directory / "programs";
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

void Network::partition(const std::vector<std::vector<std::string>>& sides) {
  if (spaces_) return spaces_->partition(sides);
  proxy_->partition(sides);
}

void Network::heal() {
  if (spaces_) return spaces_->heal();
  proxy_->heal();
}

}  // namespace tests::torture
