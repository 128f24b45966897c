#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "gms/model/memory_application.hpp"
#include "gms/model/view.hpp"

namespace examples {

/// What a worker tells all others. The member that takes a job is the one that says so.
enum class Verb : std::uint8_t { offer = 1, take, finish };

/// The jobs that a group of workers shares: a state machine that every member runs on the same
/// messages and views in the same order, so that all have the same table.
///
/// Nothing in it may depend on anything else: no clock, no randomness, no member's own identity.
/// Thread rule: the group's thread.
class JobTable final : public gms::model::MemoryApplication {
 public:
  /// Told each hundredth message: a line about the table at that place in the stream, the same at
  /// every member.
  using OnCheckpoint = std::function<void(const std::string& line)>;

  explicit JobTable(OnCheckpoint on_checkpoint) : on_checkpoint_(std::move(on_checkpoint)) {}

  /// A message for Group::multicast(). An offer needs no job: the table numbers it.
  [[nodiscard]] static gms::model::Bytes message(Verb verb, std::uint64_t job = 0);

  /// The first job that `holder` has; that nobody has, for none.
  [[nodiscard]] std::optional<std::uint64_t> job_of(gms::model::MemberId holder) const;

  /// The table in one line, with a checksum of all of it: equal lines, equal tables.
  [[nodiscard]] std::string summary() const;
  /// The newest messages in words, oldest first. Not part of the state.
  [[nodiscard]] const std::deque<std::string>& recent() const { return recent_; }

 protected:
  [[nodiscard]] gms::model::Result<void> apply(const gms::model::Delivery& delivery) override;
  [[nodiscard]] gms::model::Bytes encode() const override;
  [[nodiscard]] gms::model::Result<void> decode(gms::model::ByteSpan state) override;
  void view_changed(const gms::model::PlacedView& view) override;

 private:
  [[nodiscard]] bool carry_out(Verb verb, std::uint64_t job, gms::model::MemberId sender);

  // The state.
  std::uint64_t messages_ = 0;
  std::uint64_t offered_ = 0;
  std::uint64_t finished_ = 0;
  /// The jobs that are not finished, and who has each; none for one that is open.
  std::map<std::uint64_t, gms::model::MemberId> holders_;

  // Beside it, for people.
  OnCheckpoint on_checkpoint_;
  gms::model::View view_;
  std::deque<std::string> recent_;
};

}  // namespace examples
