#include "tests/faults/network_spaces.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/cluster/program.hpp"

namespace tests::faults {
namespace {

namespace fs = std::filesystem;
using cluster::Finished;

constexpr std::string_view kPrefix = "gkf";
/// Where iproute2 keeps the names of namespaces.
constexpr std::string_view kSpaces = "/run/netns/";
/// Networks of this range are made and nobody else's.
constexpr std::string_view kNetworks = "10.77.";

std::string program(const std::string& name) {
  for (const std::string folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"})
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  return "";
}

std::string ip_program() {
  return program("ip");
}

/// What a command in a namespace begins with. `ip netns exec` and `ip -n` mount /sys anew, too,
/// which a root that is no mount point, such as that of a chroot, does not let them.
std::vector<std::string> entering(const std::string& space) {
  return {program("nsenter"), "--net=" + std::string(kSpaces) + space};
}

Finished ip(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), ip_program());
  return cluster::run_program(arguments);
}

void must_ip(const std::vector<std::string>& arguments) {
  const Finished done = ip(arguments);
  if (done.exit_code == 0) return;
  std::string command = "ip";
  for (const std::string& argument : arguments) command += " " + argument;
  throw std::runtime_error(command + ": " + done.err);
}

/// Commands of ip, a line each, in a namespace.
void must_ip_in(const std::string& space, const std::string& commands) {
  std::vector<std::string> all = entering(space);
  all.insert(all.end(), {ip_program(), "-batch", "-"});
  const Finished done = cluster::run_program(all, commands);
  if (done.exit_code != 0) throw std::runtime_error("ip in " + space + ": " + done.err);
}

std::string hardware_address(int number) {
  std::ostringstream out;
  out << "02:67:6b:00:00:" << std::hex << (number < 16 ? "0" : "") << number;
  return out.str();
}

/// Frames to it reach nobody.
std::string nobodys_address() {
  return hardware_address(255);
}

/// The process whose name it is: the number behind the prefix. 0 for a name of somebody else.
pid_t owner_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return 0;
  name.remove_prefix(kPrefix.size());
  pid_t owner = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), owner);
  const bool whole = end == name.data() + name.size() || *end == '-';
  return error == std::errc() && whole ? owner : 0;
}

bool is_of_the_dead(const std::string& name) {
  const pid_t owner = owner_of(name);
  return owner > 0 && ::kill(owner, 0) != 0;
}

/// The names in a directory that processes which are gone have left.
std::vector<std::string> leftovers_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory, none))
    if (is_of_the_dead(entry.path().filename())) names.push_back(entry.path().filename());
  return names;
}

/// Ends what runs in a namespace and takes its name. Its links go with it.
void remove_space(const std::string& space) {
  std::istringstream processes(ip({"netns", "pids", space}).out);
  for (pid_t process = 0; processes >> process;) ::kill(process, SIGKILL);
  static_cast<void>(ip({"netns", "delete", space}));
}

}  // namespace

std::string NetworkSpaces::why_not() {
  if (ip_program().empty()) return "there is no ip, of iproute2";
  if (program("nsenter").empty()) return "there is no nsenter, of util-linux";
  if (::geteuid() != 0) return "it needs root";
  const std::string name = std::string(kPrefix) + std::to_string(::getpid()) + "-try";
  const Finished made = ip({"netns", "add", name});
  const Finished linked = ip({"link", "add", name, "type", "bridge"});
  static_cast<void>(ip({"link", "delete", name}));
  static_cast<void>(ip({"netns", "delete", name}));
  if (made.exit_code != 0) return "it makes no namespace: " + made.err;
  if (linked.exit_code != 0) return "it makes no bridge: " + linked.err;
  return "";
}

NetworkSpaces::NetworkSpaces(std::vector<std::string> names)
    : names_(std::move(names)), bridge_(std::string(kPrefix) + std::to_string(::getpid())) {
  remove_leftovers();
  try {
    make();
  } catch (...) {
    remove();
    throw;
  }
}

NetworkSpaces::~NetworkSpaces() {
  remove();
}

void NetworkSpaces::make() {
  const std::string taken = ip({"-o", "address", "show"}).out;
  for (int attempt = 0; attempt < 256 && subnet_.empty(); ++attempt) {
    const std::string subnet =
        std::string(kNetworks) + std::to_string((::getpid() + attempt) % 256) + ".";
    if (taken.find(" " + subnet) == std::string::npos) subnet_ = subnet;
  }
  must_ip({"link", "add", bridge_, "address", hardware_address(kOwnNumber), "type", "bridge"});
  must_ip({"address", "add", own_address() + "/24", "dev", bridge_});
  must_ip({"link", "set", bridge_, "up"});
  for (int number = 1; number <= static_cast<int>(names_.size()); ++number) make_space(number);
  heal();
}

void NetworkSpaces::make_space(int number) {
  const std::string space = bridge_ + "-" + std::to_string(number);
  must_ip({"netns", "add", space});
  must_ip({"link", "add", space, "type", "veth", "peer", "name", "eth0", "address",
           hardware_address(number), "netns", space});
  must_ip({"link", "set", space, "master", bridge_, "up"});
  must_ip_in(space,
             "address add " + host(number) + "/24 dev eth0\nlink set eth0 up\nlink set lo up\n");
}

void NetworkSpaces::remove() const {
  for (const std::string& name : names_) {
    remove_space(space_of(name));
    static_cast<void>(ip({"link", "delete", space_of(name)}));
  }
  static_cast<void>(ip({"link", "delete", bridge_}));
}

void NetworkSpaces::remove_leftovers() {
  for (const std::string& space : leftovers_in(kSpaces)) remove_space(space);
  for (const std::string& link : leftovers_in("/sys/class/net"))
    static_cast<void>(ip({"link", "delete", link}));
}

std::string NetworkSpaces::host(int number) const {
  return subnet_ + std::to_string(number);
}

int NetworkSpaces::number_of(const std::string& name) const {
  const auto found = std::ranges::find(names_, name);
  if (found == names_.end()) throw std::invalid_argument("no member " + name);
  return static_cast<int>(found - names_.begin()) + 1;
}

std::string NetworkSpaces::space_of(const std::string& name) const {
  return bridge_ + "-" + std::to_string(number_of(name));
}

std::string NetworkSpaces::address(const std::string& name) const {
  return host(number_of(name));
}

std::vector<std::string> NetworkSpaces::prefix(const std::string& name) const {
  return entering(space_of(name));
}

std::string NetworkSpaces::file(const std::string& name) const {
  return std::string(kSpaces) + space_of(name);
}

void NetworkSpaces::set(
    const std::function<bool(const std::string& from, const std::string& to)>& blocks) {
  for (const std::string& from : names_) {
    std::string orders;
    for (const std::string& to : names_) {
      if (from == to) continue;
      const bool is_to_be = blocks(from, to);
      const auto [known, is_new] = blocked_.try_emplace({from, to}, is_to_be);
      if (!is_new && std::exchange(known->second, is_to_be) == is_to_be) continue;
      orders += "neighbour replace " + address(to) + " lladdr " +
                (is_to_be ? nobodys_address() : hardware_address(number_of(to))) +
                " nud permanent dev eth0\n";
    }
    if (!orders.empty()) must_ip_in(space_of(from), orders);
  }
}

void NetworkSpaces::block(const std::string& from, const std::string& to) {
  set([&](const std::string& sender, const std::string& receiver) {
    return (sender == from && receiver == to) || is_blocked(sender, receiver);
  });
}

void NetworkSpaces::partition(const std::vector<std::vector<std::string>>& sides) {
  std::map<std::string, std::size_t> side_of;
  for (std::size_t side = 0; side < sides.size(); ++side)
    for (const std::string& name : sides[side]) side_of[name] = side;
  set([&](const std::string& from, const std::string& to) {
    return side_of.contains(from) && side_of.contains(to) && side_of[from] != side_of[to];
  });
}

void NetworkSpaces::heal() {
  set([](const std::string&, const std::string&) { return false; });
}

}  // namespace tests::faults
