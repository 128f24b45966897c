#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <optional>

#include "gms/model/entry_run.hpp"

namespace gms::net {

enum class DraftKind : std::uint8_t { proposal, multicast };

/// Drafts that leave as one input; draft k has ticket first + k.
struct DraftBatch {
  DraftKind kind = DraftKind::proposal;
  model::Ticket first;
  model::EntryRunBuilder drafts;
};

/// Gathers what callers want ordered into batches, and gives out the tickets of one boot.
///
/// Guarantee: tickets grow in the order of take_ticket() and of the first draft of each batch, and
/// batches leave in that order; nothing is allocated for a draft but room in its batch.
/// One thread.
class DraftQueue {
 public:
  /// A batch of so many bytes is full; one draft may be larger.
  static constexpr std::size_t kBatchBytesMax = 1024 * 1024;
  /// Tickets set aside for one batch.
  static constexpr std::uint64_t kBatchDraftsMax = 1 << 16;
  /// Fewer for multicasts, of which a member may have only some thousands under way: a batch is
  /// taken or refused whole.
  static constexpr std::uint64_t kBatchMulticastsMax = 512;

  /// `bytes_max`: of all drafts that wait.
  explicit DraftQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Adds a draft whose payload is the concatenation of `pieces`. Errors: too_large (over
  /// kEntryPayloadBytesMax), busy (too much waits).
  [[nodiscard]] model::Result<model::Ticket> add(DraftKind kind,
                                                 std::initializer_list<model::ByteSpan> pieces);
  /// A ticket for a request of another kind.
  [[nodiscard]] model::Ticket take_ticket();

  [[nodiscard]] bool empty() const { return batches_.empty(); }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// The oldest batch, closed. Precondition: not empty().
  [[nodiscard]] DraftBatch take();

 private:
  DraftBatch& open_batch(DraftKind kind, std::size_t payload_bytes);

  std::size_t bytes_max_;
  std::deque<DraftBatch> batches_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  model::Ticket next_{1};
  /// The largest of the last batches of each kind; with every batch a part of it is forgotten.
  static constexpr std::size_t kForgottenPart = 16;
  std::array<std::size_t, 2> usual_bytes_{};
};

}  // namespace gms::net
