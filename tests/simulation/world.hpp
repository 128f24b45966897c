#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "gms/core/status.hpp"
#include "gms/model/durable_state.hpp"
#include "gms/model/log.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/statistics.hpp"

namespace tests::simulation {

/// The first thing that went wrong, and by which rule.
struct Violation {
  std::string invariant;
  std::string detail;
};

/// An entry as the checkers know it.
struct Slot {
  gms::model::Epoch epoch;
  gms::model::EntryHash hash;
  gms::model::EntryKind kind = gms::model::EntryKind::noop;

  friend bool operator==(const Slot&, const Slot&) = default;
};

class World;

/// What one log holds, entry by entry, from index 1 on.
class ShadowLog {
 public:
  /// Adds entries; what they overlap goes, with all after it.
  void apply(const gms::model::EntryRun& run);
  /// What an order does to a log. What is trimmed stays here; a snapshot that keeps nothing of the
  /// log stands for the committed entries up to it.
  void apply(const gms::model::PersistRequest& order, const World& world);
  [[nodiscard]] gms::model::Index last() const { return gms::model::Index(slots_.size()); }
  [[nodiscard]] gms::model::Position last_position() const {
    return slots_.empty() ? gms::model::Position{}
                          : gms::model::Position{slots_.back().epoch, last()};
  }
  [[nodiscard]] gms::model::EntryHash last_hash() const {
    return slots_.empty() ? gms::model::EntryHash() : slots_.back().hash;
  }
  /// The entry at `index`, or null if there is none.
  [[nodiscard]] const Slot* find(gms::model::Index index) const {
    const std::uint64_t at = index.value();
    return at == 0 || at > slots_.size() ? nullptr : &slots_[at - 1];
  }
  /// Whether the log has this very entry, and so the same prefix as any other that has it.
  [[nodiscard]] bool holds(gms::model::Index index, gms::model::EntryHash hash) const {
    const Slot* const slot = find(index);
    return index == gms::model::Index() || (slot != nullptr && slot->hash == hash);
  }
  [[nodiscard]] const std::vector<gms::model::PlacedView>& views() const { return views_; }
  /// The view in force: the last in the log. Null if there is none.
  [[nodiscard]] const gms::model::PlacedView* view() const {
    return views_.empty() ? nullptr : &views_.back();
  }

 private:
  std::vector<Slot> slots_;
  std::vector<gms::model::PlacedView> views_;
};

/// A member as an omniscient observer sees it.
struct ShadowMember {
  gms::model::MemberId id;
  Machine machine = 0;
  /// Its application was put out of use and has no other state yet.
  bool quarantined = false;
  bool running = false;
  gms::model::BootSeq boot;

  /// As its engine has them.
  ShadowLog memory;
  gms::model::HardState memory_hard_state;
  /// As a loss of power would leave them, at least.
  ShadowLog disk;
  gms::model::HardState disk_hard_state;
  /// Given to the log and not durable.
  std::deque<gms::model::PersistRequest> pending;
  gms::model::PersistSeq durable;

  gms::core::RoleName role = gms::core::RoleName::joiner;
  /// It campaigns because its leader asked it to.
  bool takes_over = false;
  gms::model::Index commit;
  gms::model::Index delivered;
  /// The epoch in which it leads or last led in this boot.
  gms::model::Epoch led;
  gms::model::Index led_from;
};

/// All that is known of all members, and the one sequence that they agree on.
class World {
 public:
  explicit World(Statistics& statistics) : statistics_(statistics) {}

  ShadowMember& add_member(const gms::model::MemberId& id, Machine machine);
  [[nodiscard]] std::deque<ShadowMember>& members() { return members_; }
  [[nodiscard]] const std::deque<ShadowMember>& members() const { return members_; }
  /// Null for a member that was never here.
  [[nodiscard]] const ShadowMember* find(const gms::model::MemberId& id) const;
  [[nodiscard]] ShadowMember* find(const gms::model::MemberId& id);

  /// The entries that are committed, as far as anybody knows.
  [[nodiscard]] const std::vector<Slot>& committed() const { return committed_; }
  /// `epoch`: of the leader that committed the entry.
  void commit(const Slot& slot, gms::model::Epoch epoch) {
    committed_.push_back(slot);
    committed_in_.push_back(epoch);
  }
  /// The last entry that was committed by a leader of an epoch before `epoch`; index 0 if none was.
  [[nodiscard]] gms::model::Index committed_before(gms::model::Epoch epoch) const;
  [[nodiscard]] bool is_committed(gms::model::Index index, gms::model::EntryHash hash) const {
    return index.value() != 0 && index.value() <= committed_.size() &&
           committed_[index.value() - 1].hash == hash;
  }
  [[nodiscard]] gms::model::Index committed_last() const {
    return gms::model::Index(committed_.size());
  }
  /// The latest view that is committed; null before the first.
  [[nodiscard]] const gms::model::PlacedView* committed_view() const {
    return committed_views_.empty() ? nullptr : &committed_views_.back();
  }
  [[nodiscard]] const std::vector<gms::model::PlacedView>& committed_views() const {
    return committed_views_;
  }
  void commit(const gms::model::PlacedView& view) { committed_views_.push_back(view); }

  /// Whether the member was asked to leave, did, and is not back.
  [[nodiscard]] bool has_left(const gms::model::MemberId& id) const;
  /// Whether the member was evicted and is not back.
  [[nodiscard]] bool is_evicted(const gms::model::MemberId& id) const;

  /// Reports a broken rule. The first report counts.
  void violate(const char* invariant, std::string detail);
  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

  [[nodiscard]] Statistics& statistics() { return statistics_; }

 private:
  /// Whether a view with that cause and subject is committed, and the newest is without the member.
  [[nodiscard]] bool was_removed(const gms::model::MemberId& id, gms::model::ViewCause cause) const;

  Statistics& statistics_;
  /// Grows at the end only: members are pointed to.
  std::deque<ShadowMember> members_;
  std::vector<Slot> committed_;
  std::vector<gms::model::Epoch> committed_in_;
  std::vector<gms::model::PlacedView> committed_views_;
  std::optional<Violation> violation_;
};

/// `m3 (boot 2)`, as reports name a member.
[[nodiscard]] std::string name_of(const ShadowMember& member);

}  // namespace tests::simulation
