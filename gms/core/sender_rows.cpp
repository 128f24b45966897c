#include "gms/core/sender_rows.hpp"

#include <algorithm>

namespace gms::core {

using namespace model;

namespace {

template <class Rows>
auto row_of(Rows& rows, const MemberId& sender) {
  return std::find_if(rows.begin(), rows.end(),
                      [&](const SenderRow& row) { return row.sender == sender; });
}

}  // namespace

Turn SenderRows::turn_of(const MulticastHeader& header, const View& view) const {
  if (!view.is_up(header.sender)) return Turn::sender_not_up;
  const auto row = row_of(rows_, header.sender);
  const bool known = row != rows_.end();
  const BootSeq boot = known ? row->boot : BootSeq();
  const MulticastSeq taken = known && header.boot == boot ? row->seq : MulticastSeq();
  if (header.boot < boot || header.seq <= taken) return Turn::copy;
  return header.seq == taken.next() ? Turn::next : Turn::after_gap;
}

bool SenderRows::admit(const MulticastHeader& header, const View& view) {
  if (turn_of(header, view) != Turn::next) return false;
  auto row = row_of(rows_, header.sender);
  // Only who is up gets this far, so a voter.
  if (row == rows_.end()) row = rows_.insert(rows_.begin(), {header.sender, {}, {}});
  row->boot = header.boot;
  row->seq = header.seq;
  return true;
}

void SenderRows::view_installed(const View& view) {
  const auto departed = std::stable_partition(
      rows_.begin(), rows_.end(), [&](const SenderRow& row) { return view.has_voter(row.sender); });
  if (rows_.end() - departed <= std::ptrdiff_t{kDepartedMax}) return;
  rows_.erase(departed + kDepartedMax, rows_.end());
  has_forgotten_ = true;
}

void SenderRows::note_in(Mark& mark) const {
  mark.rows = rows_;
  mark.has_forgotten = has_forgotten_;
}

}  // namespace gms::core
