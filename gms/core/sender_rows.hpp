#pragma once

#include <cstddef>
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
  /// How many members that left have their rows kept.
  static constexpr std::size_t kDepartedMax = 64;

  explicit SenderRows(const model::Mark& mark)
      : rows_(mark.rows), has_forgotten_(mark.has_forgotten) {}

  [[nodiscard]] Turn turn_of(const model::MulticastHeader& header, const model::View& view) const;

  /// Whether the multicast is next of its sender's; if so it is taken.
  [[nodiscard]] bool admit(const model::MulticastHeader& header, const model::View& view);

  /// A row outlives its sender's membership, which may come back in the same boot, whoever had its
  /// place meanwhile. It goes when kDepartedMax other senders have left since.
  void view_installed(const model::View& view);

  /// Those of voters first, then those of members that left, the last to leave first.
  [[nodiscard]] const std::vector<model::SenderRow>& rows() const { return rows_; }
  /// Makes them those of a mark.
  void note_in(model::Mark& mark) const;

 private:
  std::vector<model::SenderRow> rows_;
  bool has_forgotten_ = false;
};

}  // namespace gms::core
