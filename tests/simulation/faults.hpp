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
  /// To be called after each event: strikes where a moment was waited for.
  void watch();
  /// Nothing strikes any more, and what lasts ends now.
  void stop();
  /// Keeps what is not in `core` from doing any good, for good.
  void make_permanent(const std::vector<Machine>& core);
  /// Who was ever asked to leave; the request may still be on its way.
  [[nodiscard]] const std::set<gms::model::MemberId>& asked_to_leave() const {
    return asked_to_leave_;
  }
  /// Who an operator ever wanted evicted.
  [[nodiscard]] const std::set<gms::model::MemberId>& asked_to_evict() const {
    return asked_to_evict_;
  }
  /// Ends what make_permanent() began.
  void forgive();
  /// The disk of the machine, whose process runs, has no room from now on, until it is started
  /// again.
  void fill_for_good(Machine machine);

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
  /// Whether the member's disk is gone.
  [[nodiscard]] bool is_lost(const gms::model::MemberId& id) const;
  /// Whether a quorum of the view without that voter has its disks. An operator looks first whether
  /// the others are there, and sees that one is not before the group does; the two or less that are
  /// left would need every one of them (docs/protocol.md: the floor).
  [[nodiscard]] bool leaves_quorum(const gms::model::MemberId& removed) const;
  /// The first machine from there on whose member has left gets a new one.
  void replace(Machine from);
  /// The machine's directory is lost, unless so many are already that a view could lose its quorum.
  /// Whether the view, and the one without those that were asked to leave, has a quorum left when
  /// the machine's member loses its disk.
  [[nodiscard]] bool outlives_wipe(const gms::model::View& view, Machine machine) const;
  void wipe(Machine machine);
  /// The machine's application state is another from now on, if it is the only one and a majority
  /// of all voters is left that can tell. At times its member finds that by itself, as damage.
  void flip(Machine machine);
  /// Whether every voter can go on in the log of every member that runs.
  [[nodiscard]] bool has_what_others_trimmed(const gms::model::View& view) const;
  [[nodiscard]] std::vector<Path> draw_partition();
  /// Both ways between the machine and all others.
  [[nodiscard]] std::vector<Path> all_paths_of(Machine machine) const;
  [[nodiscard]] VirtualTime draw_duration();
  /// A full disk, with or without a reserve, or one with little room.
  [[nodiscard]] gms::model::StorageHealth draw_lack_of_room();
  [[nodiscard]] Machine draw_machine();

  Cluster& cluster_;
  Random random_;
  Random damage_random_;
  std::vector<Lasting> lasting_;
  std::vector<Path> permanent_;
  std::set<gms::model::MemberId> asked_to_leave_;
  std::set<gms::model::MemberId> asked_to_evict_;
  /// The next candidate is cut off until it may have been evicted: it comes back ahead of the
  /// others.
  bool waits_for_candidate_ = false;
  bool stopped_ = false;
};

}  // namespace tests::simulation
