#pragma once

#include <vector>

#include "gms/model/entry.hpp"
#include "gms/model/mark.hpp"

namespace gms::core {

/// What a multicast is at its place in the stream: the next of its sender's, one that the sender's
/// row already covers, one after a gap, or one of a sender that is not up.
enum class Turn { next, copy, after_gap, sender_not_up };

/// Decides which multicasts of the stream are delivered: each sender's, in its order, once, and
/// only while the view holds the sender to be up. The same at every member, since it depends on the
/// stream alone [C17].
class SenderRows {
 public:
  explicit SenderRows(std::vector<model::SenderRow> rows) : rows_(std::move(rows)) {}

  [[nodiscard]] Turn turn_of(const model::MulticastHeader& header, const model::View& view) const;

  /// Whether the multicast is next of its sender's; if so it is taken.
  [[nodiscard]] bool admit(const model::MulticastHeader& header, const model::View& view);

  /// A row outlives its sender's membership until another incarnation of it has the place: one that
  /// is up. Beside one that is down the sender may be admitted again, in the same boot.
  void view_installed(const model::View& view);

  /// Sorted by sender.
  [[nodiscard]] const std::vector<model::SenderRow>& rows() const { return rows_; }

 private:
  std::vector<model::SenderRow> rows_;
};

}  // namespace gms::core
