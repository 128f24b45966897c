#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "gms/model/log.hpp"

namespace gms::log {

/// A log that lives as long as its process: for members with Durability::memory, and for tests.
///
/// It keeps all entries above its base. It never calls its listener by itself: its owner is asked
/// to call complete(), soon but not at once, and the listener hears of everything then. So its
/// answers come asynchronously, as those of a disk do.
///
/// Thread rule: one thread for all methods, on which the listener is called. Ownership: the
/// listener outlives it.
class MemoryLog final : public model::Log {
 public:
  /// Begins with `start`; of its entries those of the tail can be read. `ask_to_complete` is called
  /// within persist() and read(), once until the next complete().
  MemoryLog(model::RecoveredLog start, model::LogListener& listener,
            std::function<void()> ask_to_complete);

  void persist(model::PersistRequest request) override;
  void read(model::ReadRequest request) override;
  void stop() override { stopped_ = true; }

  /// Reports everything asked for so far. Not to be called within persist() or read(). Does nothing
  /// after stop().
  void complete();

 private:
  void append(model::EntryRun run);
  void move_base(const model::ChainHead& base);
  [[nodiscard]] model::ReadAnswer answer(const model::ReadRequest& request) const;
  /// The run that holds the entry; null if none does.
  [[nodiscard]] const model::EntryRun* find(model::Index index) const;
  [[nodiscard]] std::optional<model::ChainHead> head_at(model::Index index) const;
  void ask();

  model::ChainHead base_;
  /// Consecutive.
  std::deque<model::EntryRun> runs_;
  model::LogListener& listener_;
  std::function<void()> ask_to_complete_;
  std::optional<model::PersistSeq> durable_;
  std::vector<model::ReadRequest> reads_;
  bool asked_ = false;
  bool stopped_ = false;
};

}  // namespace gms::log
