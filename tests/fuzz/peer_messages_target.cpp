#include "gms/wire/message_codec.hpp"
#include "gms/wire/state_codec.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/flat_frames.hpp"
#include "tests/fuzz/samples.hpp"

namespace fuzz {
namespace {

namespace core = gms::core;
namespace model = gms::model;
namespace wire = gms::wire;
using model::Payload;

const model::Position kPosition{model::Epoch(7), model::Index(8)};

/// The body of the one frame that `add` makes.
template <class Add>
Bytes made_by(const Add& add) {
  wire::FrameWriter frames;
  add(frames);
  return body_of(frames);
}

Bytes encode_message(const core::Message& message) {
  return made_by(
      [&](wire::FrameWriter& frames) { wire::MessageEncoder().add_to(frames, message); });
}

void run_message(ByteSpan input) {
  const auto message = wire::decode_message(Payload::copy_of(input));
  if (!message) return;
  const Bytes encoded = encode_message(*message);
  const auto again = wire::decode_message(Payload::copy_of(encoded));
  require(again && *again == *message, "a message comes back as it was");
}

void run_chunk(ByteSpan input) {
  const auto chunk = wire::decode_state_chunk(Payload::copy_of(input));
  if (!chunk) return;
  const Bytes encoded =
      made_by([&](wire::FrameWriter& frames) { wire::add_state_chunk(frames, *chunk); });
  require(std::ranges::equal(encoded, input), "a chunk comes back as it was");
}

void run_peer_messages(ByteSpan input) {
  const auto [which, rest] = select(input, 8);
  const auto framed = [](auto add) {
    return [add](const auto& value) {
      return made_by([&](wire::FrameWriter& frames) { add(frames, value); });
    };
  };
  switch (which) {
    case 0: return run_message(rest);
    case 1: return run_chunk(rest);
    case 2:
      return check_round_trip(rest, wire::decode_hello, framed([](auto& frames, const auto& hello) {
                                wire::add_hello(frames, wire::PeerFrame::hello, hello);
                              }));
    case 3:
      return check_round_trip(rest, wire::decode_refusal, framed([](auto& frames, const auto& why) {
                                wire::add_refusal(frames, why);
                              }));
    case 4:
      return check_round_trip(
          rest, wire::decode_state_hello,
          framed([](auto& frames, const auto& hello) { wire::add_state_hello(frames, hello); }));
    case 5:
      return check_round_trip(
          rest, wire::decode_state_pull,
          framed([](auto& frames, const auto& pull) { wire::add_state_pull(frames, pull); }));
    case 6:
      return check_round_trip(rest, wire::decode_state_refusal,
                              framed([](auto& frames, const auto& refusal) {
                                wire::add_state_refusal(frames, refusal.code, refusal.reason);
                              }));
    default: static_cast<void>(wire::decode_state_parts(rest));
  }
}

Payload drafts() {
  model::EntryRunBuilder builder;
  builder.append(model::EntryKind::command, {model::as_bytes("draft")});
  builder.append(model::EntryKind::command, {});
  return Payload::copy_of(builder.drafts());
}

model::EntryRun entries() {
  model::EntryRunBuilder builder;
  for (int i = 0; i < 3; ++i) builder.append(model::EntryKind::command, {model::as_bytes("entry")});
  return builder.seal({{model::Epoch(3), model::Index(9)}, model::EntryHash(5), {}},
                      model::Epoch(7), model::GroupClock(4));
}

std::vector<core::MessageBody> one_of_each() {
  const model::Member member = sample_member();
  const core::StateReport state{
      model::StateGeneration(2), model::Index(9), {{model::Index(3), model::StateDigest(4)}}};
  const model::SnapshotMeta meta{model::SnapshotId(8), member.id, "127.0.0.1:7", sample_mark(),
                                 100};
  const core::AdminRequest maintain{core::AdminAction::maintenance, member.id, model::Duration(5)};
  return {
      core::PreVote{model::Epoch(5), kPosition, kPosition},
      core::PreVoteReply{model::Epoch(5), true},
      core::Vote{kPosition, kPosition, true},
      core::VoteReply{true},
      core::Append{model::AppendId(4),
                   {model::Epoch(3), model::Index(9)},
                   model::EntryHash(5),
                   {entries()},
                   model::Index(2)},
      core::AppendReply{model::AppendId(4), core::AppendVerdict::rejected, model::Index(1),
                        model::Index(2), kPosition, model::Index(3), true, model::HeartbeatSeq(17),
                        model::Epoch(6)},
      core::Heartbeat{model::HeartbeatSeq(5), model::Index(6)},
      core::HeartbeatReply{model::HeartbeatSeq(5), model::Index(6), model::Index(4), true, false,
                           core::Staging{model::SnapshotId(8), model::Index(3), 77}, state},
      core::TimeoutNow{kPosition},
      core::Forward{model::Ticket(99), drafts(), std::nullopt},
      core::Forward{model::Ticket(99), {}, maintain},
      core::ForwardReply{model::Ticket(99), core::ForwardVerdict::busy, kPosition, member.id,
                         "why"},
      core::JoinRequest{member, model::BootSeq(3), kPosition, true},
      core::JoinReply{core::JoinVerdict::already, kPosition, "detail"},
      core::NotInView{sample_view(), model::ViewCause::leave},
      core::Regressed{model::Index(5), model::AppendId(6)},
      core::SnapshotOffer{meta, model::Index(7)},
      core::SnapshotReply{model::SnapshotId(8), core::SnapshotVerdict::failed, model::Index(5)},
      core::ReadIndexRequest{model::Ticket(12)},
      core::ReadIndexReply{model::Ticket(12), model::Index(13)},
      core::StateDiverged{model::StateGeneration(2), model::Index(14)}};
}

std::vector<Bytes> peer_messages_corpus() {
  const model::MemberId id = sample_member().id;
  std::vector<Bytes> out;
  for (const core::MessageBody& body : one_of_each())
    out.push_back(
        selecting(0, encode_message({{1, 2}, id, model::BootSeq(3), id, model::Epoch(7), body})));
  const auto add = [&](std::size_t which, auto make) {
    out.push_back(selecting(which, made_by(make)));
  };
  add(1, [](auto& frames) {
    wire::add_state_chunk(frames, {1, 2, Payload::copy_of(model::as_bytes("chunk"))});
  });
  add(2, [&](auto& frames) {
    wire::add_hello(frames, wire::PeerFrame::hello, {{1, 2}, id, model::BootSeq(3), id, "n1:1"});
  });
  add(3, [](auto& frames) { wire::add_refusal(frames, "no"); });
  add(4, [&](auto& frames) {
    wire::add_state_hello(frames, {{1, 2}, id, model::BootSeq(3), id, model::SnapshotId(8)});
  });
  add(5, [](auto& frames) { wire::add_state_pull(frames, {1, 2, 3}); });
  add(6, [](auto& frames) { wire::add_state_refusal(frames, model::ErrorCode::busy, "no"); });
  add(7, [](auto& frames) { wire::add_state_parts(frames, {{"mark", 5}, {"state", 6}}); });
  return out;
}

}  // namespace

Target peer_messages_target() {
  return {"peer_messages", run_peer_messages, peer_messages_corpus, std::size_t{64} * 1024, 2048};
}

}  // namespace fuzz
