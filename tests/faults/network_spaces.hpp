#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tests::faults {

/// A network namespace of its own for each member of a group, all on one bridge of this machine,
/// which is an end of that network too: whoever is outside of all of them reaches every member, and
/// always does.
///
/// A direction between two members is blocked by giving the receiver a hardware address that is
/// nobody's, at the sender: what it sends is lost without a word, as behind a broken switch. Names
/// begin with `gkf` and this process's id. Everything is gone with the object; what a process left
/// that was killed is removed by the next object that any process makes. One thread.
class NetworkSpaces {
 public:
  /// Why this machine makes no namespaces; empty if it does. Needs root, iproute2 and nsenter.
  [[nodiscard]] static std::string why_not();

  /// Throws when they cannot be made.
  explicit NetworkSpaces(std::vector<std::string> names);
  ~NetworkSpaces();
  NetworkSpaces(const NetworkSpaces&) = delete;
  NetworkSpaces& operator=(const NetworkSpaces&) = delete;

  /// The member's numeric address, and that of this machine in their network.
  [[nodiscard]] std::string address(const std::string& name) const;
  [[nodiscard]] std::string own_address() const { return host(kOwnNumber); }
  /// What to put before a command that shall run in the member's namespace. The process keeps its
  /// number: it is the command itself that runs.
  [[nodiscard]] std::vector<std::string> prefix(const std::string& name) const;
  /// The file that names it, for setns.
  [[nodiscard]] std::string file(const std::string& name) const;

  /// From now on nothing that the one sends reaches the other.
  void block(const std::string& from, const std::string& to);
  /// Members of different sides do not hear each other; all others do. Whoever is on no side hears
  /// everybody.
  void partition(const std::vector<std::vector<std::string>>& sides);
  /// Everybody hears everybody.
  void heal();
  [[nodiscard]] bool is_blocked(const std::string& from, const std::string& to) const {
    return blocked_.at({from, to});
  }

 private:
  static constexpr int kOwnNumber = 254;

  void make();
  void make_space(int number);
  void remove() const;
  static void remove_leftovers();
  /// Blocks each direction as said, and lets the others pass.
  void set(const std::function<bool(const std::string& from, const std::string& to)>& blocks);
  [[nodiscard]] std::string host(int number) const;
  [[nodiscard]] int number_of(const std::string& name) const;
  [[nodiscard]] std::string space_of(const std::string& name) const;

  const std::vector<std::string> names_;
  const std::string bridge_;
  std::string subnet_;
  std::map<std::pair<std::string, std::string>, bool> blocked_;
};

}  // namespace tests::faults
