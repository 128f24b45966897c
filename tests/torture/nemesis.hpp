#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/cluster/local_group.hpp"
#include "tests/torture/expected_ends.hpp"
#include "tests/torture/fault_log.hpp"
#include "tests/torture/kept_files.hpp"

namespace tests::torture {

/// Does harm to a group, and writes it down. It knows whom it has ended: a member that ends by
/// itself is a finding. What is done for longer comes with a cure for the end. Thread rule: any
/// thread.
class Nemesis {
 public:
  Nemesis(cluster::LocalGroup& group, FaultLog& log, const KeptFiles& kept)
      : group_(group), log_(log), kept_(kept) {}

  /// Kills a member, as a crash would, and waits until it is gone; throws when it goes on. Nothing
  /// when it does not run.
  void kill(const std::string& name);
  /// Stops a member without its noticing; throws when it goes on. Nothing when it does not run.
  void pause(const std::string& name);
  void resume(const std::string& name);
  /// Starts a member that does not run, and does not wait for it.
  void start(const std::string& name);
  /// Ends a member in order and starts it, and waits until it is up, at most a minute; false when
  /// it is not by then.
  bool restart(const std::string& name);

  // What operators do; false when the group refuses, or cannot.
  bool transfer(const std::string& name);
  bool evict(const std::string& name);
  /// One member more.
  bool add();
  /// Makes a member leave, and removes its directory.
  bool remove(const std::string& name);
  /// Puts a new member with an empty directory in its place.
  bool replace(const std::string& name);

  /// Orders a member to stop, where `order` says (stopping/stop_order.hpp). Its kvd is one that
  /// takes orders.
  void stop_at(const std::string& name, const std::string& order);
  /// Waits until the member is where it was ordered to; false when it is not by then, and the order
  /// is taken back.
  [[nodiscard]] bool wait_until_stopped(const std::string& name, std::chrono::milliseconds limit);

  /// Writes down a fault that somebody else does.
  void note(std::string_view fault, std::string_view target) { log_.add(fault, target); }
  /// The member may end from now on, until it is started.
  void expect_end(const std::string& name) { ends_.expect(name); }
  /// It may not.
  void expect_no_end(const std::string& name) { ends_.take_back(name); }
  [[nodiscard]] bool may_have_ended(const std::string& name) const {
    return ends_.may_have_ended(name);
  }
  /// Members that were found to have ended by themselves, with their last words.
  [[nodiscard]] std::vector<std::string> surprises() const;
  /// What is to be done at the end so that the group can be whole again.
  void cure_at_end(std::function<void()> cure);
  /// Carries out the cures, the latest first.
  void cure_all();

 private:
  /// Looks whether a member that nobody has ended runs.
  void look_at(const std::string& name);
  bool ask(std::string_view fault, const std::vector<std::string>& command,
           const std::string& target);

  cluster::LocalGroup& group_;
  FaultLog& log_;
  const KeptFiles& kept_;
  ExpectedEnds ends_;
  mutable std::mutex lock_;
  /// How the last start of each ended, which does not wait for it.
  std::map<std::string, std::string> started_;
  std::vector<std::string> surprises_;
  std::vector<std::function<void()>> cures_;
};

}  // namespace tests::torture
