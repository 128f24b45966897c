#pragma once

#include <set>
#include <vector>

#include "tests/simulation/cluster.hpp"

namespace tests::simulation {

/// What strikes a cluster, when its options say so: draws the moments, the victims and how long it
/// lasts.
class Faults {
 public:
  explicit Faults(Cluster& cluster);

  /// Plans the first of every class that the options have.
  void start();
  /// Whether the event was one of a fault's.
  bool carry_out(const Event& event);
  /// Nothing strikes any more, and what lasts ends now.
  void stop();
  /// Keeps what is not in `core` from doing any good, for good.
  void make_permanent(const std::vector<Machine>& core);
  /// Who was ever asked to leave; the request may still be on its way.
  [[nodiscard]] const std::set<gms::model::MemberId>& asked_to_leave() const {
    return asked_to_leave_;
  }
  /// Ends what make_permanent() began.
  void forgive();

 private:
  using Path = std::pair<Machine, Machine>;

  struct Lasting {
    FaultClass fault = FaultClass::crash;
    Machine machine = 0;
    std::vector<Path> blocked;
    bool over = false;
  };

  [[nodiscard]] std::uint64_t rate(FaultClass fault) const;
  void plan_next(FaultClass fault);
  void strike(FaultClass fault);
  void strike_process(FaultClass fault, Machine victim);
  void strike_link(FaultClass fault, Machine victim);
  void last(Lasting lasting, VirtualTime duration);
  void end(Lasting& lasting);
  void ask(gms::core::AdminAction action);
  /// The first machine from there on whose member has left gets a new one.
  void replace(Machine from);
  [[nodiscard]] std::vector<Path> draw_partition();
  [[nodiscard]] VirtualTime draw_duration();
  [[nodiscard]] Machine draw_machine();

  Cluster& cluster_;
  Random random_;
  std::vector<Lasting> lasting_;
  std::vector<Path> permanent_;
  std::set<gms::model::MemberId> asked_to_leave_;
  bool stopped_ = false;
};

}  // namespace tests::simulation
