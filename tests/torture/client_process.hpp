#pragma once

#include <memory>

#include "tests/torture/stage.hpp"

namespace tests::torture {

/// Clients that are a process of their own: it can be killed with calls in flight, and paused.
/// Their keys are those that all clients use, and what they did counts as everything else. One
/// thread.
class ClientProcess {
 public:
  /// `number` is the process's own among those of the run.
  ClientProcess(Stage& stage, std::uint32_t number);
  /// Ends it in order, if it still runs.
  ~ClientProcess();
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

  void kill();
  void pause();
  void resume();

 private:
  void signal(int number) const;
  /// Throws when it does not run: who is gone is not killed.
  void expect_running();

  Stage& stage_;
  const std::string name_;
  cluster::Background process_;
};

}  // namespace tests::torture
