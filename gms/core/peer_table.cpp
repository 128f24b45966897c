#include "gms/core/peer_table.hpp"

namespace gms::core {

using namespace model;

namespace {
constexpr std::size_t kRecordsMax = 1024;
}

PeerTable::Record& PeerTable::record_of(const MemberId& member) {
  if (records_.size() >= kRecordsMax && !records_.contains(member))
    records_.erase(records_.begin());
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
