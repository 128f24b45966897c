#include "gms/wire/message_codec.hpp"

#include <utility>
#include <variant>

#include "gms/wire/bounded_archive.hpp"

namespace gms::wire {

using core::MessageBody;
using model::Error;
using model::ErrorCode;
using model::Result;

// The fields of each message, in their order on the wire. Entries and drafts come last, without a
// length: they are the rest of the frame.

template <class Archive>
void serialize(Archive& archive, core::PreVote& m) {
  archive(m.campaign, m.last, m.view_position);
}
template <class Archive>
void serialize(Archive& archive, core::PreVoteReply& m) {
  archive(m.campaign, m.granted);
}
template <class Archive>
void serialize(Archive& archive, core::Vote& m) {
  archive(m.last, m.view_position, m.transfer);
}
template <class Archive>
void serialize(Archive& archive, core::VoteReply& m) {
  archive(m.granted);
}
template <class Archive>
void serialize(Archive& archive, core::Append& m) {
  archive(m.id, m.previous, m.previous_hash, m.commit);
}
template <class Archive>
void serialize(Archive& archive, core::AppendReply& m) {
  archive(m.id, m.verdict, m.match, m.rejected, m.hint, m.last_index, m.disk_full, m.heartbeat_seq,
          m.heartbeat_epoch);
}
template <class Archive>
void serialize(Archive& archive, core::Heartbeat& m) {
  archive(m.seq, m.commit);
}
template <class Archive>
void serialize(Archive& archive, core::Staging& m) {
  archive(m.id, m.index, m.bytes);
}
template <class Archive>
void serialize(Archive& archive, model::StateSample& m) {
  archive(m.index, m.digest);
}
void save(BoundedOutput& out, const std::vector<model::StateSample>& samples) {
  out.integer(static_cast<std::uint8_t>(samples.size()));
  for (const model::StateSample& sample : samples) out(sample);
}
void load(BoundedInput& in, std::vector<model::StateSample>& samples) {
  const std::uint8_t count = in.reader().u8();
  if (count > core::kStateSamplesMax) return in.reader().fail();
  samples.resize(count);
  for (model::StateSample& sample : samples) in(sample);
}
template <class Archive>
void serialize(Archive& archive, core::StateReport& m) {
  archive(m.generation, m.wants_from, m.samples);
}
template <class Archive>
void serialize(Archive& archive, core::HeartbeatReply& m) {
  archive(m.seq, m.last_index, m.applied, m.disk_full, m.disk_low, m.staging, m.state);
}
template <class Archive>
void serialize(Archive& archive, core::StateDiverged& m) {
  archive(m.generation, m.index);
}
template <class Archive>
void serialize(Archive& archive, core::TimeoutNow& m) {
  archive(m.last);
}
template <class Archive>
void serialize(Archive& archive, core::AdminRequest& m) {
  archive(m.action, m.member, m.ttl);
}
template <class Archive>
void serialize(Archive& archive, core::Forward& m) {
  archive(m.ticket, m.admin);
}
template <class Archive>
void serialize(Archive& archive, core::ForwardReply& m) {
  archive(m.ticket, m.verdict, m.first, m.leader, m.detail);
}
template <class Archive>
void serialize(Archive& archive, core::JoinRequest& m) {
  archive(m.member, m.boot, m.last, m.passed_on);
}
template <class Archive>
void serialize(Archive& archive, core::JoinReply& m) {
  archive(m.verdict, m.view_position, m.detail);
}
template <class Archive>
void serialize(Archive& archive, core::NotInView& m) {
  archive(m.view, m.removed_by);
}
template <class Archive>
void serialize(Archive& archive, core::Regressed& m) {
  archive(m.match, m.id);
}
template <class Archive>
void serialize(Archive& archive, model::SnapshotMeta& m) {
  archive(m.id, m.source, m.address, m.mark, m.bytes);
}
template <class Archive>
void serialize(Archive& archive, core::SnapshotOffer& m) {
  archive(m.meta, m.log_start);
}
template <class Archive>
void serialize(Archive& archive, core::SnapshotReply& m) {
  archive(m.id, m.verdict, m.commit);
}
template <class Archive>
void serialize(Archive& archive, core::ReadIndexRequest& m) {
  archive(m.id);
}
template <class Archive>
void serialize(Archive& archive, core::ReadIndexReply& m) {
  archive(m.id, m.index);
}
template <class Archive>
void serialize(Archive& archive, Hello& hello) {
  archive(hello.group, hello.from, hello.boot, hello.to, hello.address);
}

namespace {

/// The header and the number of the body's type, which is its place in MessageBody from 1 on: new
/// messages go to the end of it.
template <class Archive>
void serialize_header(Archive& archive, core::Message& message, std::uint8_t& type) {
  archive(message.group, message.from, message.from_boot, message.to, message.epoch, type);
}

/// Makes `body` the message of that number; false when there is none.
template <std::size_t... kPlaces>
bool emplace_body(MessageBody& body, std::size_t place, std::index_sequence<kPlaces...>) {
  return ((place == kPlaces ? (body.emplace<kPlaces>(), true) : false) || ...);
}

template <class Enum>
bool is_between(Enum value, Enum first, Enum last) {
  return value >= first && value <= last;
}

/// What a message has besides its fields, and which values of them mean something.
class RestOfBody {
 public:
  explicit RestOfBody(model::Payload rest) : rest_(std::move(rest)) {}

  Result<void> read(core::Append& append) const {
    if (rest_.empty()) return {};
    auto run = model::EntryRun::parse(rest_);
    if (!run) return run.error();
    if (run->first_index() != append.previous.index.next()) return corrupt("a gap before entries");
    append.entries.push_back(*std::move(run));
    return {};
  }

  Result<void> read(core::Forward& forward) const {
    if (forward.admin && !is_between(forward.admin->action, core::AdminAction::leave,
                                     core::AdminAction::maintenance))
      return corrupt("an unknown admin request");
    const auto count = model::EntryRunBuilder::count_drafts(rest_.bytes());
    if (!count) return count.error();
    forward.drafts = rest_;
    return {};
  }

  Result<void> read(const core::AppendReply& reply) const {
    return read_enum(reply.verdict, core::AppendVerdict::accepted, core::AppendVerdict::stale);
  }
  Result<void> read(const core::ForwardReply& reply) const {
    return read_enum(reply.verdict, core::ForwardVerdict::accepted,
                     core::ForwardVerdict::invalid_argument);
  }
  Result<void> read(const core::JoinReply& reply) const {
    return read_enum(reply.verdict, core::JoinVerdict::accepted, core::JoinVerdict::already);
  }
  Result<void> read(const core::NotInView& told) const {
    return read_enum(told.removed_by, model::ViewCause::leave, model::ViewCause::evict);
  }
  Result<void> read(const core::SnapshotOffer& offer) const {
    if (offer.meta.address.size() > model::kMemberAddressBytesMax)
      return corrupt("an address that is too long");
    return nothing_left();
  }
  Result<void> read(const core::SnapshotReply& reply) const {
    return read_enum(reply.verdict, core::SnapshotVerdict::has_it, core::SnapshotVerdict::failed);
  }
  template <class Other>
  Result<void> read(const Other&) const {
    return nothing_left();
  }

 private:
  static Error corrupt(const char* what) { return {ErrorCode::corrupt, what}; }

  Result<void> nothing_left() const {
    if (!rest_.empty()) return corrupt("bytes after the end of a message");
    return {};
  }

  template <class Enum>
  Result<void> read_enum(Enum value, Enum first, Enum last) const {
    if (!is_between(value, first, last)) return corrupt("an unknown value");
    return nothing_left();
  }

  model::Payload rest_;
};

/// Puts what stands after a body's fields.
struct RestWriter {
  FrameWriter& frames;

  void operator()(const core::Append& append) const {
    for (const model::EntryRun& run : append.entries) frames.put(run.encoded());
  }
  void operator()(const core::Forward& forward) const { frames.put(forward.drafts); }
  template <class Other>
  void operator()(const Other&) const {}
};

}  // namespace

void MessageEncoder::add_to(FrameWriter& frames, const core::Message& message) {
  scratch_.clear();
  BoundedOutput out(scratch_);
  auto type = static_cast<std::uint8_t>(message.body.index() + 1);
  // Serialising for output leaves the message as it is; one function says the fields for both ways.
  serialize_header(out, const_cast<core::Message&>(message), type);
  std::visit([&out](const auto& body) { out(body); }, message.body);
  frames.begin(static_cast<std::uint8_t>(PeerFrame::message));
  frames.put(model::ByteSpan(scratch_));
  std::visit(RestWriter{frames}, message.body);
  frames.end();
}

Result<core::Message> decode_message(const model::Payload& body) {
  BoundedInput in(body.bytes());
  core::Message message;
  std::uint8_t type = 0;
  serialize_header(in, message, type);
  constexpr std::make_index_sequence<std::variant_size_v<MessageBody>> kPlaces;
  if (type == 0 || !emplace_body(message.body, type - 1U, kPlaces))
    return Error{ErrorCode::corrupt, "a message of an unknown type"};
  std::visit([&in](auto& alternative) { in(alternative); }, message.body);
  if (!in.reader().ok()) return Error{ErrorCode::corrupt, "a malformed message"};
  const std::size_t left = in.reader().remaining();
  const RestOfBody rest(body.slice(body.size() - left, left));
  const auto read =
      std::visit([&rest](auto& alternative) { return rest.read(alternative); }, message.body);
  if (!read) return read.error();
  return message;
}

void add_hello(FrameWriter& frames, PeerFrame type, const Hello& hello) {
  model::Bytes bytes;
  BoundedOutput out(bytes);
  out(hello);
  frames.add(static_cast<std::uint8_t>(type), bytes);
}

Result<Hello> decode_hello(model::ByteSpan body) {
  BoundedInput in(body);
  Hello hello;
  in(hello);
  if (!in.reader().finished() || hello.address.size() > model::kMemberAddressBytesMax)
    return Error{ErrorCode::corrupt, "a malformed hello"};
  return hello;
}

void add_refusal(FrameWriter& frames, std::string_view reason) {
  frames.add(static_cast<std::uint8_t>(PeerFrame::refusal),
             model::as_bytes(reason.substr(0, kRefusalBytesMax)));
}

Result<std::string> decode_refusal(model::ByteSpan body) {
  if (body.size() > kRefusalBytesMax) return Error{ErrorCode::corrupt, "a malformed refusal"};
  return std::string(model::as_text(body));
}

}  // namespace gms::wire
