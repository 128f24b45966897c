#include <algorithm>

#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

namespace {

ErrorCode code_of(ForwardVerdict verdict) {
  switch (verdict) {
    case ForwardVerdict::not_leader: return ErrorCode::not_leader;
    case ForwardVerdict::busy: return ErrorCode::busy;
    case ForwardVerdict::refused: return ErrorCode::conflict;
    case ForwardVerdict::accepted:
    case ForwardVerdict::unknown: break;
  }
  return ErrorCode::outcome_unknown;
}

/// Whether the drafts are commands, or multicasts of `sender` in `boot` alone.
bool are_of(ByteSpan drafts, const MemberId& sender, BootSeq boot) {
  while (!drafts.empty()) {
    const EntryView draft(drafts.data());
    if (draft.kind() == EntryKind::multicast) {
      const MulticastHeader header = load_multicast_header(draft.payload().data());
      if (header.sender != sender || header.boot != boot) return false;
    }
    drafts = drafts.subspan(draft.bytes());
  }
  return true;
}

}  // namespace

std::optional<Error> Engine::Parts::why_not_now(const Leading& leading, std::size_t bytes) const {
  if (leading.transfer) return Error{ErrorCode::busy, "leadership is being handed over"};
  if (health.disk_full) return Error{ErrorCode::busy, "the leader's disk is full"};
  // What is larger than the limit by itself is taken when nothing else is under way.
  const std::size_t uncommitted = log.bytes_after(delivery.commit());
  if (uncommitted != 0 && uncommitted + bytes > config.uncommitted_bytes_max)
    return Error{ErrorCode::busy, "too much is not committed yet"};
  if (log.view().view.up.size() < config.up_for_writes_min)
    return Error{ErrorCode::busy, "too few members are up"};
  return std::nullopt;
}

void Engine::Parts::on(Propose input) {
  const std::size_t count = input.drafts.count();
  if (count == 0) return;
  if (auto* leading = std::get_if<Leading>(&role)) {
    if (const auto error = why_not_now(*leading, input.drafts.bytes())) {
      out.add(Completed{input.first, count, *error, self});
      return;
    }
    delivery.expect({hard_state.epoch, log.last_index().next()}, count, input.first);
    append_local(input.drafts);
    return;
  }
  Forward request;
  request.drafts = Payload::copy_of(input.drafts.drafts());
  forward(std::move(request), input.first, count);
}

void Engine::Parts::forward(Forward request, Ticket first, std::uint64_t count) {
  const auto* following = std::get_if<Following>(&role);
  if (following == nullptr || following->leader.is_none()) {
    out.add(Completed{first, count, Error{ErrorCode::not_leader, "no leader is known"}, {}});
    return;
  }
  if (forwarded.size() >= config.forwards_max) {
    out.add(Completed{first, count, Error{ErrorCode::busy, "too many requests are forwarded"},
                      following->leader});
    return;
  }
  request.ticket = ++last_forward;
  forwarded.push_back({request.ticket, first, count, now + 2 * config.election_min});
  out.send(following->leader, hard_state.epoch, std::move(request));
}

void Engine::Parts::on_forward(const Message& message) {
  const auto& request = std::get<Forward>(message.body);
  if (!peers.admit_forward(message.from, request.ticket)) return;
  ForwardReply reply;
  if (auto* leading = std::get_if<Leading>(&role)) {
    reply = take_forward(*leading, message, request);
  } else {
    reply.verdict = ForwardVerdict::not_leader;
    if (const auto* following = std::get_if<Following>(&role)) reply.leader = following->leader;
  }
  reply.ticket = request.ticket;
  out.send(message.from, hard_state.epoch, std::move(reply));
}

ForwardReply Engine::Parts::take_forward(Leading& leading, const Message& message,
                                         const Forward& request) {
  ForwardReply reply;
  reply.leader = self;
  if (request.admin) {
    const auto error = administer(leading, *request.admin);
    if (!error) return reply;
    reply.verdict = error->code == ErrorCode::busy ? ForwardVerdict::busy : ForwardVerdict::refused;
    reply.detail = error->detail;
    return reply;
  }
  const ByteSpan drafts = request.drafts.bytes();
  if (drafts.empty() || !EntryRunBuilder::count_drafts(drafts) ||
      !are_of(drafts, message.from, message.from_boot)) {
    reply.verdict = ForwardVerdict::refused;
    reply.detail = "malformed drafts";
    return reply;
  }
  if (const auto error = why_not_now(leading, drafts.size())) {
    reply.verdict = ForwardVerdict::busy;
    reply.detail = error->detail;
    return reply;
  }
  reply.first = {hard_state.epoch, log.last_index().next()};
  EntryRunBuilder copy;
  copy.append_drafts(drafts);
  append_local(copy);
  return reply;
}

void Engine::Parts::on_forward_reply(const Message& message) {
  const auto& reply = std::get<ForwardReply>(message.body);
  const auto found = std::find_if(forwarded.begin(), forwarded.end(),
                                  [&](const Forwarded& f) { return f.id == reply.ticket; });
  if (found == forwarded.end()) return;
  const Forwarded request = *found;
  forwarded.erase(found);
  if (reply.verdict != ForwardVerdict::accepted) {
    out.add(Completed{request.first, request.count, Error{code_of(reply.verdict), reply.detail},
                      reply.leader});
    return;
  }
  const Index last = reply.first.index + (request.count - 1);
  if (reply.first.index == Index()) {
    // An operator's request was taken.
    out.add(Completed{request.first, request.count, std::nullopt, reply.leader});
  } else if (reply.first.index > delivery.delivered()) {
    delivery.expect(reply.first, request.count, request.first);
  } else {
    // Delivered here before the leader's answer came, or overwritten since.
    const bool there = last <= delivery.delivered() &&
                       reply.first.index > log.base().head.position.index &&
                       log.epoch_at(reply.first.index) == reply.first.epoch;
    const Error unknown{ErrorCode::outcome_unknown, "the leader changed meanwhile"};
    out.add(Completed{request.first, request.count, there ? std::nullopt : std::optional(unknown),
                      reply.leader});
  }
}

void Engine::Parts::expire_forwards() {
  while (!forwarded.empty() && forwarded.front().expires <= now) {
    out.add(Completed{forwarded.front().first,
                      forwarded.front().count,
                      Error{ErrorCode::outcome_unknown, "the leader did not answer"},
                      {}});
    forwarded.pop_front();
  }
}

void Engine::Parts::fail_forwards() {
  for (const Forwarded& request : forwarded)
    out.add(Completed{
        request.first, request.count, Error{ErrorCode::outcome_unknown, "the leader changed"}, {}});
  forwarded.clear();
}

void Engine::Parts::on(Multicast input) {
  if (input.bodies.count() == 0) return;
  if (outbox.count() + input.bodies.count() > config.multicasts_max ||
      outbox.bytes() + input.bodies.bytes() > config.multicast_bytes_max) {
    out.add(Completed{input.first,
                      input.bodies.count(),
                      Error{ErrorCode::busy, "too many multicasts are not delivered yet"},
                      {}});
    return;
  }
  if (outbox.empty()) next_resend = now + config.multicast_resend;
  hand_on_multicasts(outbox.add(input.first, input.bodies));
}

void Engine::Parts::hand_on_multicasts(const Payload& drafts) {
  if (auto* leading = std::get_if<Leading>(&role)) {
    if (why_not_now(*leading, drafts.size())) return;
    EntryRunBuilder copy;
    copy.append_drafts(drafts.bytes());
    append_local(copy);
    return;
  }
  const auto* following = std::get_if<Following>(&role);
  if (following == nullptr || following->leader.is_none()) return;
  Forward request;
  request.ticket = ++last_forward;
  request.drafts = drafts;
  out.send(following->leader, hard_state.epoch, std::move(request));
}

void Engine::Parts::resend_multicasts() {
  next_resend = now + config.multicast_resend;
  // In one message: of several, one that is overtaken leaves a gap that all behind it fall into.
  EntryRunBuilder all;
  for (const Payload& drafts : outbox.pending()) all.append_drafts(drafts.bytes());
  if (!all.empty()) hand_on_multicasts(Payload::copy_of(all.drafts()));
}

}  // namespace gms::core
