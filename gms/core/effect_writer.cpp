#include "gms/core/effect_writer.hpp"

#include <algorithm>

#include "gms/model/assert.hpp"

namespace gms::core {

using namespace model;

PersistRequest& EffectWriter::order() {
  if (!order_at_) {
    order_at_ = effects_->size();
    ++last_order_;
    effects_->push_back(Persist{});
    std::get<Persist>(effects_->back()).request.seq = last_order_;
  }
  return std::get<Persist>((*effects_)[*order_at_]).request;
}

void EffectWriter::adopt_group(GroupId group) {
  group_ = group;
  order().group = group;
}

void EffectWriter::order_hard_state(const HardState& state) {
  order().hard_state = state;
  hard_state_seq_ = last_order_;
}

PersistSeq EffectWriter::order_entries(const EntryRun& run) {
  order().entries.push_back(run);
  return last_order_;
}

void EffectWriter::order_trim(const Base& base) {
  order().trim_to = base;
}

PersistSeq EffectWriter::order_install(const SnapshotMeta& meta, const InstallRequest& request) {
  GMS_ASSERT(!order_at_, "C14");
  add(InstallSnapshot{meta, request.state, last_order_.next()});
  order().install = request;
  return last_order_;
}

PersistSeq EffectWriter::order_divergence() {
  order().state_diverged = true;
  return last_order_;
}

PersistSeq EffectWriter::order_refusal(std::string reason) {
  order().refusal = std::move(reason);
  return last_order_;
}

Message EffectWriter::message(const MemberId& to, Epoch epoch, MessageBody body) const {
  return {group_, self_, boot_, to, epoch, std::move(body)};
}

void EffectWriter::send(const MemberId& to, Epoch epoch, MessageBody body, PersistSeq after) {
  add(Send{message(to, epoch, std::move(body)), std::max(after, hard_state_seq_)});
}

void EffectWriter::send_at_once(const MemberId& to, Epoch epoch, MessageBody body) {
  add(Send{message(to, epoch, std::move(body)), PersistSeq()});
}

void EffectWriter::send_to_address(std::string address, Epoch epoch, MessageBody body) {
  add(SendToAddress{std::move(address), message(MemberId(), epoch, std::move(body))});
}

}  // namespace gms::core
