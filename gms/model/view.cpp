#include "gms/model/view.hpp"

#include <algorithm>

namespace gms::model {
namespace {

void put_id(ByteWriter& out, const MemberId& id) {
  out.u64(id.node.value());
  out.u64(id.incarnation.value());
}

MemberId get_id(ByteReader& in) {
  const NodeId node(in.u64());
  return {node, Incarnation(in.u64())};
}

std::string get_text(ByteReader& in, std::size_t bytes_max) {
  const ByteSpan bytes = in.blob();
  if (bytes.size() > bytes_max) in.fail();
  return std::string(as_text(bytes.size() > bytes_max ? ByteSpan{} : bytes));
}

bool is_sane(const View& view) {
  const auto by_id = [](const Member& a, const Member& b) { return a.id < b.id; };
  const auto not_less = [](const auto& a, const auto& b) { return !(a < b); };
  if (std::adjacent_find(view.members.begin(), view.members.end(),
                         [&](const Member& a, const Member& b) { return !by_id(a, b); }) !=
      view.members.end())
    return false;
  if (std::adjacent_find(view.up.begin(), view.up.end(), not_less) != view.up.end()) return false;
  if (!std::all_of(view.up.begin(), view.up.end(),
                   [&](const MemberId& id) { return view.has_voter(id); }))
    return false;
  const auto not_before = [](const Maintenance& a, const Maintenance& b) {
    return !(a.member < b.member);
  };
  if (std::adjacent_find(view.maintenance.begin(), view.maintenance.end(), not_before) !=
      view.maintenance.end())
    return false;
  if (!std::all_of(view.maintenance.begin(), view.maintenance.end(),
                   [&](const Maintenance& work) { return view.has_voter(work.member); }))
    return false;
  return view.cause >= ViewCause::bootstrap && view.cause <= ViewCause::maintenance;
}

}  // namespace

std::string_view to_string(ViewCause cause) {
  switch (cause) {
    case ViewCause::bootstrap: return "bootstrap";
    case ViewCause::join: return "join";
    case ViewCause::leave: return "leave";
    case ViewCause::evict: return "evict";
    case ViewCause::down: return "down";
    case ViewCause::up: return "up";
    case ViewCause::maintenance: return "maintenance";
  }
  return "unknown";
}

const Member* View::find(const MemberId& id) const {
  const auto at = std::lower_bound(members.begin(), members.end(), id,
                                   [](const Member& m, const MemberId& i) { return m.id < i; });
  return at != members.end() && at->id == id ? &*at : nullptr;
}

const Member* View::find_name(std::string_view name) const {
  const Member* found = nullptr;
  for (const Member& member : members)
    if (member.name == name && (found == nullptr || is_up(member.id))) found = &member;
  return found;
}

GroupClock View::maintenance_until(const MemberId& id) const {
  const auto at =
      std::lower_bound(maintenance.begin(), maintenance.end(), id,
                       [](const Maintenance& m, const MemberId& i) { return m.member < i; });
  return at != maintenance.end() && at->member == id ? at->until : GroupClock();
}

bool View::is_up(const MemberId& id) const {
  return std::binary_search(up.begin(), up.end(), id);
}

Bytes encode(const View& view) {
  ByteWriter out;
  out.u64(view.seq.value());
  out.u8(view.floor);
  out.u8(view.voters_max);
  out.u8(static_cast<std::uint8_t>(view.cause));
  put_id(out, view.subject);
  out.u32(static_cast<std::uint32_t>(view.members.size()));
  for (const Member& member : view.members) {
    put_id(out, member.id);
    out.blob(as_bytes(member.name));
    out.blob(as_bytes(member.peer_address));
    out.blob(as_bytes(member.info));
  }
  out.u32(static_cast<std::uint32_t>(view.up.size()));
  for (const MemberId& id : view.up) put_id(out, id);
  out.u32(static_cast<std::uint32_t>(view.maintenance.size()));
  for (const Maintenance& work : view.maintenance) {
    put_id(out, work.member);
    out.u64(work.until.value());
  }
  return out.take();
}

Result<View> decode_view(ByteSpan bytes) {
  ByteReader in(bytes);
  View view;
  view.seq = ViewSeq(in.u64());
  view.floor = in.u8();
  view.voters_max = in.u8();
  view.cause = static_cast<ViewCause>(in.u8());
  view.subject = get_id(in);
  const std::uint32_t members = in.u32();
  for (std::uint32_t i = 0; in.ok() && i < members && i < kViewMembersMax; ++i) {
    Member member;
    member.id = get_id(in);
    member.name = get_text(in, kMemberNameBytesMax);
    member.peer_address = get_text(in, kMemberAddressBytesMax);
    member.info = get_text(in, kMemberInfoBytesMax);
    view.members.push_back(std::move(member));
  }
  const std::uint32_t up = in.u32();
  for (std::uint32_t i = 0; in.ok() && i < up && i < kViewMembersMax; ++i)
    view.up.push_back(get_id(in));
  const std::uint32_t worked_on = in.u32();
  for (std::uint32_t i = 0; in.ok() && i < worked_on && i < kViewMembersMax; ++i) {
    const MemberId member = get_id(in);
    view.maintenance.push_back({member, GroupClock(in.u64())});
  }
  if (!in.finished() || !is_sane(view)) return Error{ErrorCode::corrupt, "malformed view"};
  return view;
}

std::size_t voters_changed(const View& a, const View& b) {
  const auto missing = [](const View& from, const View& in) {
    return static_cast<std::size_t>(
        std::count_if(from.members.begin(), from.members.end(),
                      [&](const Member& member) { return !in.has_voter(member.id); }));
  };
  return missing(a, b) + missing(b, a);
}

}  // namespace gms::model
