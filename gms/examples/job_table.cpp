#include "gms/examples/job_table.hpp"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <utility>

#include "gms/model/crc32c.hpp"

namespace examples {

using namespace gms::model;

namespace {

constexpr std::uint64_t kCheckpointEvery = 100;
constexpr std::size_t kRecentMax = 5;

std::string in_words(Verb verb, std::uint64_t job) {
  const std::string name = "job " + std::to_string(job);
  switch (verb) {
    case Verb::offer: return "offers a job";
    case Verb::take: return "takes " + name;
    case Verb::finish: return "has finished " + name;
  }
  return "says what nobody understands";
}

}  // namespace

Bytes JobTable::message(Verb verb, std::uint64_t job) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(verb));
  out.u64(job);
  return out.take();
}

std::optional<std::uint64_t> JobTable::job_of(MemberId holder) const {
  const auto found =
      std::ranges::find(holders_, holder, [](const auto& entry) { return entry.second; });
  if (found == holders_.end()) return std::nullopt;
  return found->first;
}

// ---- what changes the state: one message, or a view

Result<void> JobTable::apply(const Delivery& delivery) {
  ByteReader in(delivery.payload);
  const auto verb = static_cast<Verb>(in.u8());
  const std::uint64_t job = in.u64();
  // What makes no sense here makes none at any member, and so all may pass over it. An error would
  // stop them all.
  const bool done = in.finished() && carry_out(verb, job, delivery.sender);

  ++messages_;
  const Member* sender = view_.find(delivery.sender);
  recent_.push_back((sender == nullptr ? "?" : sender->name) + ' ' + in_words(verb, job) +
                    (done ? "" : ": in vain"));
  if (recent_.size() > kRecentMax) recent_.pop_front();
  if (messages_ % kCheckpointEvery == 0)
    on_checkpoint_("at " + to_string(delivery.position) + ' ' + summary());
  return {};
}

/// False when it changes nothing. Two who take the same job do not collide: the first in the order
/// has it, and that is the same one everywhere.
bool JobTable::carry_out(Verb verb, std::uint64_t job, MemberId sender) {
  if (verb == Verb::offer) return holders_.emplace(++offered_, MemberId()).second;
  const auto found = holders_.find(job);
  if (found == holders_.end()) return false;
  if (verb == Verb::take && found->second.is_none()) {
    found->second = sender;
    return true;
  }
  if (verb != Verb::finish || found->second != sender) return false;
  holders_.erase(found);
  ++finished_;
  return true;
}

/// A view comes between the same two messages at every member, so all agree on whose jobs are open
/// again. Whoever was taken for dead and is not hears of it in the same place of the stream.
void JobTable::view_changed(const PlacedView& placed) {
  view_ = placed.view;
  for (auto& [job, holder] : holders_)
    if (!view_.is_up(holder)) holder = MemberId();
}

// ---- the state as bytes: what a member that joins begins with

Bytes JobTable::encode() const {
  ByteWriter out;
  for (const std::uint64_t count : {messages_, offered_, finished_}) out.u64(count);
  for (const auto& [job, holder] : holders_) {
    out.u64(job);
    out.u64(holder.node.value());
    out.u64(holder.incarnation.value());
  }
  return out.take();
}

Result<void> JobTable::decode(ByteSpan state) {
  ByteReader in(state);
  for (std::uint64_t* count : {&messages_, &offered_, &finished_}) *count = in.u64();
  holders_.clear();
  while (in.remaining() > 0) {
    const std::uint64_t job = in.u64();
    const NodeId node(in.u64());
    holders_[job] = {node, Incarnation(in.u64())};
  }
  if (!in.ok()) return Error{ErrorCode::corrupt, "not a table of jobs"};
  return {};
}

std::string JobTable::summary() const {
  const auto open =
      std::ranges::count_if(holders_, [](const auto& entry) { return entry.second.is_none(); });
  std::ostringstream out;
  out << "messages=" << messages_ << " finished=" << finished_
      << " taken=" << holders_.size() - static_cast<std::size_t>(open) << " open=" << open
      << " checksum=" << std::hex << std::setw(8) << std::setfill('0') << crc32c(0, encode());
  return out.str();
}

}  // namespace examples
