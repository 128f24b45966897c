#include "tests/simulation/invariants/multicast.hpp"

#include <algorithm>

namespace tests::simulation {

using namespace gms::model;

namespace {

std::uint64_t content_of(const Delivery& delivery) {
  std::uint64_t out = mix(delivery.position.epoch.value(), delivery.position.index.value());
  out = mix(out, static_cast<std::uint64_t>(delivery.kind));
  out = mix(out, delivery.sender.node.value());
  out = mix(out, delivery.clock.value());
  ByteSpan rest = delivery.payload;
  for (; rest.size() >= 8; rest = rest.subspan(8))
    out = (out ^ load_little_endian<std::uint64_t>(rest.data())) * 0x9E3779B97F4A7C15ULL;
  for (const std::byte byte : rest)
    out = (out ^ static_cast<std::uint64_t>(byte)) * 0x9E3779B97F4A7C15ULL;
  return mix(out);
}

std::string at(Index index) {
  return " at index " + std::to_string(index.value());
}

}  // namespace

Bytes encode(const MulticastBody& body) {
  ByteWriter out;
  out.u64(body.sender.node.value());
  out.u64(body.sender.incarnation.value());
  out.u64(body.boot.value());
  out.u64(body.number);
  return out.take();
}

std::optional<MulticastBody> decode_multicast_body(ByteSpan bytes) {
  ByteReader in(bytes);
  MulticastBody out;
  out.sender.node = NodeId(in.u64());
  out.sender.incarnation = Incarnation(in.u64());
  out.boot = BootSeq(in.u64());
  out.number = in.u64();
  if (!in.finished()) return std::nullopt;
  return out;
}

void OneStream::delivers(World& world, const ShadowMember& member, const DeliveryBatch& batch) {
  Reader& reader = readers_[member.id];
  for (const Delivery& delivery : batch.deliveries) delivers(world, member, reader, delivery);
  count_ += batch.deliveries.size();
}

void OneStream::delivers(World& world, const ShadowMember& member, Reader& reader,
                         const Delivery& delivery) {
  const Index index = delivery.position.index;
  if (index <= reader.last)
    return world.violate("A4", name_of(member) + " delivers backwards" + at(index));
  if (reader.view == ViewSeq())
    return world.violate("V2", name_of(member) + " delivers outside of any view" + at(index));
  if (!world.is_committed(index, member.memory.find(index)->hash))
    return world.violate("I5", name_of(member) + " delivers what is not committed" + at(index));
  if (records_.size() < index.value()) records_.resize(index.value());
  Record& record = records_[index.value() - 1];
  reader.last = index;
  ++reader.ordinal;
  const std::uint64_t content = content_of(delivery);
  if (reader.set) *reader.set += content;
  if (record.ordinal == 0) record = {content, reader.ordinal, reader.view};
  if (record.content != content)
    world.violate("A3", name_of(member) + " delivers another message than others" + at(index));
  if (record.ordinal != reader.ordinal)
    world.violate("A4", name_of(member) + " has delivered " + std::to_string(reader.ordinal) +
                            " messages, others " + std::to_string(record.ordinal) + at(index));
  if (delivery.kind == EntryKind::multicast &&
      !views_.at(reader.view).view.view.is_up(delivery.sender))
    world.violate("V6",
                  name_of(member) + " delivers a message of a sender that is not up" + at(index));
  if (record.view != reader.view)
    world.violate("V5", name_of(member) + " delivers in another view than others" + at(index));
}

void OneStream::installs(World& world, const ShadowMember& member, const PlacedView& view) {
  Reader& reader = readers_[member.id];
  const ViewSeq seq = view.view.seq;
  if (seq <= reader.view || view.position.index <= reader.last)
    world.violate("V2", name_of(member) + " installs view " + std::to_string(seq.value()) +
                            " after view " + std::to_string(reader.view.value()));
  const bool inside = view.view.has_voter(member.id);
  if (reader.inside && !inside && view.view.subject != member.id)
    world.violate("V1", name_of(member) + " goes on in view " + std::to_string(seq.value()) +
                            ", which does not have it");
  const auto [known, first] = views_.try_emplace(seq, ViewRecord{view, reader.ordinal, {}});
  ViewRecord& record = known->second;
  if (record.view != view)
    world.violate("V3", name_of(member) + " installs another view " + std::to_string(seq.value()) +
                            " than others");
  if (record.ordinal != reader.ordinal ||
      (record.set_before && reader.set && *record.set_before != *reader.set))
    world.violate("V4", name_of(member) + " delivered another set of messages before view " +
                            std::to_string(seq.value()) + " than others");
  if (!record.set_before) record.set_before = reader.set;
  reader.last = view.position.index;
  reader.view = seq;
  reader.set = 0;
  reader.inside = inside;
}

void OneStream::restarts(const ShadowMember& member, Index applied, ViewSeq view) {
  Reader& reader = readers_[member.id];
  const auto known = views_.find(view);
  const bool inside = known != views_.end() && known->second.view.view.has_voter(member.id);
  reader = {applied, 0, view, {}, inside};
  for (std::uint64_t index = std::min<std::uint64_t>(applied.value(), records_.size()); index > 0;
       --index) {
    if (records_[index - 1].ordinal == 0) continue;
    reader.ordinal = records_[index - 1].ordinal;
    break;
  }
}

void OneStream::restores(const ShadowMember& member, const Mark& mark) {
  // The views that it was in before it fell behind are of no more account.
  restarts(member, mark.head.position.index, mark.view.view.seq);
}

void MulticastsAreExact::delivers(World& world, const ShadowMember& member,
                                  const DeliveryBatch& batch) {
  for (const Delivery& delivery : batch.deliveries) {
    if (delivery.kind != EntryKind::multicast) continue;
    const Index index = delivery.position.index;
    const auto body = decode_multicast_body(delivery.payload);
    if (!body || body->sender != delivery.sender) {
      world.violate("A6", name_of(member) + " delivers what its sender did not send" + at(index));
      return;
    }
    Stream& stream = sent_[key_of(*body)];
    if (body->number > stream.sent)
      world.violate("A1", name_of(member) + " delivers what was not multicast" + at(index));
    const auto known = std::lower_bound(
        stream.delivered.begin(), stream.delivered.end(), body->number,
        [](const auto& entry, std::uint64_t wanted) { return entry.first < wanted; });
    if (known == stream.delivered.end()) {
      if (!stream.delivered.empty() && stream.delivered.back().second >= index)
        world.violate("A5",
                      name_of(member) + " delivers a sender's messages out of order" + at(index));
      stream.delivered.emplace_back(body->number, index);
    } else if (known->first != body->number) {
      world.violate("A5", name_of(member) + " delivers a message that was passed over" + at(index));
    } else if (known->second != index) {
      world.violate("A1", name_of(member) + " delivers a multicast twice, also" + at(index));
    }
  }
}

std::uint64_t MulticastsAreExact::newest_delivered(const MemberId& sender, BootSeq boot) const {
  const auto stream = sent_.find({sender, boot});
  if (stream == sent_.end() || stream->second.delivered.empty()) return 0;
  return stream->second.delivered.back().first;
}

}  // namespace tests::simulation
