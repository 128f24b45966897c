#include "gms/core/peer_table.hpp"

#include <algorithm>

namespace gms::core {

using namespace model;

namespace {
constexpr std::size_t kRecordsMax = 1024;
static_assert(kRecordsMax > kViewMembersMax, "somebody must make room");
}  // namespace

void PeerTable::note_voters(const View& view) {
  voters_.clear();
  for (const Member& member : view.members) voters_.push_back(member.id);
}

PeerTable::Record& PeerTable::record_of(const MemberId& member) {
  if (records_.size() >= kRecordsMax && !records_.contains(member))
    records_.erase(std::find_if(records_.begin(), records_.end(), [&](const auto& record) {
      return !std::binary_search(voters_.begin(), voters_.end(), record.first);
    }));
  return records_[member];
}

bool PeerTable::admit(const MemberId& member, BootSeq boot) {
  Record& record = record_of(member);
  if (boot < record.boot) return false;
  if (boot > record.boot) record = {boot, std::nullopt, Ticket()};
  record.down_since.reset();
  return true;
}

bool PeerTable::note_down(const MemberId& member, BootSeq boot, Instant now) {
  Record& record = record_of(member);
  if (boot < record.boot) return false;
  record.boot = boot;
  if (!record.down_since) record.down_since = now;
  return true;
}

std::optional<Instant> PeerTable::down_since(const MemberId& member) const {
  const auto record = records_.find(member);
  return record == records_.end() ? std::nullopt : record->second.down_since;
}

BootSeq PeerTable::boot_of(const MemberId& member) const {
  const auto record = records_.find(member);
  return record == records_.end() ? BootSeq() : record->second.boot;
}

bool PeerTable::admit_forward(const MemberId& member, Ticket ticket) {
  Record& record = record_of(member);
  if (ticket <= record.last_forward) return false;
  record.last_forward = ticket;
  return true;
}

}  // namespace gms::core
