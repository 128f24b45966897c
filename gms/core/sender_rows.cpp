#include "gms/core/sender_rows.hpp"

#include <algorithm>

namespace gms::core {

using namespace model;

namespace {

template <class Rows>
auto place_of(Rows& rows, const MemberId& sender) {
  return std::lower_bound(rows.begin(), rows.end(), sender,
                          [](const SenderRow& row, const MemberId& id) { return row.sender < id; });
}

}  // namespace

Turn SenderRows::turn_of(const MulticastHeader& header, const View& view) const {
  if (!view.is_up(header.sender)) return Turn::sender_not_up;
  const auto row = place_of(rows_, header.sender);
  const bool known = row != rows_.end() && row->sender == header.sender;
  const BootSeq boot = known ? row->boot : BootSeq();
  const MulticastSeq taken = known && header.boot == boot ? row->seq : MulticastSeq();
  if (header.boot < boot || header.seq <= taken) return Turn::copy;
  return header.seq == taken.next() ? Turn::next : Turn::after_gap;
}

bool SenderRows::admit(const MulticastHeader& header, const View& view) {
  if (turn_of(header, view) != Turn::next) return false;
  auto row = place_of(rows_, header.sender);
  if (row == rows_.end() || row->sender != header.sender)
    row = rows_.insert(row, {header.sender, BootSeq(), MulticastSeq()});
  row->boot = header.boot;
  row->seq = header.seq;
  return true;
}

void SenderRows::view_installed(const View& view) {
  std::erase_if(rows_, [&](const SenderRow& row) {
    if (view.has_voter(row.sender)) return false;
    return std::any_of(view.members.begin(), view.members.end(), [&](const Member& member) {
      return member.id.node == row.sender.node && view.is_up(member.id);
    });
  });
}

}  // namespace gms::core
