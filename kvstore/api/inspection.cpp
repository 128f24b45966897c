#include "kvstore/api/inspection.hpp"

#include <array>

namespace kvstore::api {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::ByteReader;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Duration;
using gms::model::Epoch;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::GroupClock;
using gms::model::GroupId;
using gms::model::Incarnation;
using gms::model::Index;
using gms::model::MemberId;
using gms::model::NodeId;
using gms::model::PlacedView;
using gms::model::Position;
using gms::model::Result;

void put_text(const std::string& text, ByteWriter& out) {
  out.blob(as_bytes(text));
}

std::string get_text(ByteReader& in) {
  return std::string(as_text(in.blob()));
}

void put_view(const PlacedView& view, ByteWriter& out) {
  out.u64(view.position.epoch.value());
  out.u64(view.position.index.value());
  out.blob(gms::model::encode(view.view));
}

PlacedView get_view(ByteReader& in) {
  PlacedView placed;
  placed.position.epoch = Epoch(in.u64());
  placed.position.index = Index(in.u64());
  auto view = gms::model::decode_view(in.blob());
  if (view) {
    placed.view = *std::move(view);
  } else {
    in.fail();
  }
  return placed;
}

template <class Item, class PutItem>
void put_list(const std::vector<Item>& items, ByteWriter& out, PutItem put_item) {
  out.u32(static_cast<std::uint32_t>(items.size()));
  for (const Item& item : items) put_item(item, out);
}

/// Grows item by item, so a claimed length costs nothing before its bytes were read.
template <class GetItem>
auto get_list(ByteReader& in, GetItem get_item) {
  std::vector<decltype(get_item(in))> items;
  const std::size_t count = in.u32();
  if (count > kInspectionItemsMax) in.fail();
  for (std::size_t i = 0; in.ok() && i < count; ++i) items.push_back(get_item(in));
  return items;
}

void put_counter(const Counter& counter, ByteWriter& out) {
  put_text(counter.name, out);
  out.u64(counter.value);
}

Counter get_counter(ByteReader& in) {
  Counter counter;
  counter.name = get_text(in);
  counter.value = in.u64();
  return counter;
}

void put_member_id(const MemberId& id, ByteWriter& out) {
  out.u64(id.node.value());
  out.u64(id.incarnation.value());
}

MemberId get_member_id(ByteReader& in) {
  MemberId id;
  id.node = NodeId(in.u64());
  id.incarnation = Incarnation(in.u64());
  return id;
}

void put_duration(Duration duration, ByteWriter& out) {
  out.u64(static_cast<std::uint64_t>(duration.count()));
}

Duration get_duration(ByteReader& in) {
  return Duration(static_cast<Duration::rep>(in.u64()));
}

template <class Code>
void put_code(Code code, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(code));
}

/// One of the codes from `first` to `last`.
template <class Code>
Code get_code(Code first, Code last, ByteReader& in) {
  const auto code = static_cast<Code>(in.u8());
  if (code < first || code > last) in.fail();
  return code;
}

bool get_flag(ByteReader& in) {
  const std::uint8_t flag = in.u8();
  if (flag > 1) in.fail();
  return flag == 1;
}

void put_peer(const PeerReport& peer, ByteWriter& out) {
  put_member_id(peer.id, out);
  put_text(peer.name, out);
  out.u64(peer.match.value());
  out.u64(peer.applied.value());
  put_duration(peer.silence, out);
  out.u8(peer.diverged ? 1 : 0);
  out.u8(peer.disputed ? 1 : 0);
  out.u8(peer.takes_entries ? 1 : 0);
  out.u8(peer.keeps_state ? 1 : 0);
  out.u8(peer.snapshot_bytes ? 1 : 0);
  out.u64(peer.snapshot_bytes.value_or(0));
}

PeerReport get_peer(ByteReader& in) {
  PeerReport peer;
  peer.id = get_member_id(in);
  peer.name = get_text(in);
  peer.match = Index(in.u64());
  peer.applied = Index(in.u64());
  peer.silence = get_duration(in);
  peer.diverged = get_flag(in);
  peer.disputed = get_flag(in);
  peer.takes_entries = get_flag(in);
  peer.keeps_state = get_flag(in);
  const bool fetches = get_flag(in);
  const std::uint64_t snapshot_bytes = in.u64();
  if (fetches) peer.snapshot_bytes = snapshot_bytes;
  return peer;
}

void put_event(const EventReport& event, ByteWriter& out) {
  out.u64(event.seq.value());
  out.u64(event.at_ms);
  put_text(event.kind, out);
  put_text(event.text, out);
}

EventReport get_event(ByteReader& in) {
  EventReport event;
  event.seq = EventSeq(in.u64());
  event.at_ms = in.u64();
  event.kind = get_text(in);
  event.text = get_text(in);
  return event;
}

void put_view_report(const ViewReport& report, ByteWriter& out) {
  put_view(report.view, out);
  put_text(report.subject, out);
  put_code(report.reason, out);
  out.u64(report.at_ms);
}

ViewReport get_view_report(ByteReader& in) {
  ViewReport report;
  report.view = get_view(in);
  report.subject = get_text(in);
  report.reason = get_code(ViewReason::unknown, ViewReason::asked, in);
  report.at_ms = in.u64();
  return report;
}

template <class Value>
Result<Value> finish(const ByteReader& in, Value value, const char* what) {
  if (!in.finished()) return Error{ErrorCode::corrupt, std::string("malformed ") + what};
  return value;
}

}  // namespace

std::string_view to_string(ViewReason reason) {
  static constexpr std::array<std::string_view, 6> kNames{"unknown",   "silent",   "crashed",
                                                          "regressed", "replaced", "asked"};
  return kNames[static_cast<std::size_t>(reason) - 1];
}

std::string_view to_string(MemberRole role) {
  static constexpr std::array<std::string_view, 6> kNames{"joiner",       "learner",   "follower",
                                                          "precandidate", "candidate", "leader"};
  return kNames[static_cast<std::size_t>(role) - 1];
}

void encode(const StatusReply& reply, ByteWriter& out) {
  out.u64(reply.group.high);
  out.u64(reply.group.low);
  put_member_id(reply.member, out);
  put_text(reply.name, out);
  put_code(reply.role_code, out);
  put_text(reply.role, out);
  out.u64(reply.epoch.value());
  put_text(reply.leader, out);
  out.u64(reply.last.value());
  out.u64(reply.commit.value());
  out.u64(reply.applied.value());
  out.u64(reply.digest.value());
  put_view(reply.view, out);
  out.u64(reply.clock.value());
  put_duration(reply.heard_within, out);
  put_duration(reply.maintenance_max, out);
  put_code(reply.write_refusal, out);
  put_text(reply.refusing_writes, out);
  out.u8(reply.diverged ? 1 : 0);
  put_list(reply.peers, out, put_peer);
  put_list(reply.counters, out, put_counter);
}

void encode(const MembersReply& reply, ByteWriter& out) {
  put_view(reply.view, out);
  put_text(reply.leader, out);
}

void encode(const DigestQuery& query, ByteWriter& out) {
  out.u64(query.index.value());
}

void encode(const DigestReply& reply, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(reply.state));
  out.u8(static_cast<std::uint8_t>(reply.depth));
  out.u64(reply.rolling.value());
  out.u64(reply.deep.value());
  out.u64(reply.rows);
}

void encode(const EventsQuery& query, ByteWriter& out) {
  out.u64(query.after.value());
}

void encode(const EventsReply& reply, ByteWriter& out) {
  put_list(reply.events, out, put_event);
}

void encode(const ViewsReply& reply, ByteWriter& out) {
  put_list(reply.views, out, put_view_report);
}

void encode(const AdminQuery& query, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(query.action));
  put_text(query.name, out);
  put_duration(query.ttl, out);
}

Result<StatusReply> decode_status_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  StatusReply reply;
  reply.group.high = in.u64();
  reply.group.low = in.u64();
  reply.member = get_member_id(in);
  reply.name = get_text(in);
  reply.role_code = get_code(MemberRole::joiner, MemberRole::leader, in);
  reply.role = get_text(in);
  reply.epoch = Epoch(in.u64());
  reply.leader = get_text(in);
  reply.last = Index(in.u64());
  reply.commit = Index(in.u64());
  reply.applied = Index(in.u64());
  reply.digest = Digest(in.u64());
  reply.view = get_view(in);
  reply.clock = GroupClock(in.u64());
  reply.heard_within = get_duration(in);
  reply.maintenance_max = get_duration(in);
  reply.write_refusal = get_code(WriteRefusal::none, WriteRefusal::store_trouble, in);
  reply.refusing_writes = get_text(in);
  reply.diverged = get_flag(in);
  reply.peers = get_list(in, get_peer);
  reply.counters = get_list(in, get_counter);
  return finish(in, std::move(reply), "status");
}

Result<MembersReply> decode_members_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  MembersReply reply;
  reply.view = get_view(in);
  reply.leader = get_text(in);
  return finish(in, std::move(reply), "list of members");
}

Result<DigestQuery> decode_digest_query(ByteSpan bytes) {
  ByteReader in(bytes);
  return finish(in, DigestQuery{Index(in.u64())}, "request for a digest");
}

Result<DigestReply> decode_digest_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  DigestReply reply;
  reply.state = static_cast<DigestState>(in.u8());
  reply.depth = static_cast<DigestDepth>(in.u8());
  reply.rolling = Digest(in.u64());
  reply.deep = Digest(in.u64());
  reply.rows = in.u64();
  const bool known = reply.state >= DigestState::ready && reply.state <= DigestState::missing &&
                     reply.depth >= DigestDepth::rolling && reply.depth <= DigestDepth::deep;
  if (!known) in.fail();
  return finish(in, reply, "digest");
}

Result<EventsQuery> decode_events_query(ByteSpan bytes) {
  ByteReader in(bytes);
  return finish(in, EventsQuery{EventSeq(in.u64())}, "request for events");
}

Result<EventsReply> decode_events_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  EventsReply reply;
  reply.events = get_list(in, get_event);
  return finish(in, std::move(reply), "list of events");
}

Result<ViewsReply> decode_views_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  ViewsReply reply;
  reply.views = get_list(in, get_view_report);
  return finish(in, std::move(reply), "list of views");
}

Result<AdminQuery> decode_admin_query(ByteSpan bytes) {
  ByteReader in(bytes);
  AdminQuery query;
  query.action = static_cast<AdminAction>(in.u8());
  query.name = get_text(in);
  query.ttl = get_duration(in);
  const bool known = query.action >= AdminAction::leave && query.action <= AdminAction::maintenance;
  if (!known || query.ttl < Duration::zero()) in.fail();
  return finish(in, std::move(query), "request of an operator");
}

}  // namespace kvstore::api
