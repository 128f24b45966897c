#include "gms/core/sender_rows.hpp"

#include <algorithm>

namespace gms::core {

using namespace model;

bool SenderRows::admit(const MulticastHeader& header, const View& view) {
  if (!view.is_up(header.sender)) return false;
  auto row = std::lower_bound(
      rows_.begin(), rows_.end(), header.sender,
      [](const SenderRow& r, const MemberId& sender) { return r.sender < sender; });
  if (row == rows_.end() || row->sender != header.sender)
    row = rows_.insert(row, {header.sender, BootSeq(), MulticastSeq()});
  if (header.boot < row->boot) return false;
  const MulticastSeq expected = header.boot > row->boot ? MulticastSeq(1) : row->seq.next();
  if (header.seq != expected) return false;
  row->boot = header.boot;
  row->seq = header.seq;
  return true;
}

void SenderRows::view_installed(const View& view) {
  std::erase_if(rows_, [&](const SenderRow& row) {
    if (view.has_voter(row.sender)) return false;
    return std::any_of(view.members.begin(), view.members.end(),
                       [&](const Member& member) { return member.id.node == row.sender.node; });
  });
}

}  // namespace gms::core
