#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gms/log/inspection.hpp"
#include "gms/log/log_store.hpp"
#include "gms/log/new_member.hpp"
#include "tests/support/simulated_disk.hpp"

namespace gms::log {

inline constexpr const char* kDirectory = "member";
inline constexpr const char* kFirstSegment = "member/log/1-1.seg";

inline model::MemberId a_member() {
  return {model::NodeId(7), model::Incarnation(70)};
}

inline model::View a_view() {
  model::View view;
  view.seq = model::ViewSeq(1);
  view.members = {{a_member(), "n1", "127.0.0.1:7501", ""}};
  view.up = {a_member()};
  view.subject = a_member();
  return view;
}

inline NewMember a_founder() {
  return {{{1, 2}, a_member(), "n1"}, a_view(), LogSalt(0x5A17)};
}

inline NewMember a_joiner() {
  return {{{}, a_member(), "n1"}, std::nullopt, LogSalt(0x5A17)};
}

inline LogOptions small_segments() {
  LogOptions options;
  options.segment_bytes = 8 * 1024;
  options.first_segment_bytes = 8 * 1024;
  options.reserve_bytes = 16 * 1024;
  return options;
}

/// A payload that tells which entry it is of.
inline std::string text_of(std::uint64_t index, std::uint64_t epoch) {
  return "entry " + std::to_string(index) + " of epoch " + std::to_string(epoch);
}

/// `count` commands behind `previous`, each of `payload_bytes` bytes at least.
inline model::EntryRun commands(const model::ChainHead& previous, std::uint64_t epoch,
                                std::uint64_t count = 1, std::size_t payload_bytes = 0) {
  model::EntryRunBuilder builder;
  for (std::uint64_t i = 1; i <= count; ++i) {
    std::string text = text_of(previous.position.index.value() + i, epoch);
    if (text.size() < payload_bytes) text.resize(payload_bytes, '.');
    builder.append(model::EntryKind::command, {model::as_bytes(text)});
  }
  return builder.seal(previous, model::Epoch(epoch), previous.clock);
}

/// A base at `head`, under the founding view.
inline model::Base a_base(const model::ChainHead& head) {
  return {head, {a_view(), {model::Epoch(1), model::Index(1)}}};
}

/// A member's log on a simulated disk, and what it ought to hold.
class LogFixture : public testing::Test {
 protected:
  void found(const LogOptions& options = small_segments()) {
    options_ = options;
    ASSERT_TRUE(initialise(disk_, kDirectory, a_founder(), options_).has_value());
    recover();
  }

  /// A start of the process; the old one is gone.
  void recover() {
    store_.reset();
    disk_.end_process();
    auto recovered = LogStore::recover(disk_, kDirectory, options_);
    ASSERT_TRUE(recovered.has_value()) << recovered.error().detail;
    store_ = std::move(recovered->store);
    state_ = std::move(recovered->state);
    head_ = state_.log.head;
  }

  [[nodiscard]] model::Error recover_error() {
    store_.reset();
    disk_.end_process();
    auto recovered = LogStore::recover(disk_, kDirectory, options_);
    return recovered ? model::Error{model::ErrorCode::conflict, "it recovered"} : recovered.error();
  }

  void power_loss(tests::SimulatedDisk::Unsynced fate = tests::SimulatedDisk::Unsynced::lost) {
    store_.reset();
    disk_.lose_power(fate);
  }

  [[nodiscard]] static model::PersistRequest order(std::vector<model::EntryRun> entries) {
    model::PersistRequest request;
    request.seq = model::PersistSeq(1);
    request.entries = std::move(entries);
    return request;
  }

  [[nodiscard]] model::Result<void> write(const model::EntryRun& run) {
    const model::PersistRequest request = order({run});
    auto written = store_->write({&request, 1});
    if (written) head_ = run.head();
    return written;
  }
  /// Writes `count` entries in one batch behind the head.
  void append(std::uint64_t epoch, std::uint64_t count = 1, std::size_t payload_bytes = 0) {
    const auto written = write(commands(head_, epoch, count, payload_bytes));
    ASSERT_TRUE(written.has_value()) << written.error().detail;
  }
  void make_spare() { ASSERT_TRUE(store_->spares().make({}).has_value()); }

  /// The head at an index that was written.
  [[nodiscard]] model::ChainHead head_before(std::uint64_t index) {
    const auto answer = store_->read({a_member(), model::Index(index), 1});
    EXPECT_TRUE(answer.has_value() && !answer->gone) << index;
    return answer->previous;
  }

  /// The payload that the log's files hold at an index; what went wrong otherwise.
  [[nodiscard]] std::string read_text(std::uint64_t index) {
    const auto answer = store_->read({a_member(), model::Index(index), 1});
    if (!answer) return answer.error().detail;
    if (answer->gone) return "gone";
    const std::string text(model::as_text(answer->entries.front().payload()));
    return text.substr(0, text.find('.'));
  }

  tests::SimulatedDisk disk_;
  LogOptions options_;
  std::unique_ptr<LogStore> store_;
  model::RestoredState state_;
  model::ChainHead head_;
};

}  // namespace gms::log
