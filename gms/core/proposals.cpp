#include <algorithm>
#include <limits>

#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

namespace {

/// The kind of the drafts: commands all, or multicasts of `sender` in `boot` all. Nothing if they
/// are neither.
std::optional<EntryKind> kind_of(ByteSpan drafts, const MemberId& sender, BootSeq boot) {
  if (drafts.empty() || !EntryRunBuilder::count_drafts(drafts)) return std::nullopt;
  const EntryKind kind = EntryView(drafts.data()).kind();
  while (!drafts.empty()) {
    const EntryView draft(drafts.data());
    if (draft.kind() != kind) return std::nullopt;
    if (kind == EntryKind::multicast) {
      const MulticastHeader header = load_multicast_header(draft.payload().data());
      if (header.sender != sender || header.boot != boot) return std::nullopt;
    }
    drafts = drafts.subspan(draft.bytes());
  }
  return kind;
}

/// Moves the rows on as the delivery of these entries will.
void replay(const std::vector<EntryRun>& runs, const EntryLog& log, SenderRows& rows) {
  for (const EntryRun& run : runs) {
    for (const EntryView entry : run) {
      const View& view = log.view_at(entry.index()).view;
      if (entry.kind() == EntryKind::multicast)
        (void)rows.admit(load_multicast_header(entry.payload().data()), view);
      if (entry.kind() == EntryKind::view) rows.view_installed(view);
    }
  }
}

}  // namespace

std::optional<Error> Engine::Parts::why_not_now(const Leading& leading, std::size_t bytes) const {
  if (leading.transfer) return Error{ErrorCode::busy, "leadership is being handed over"};
  if (diverged) return Error{ErrorCode::busy, "the leader is about to hand over"};
  if (health.disk_full) return Error{ErrorCode::busy, "the leader's disk is full"};
  // What is not durable here is in memory, be it committed without this disk [C25]. What is larger
  // than the limit by itself is taken when nothing else is under way.
  const std::size_t under_way = log.bytes_after(std::min(delivery.commit(), log.stable()));
  if (under_way != 0 && under_way + bytes > config.uncommitted_bytes_max)
    return Error{ErrorCode::busy, "too much is not committed yet, or not on the leader's disk"};
  if (log.view().view.up.size() < config.up_for_writes_min)
    return Error{ErrorCode::busy, "too few members are up"};
  return std::nullopt;
}

void Engine::Parts::on(Propose input) {
  const std::size_t count = input.drafts.count();
  if (count == 0) return;
  if (diverged) return refuse_diverged(input.first, count);
  if (auto* leading = std::get_if<Leading>(&role)) {
    if (const auto error = why_not_now(*leading, input.drafts.bytes())) {
      out.add(Completed{input.first, count, *error, self});
      return;
    }
    delivery.expect({hard_state.epoch, log.last_index().next()}, count, input.first);
    append_local(input.drafts);
    return;
  }
  if (!config.forwards_commands) {
    const auto* following = std::get_if<Following>(&role);
    out.add(Completed{input.first, count, Error{ErrorCode::not_leader, "this member does not lead"},
                      following != nullptr ? following->leader : MemberId()});
    return;
  }
  Forward request;
  request.drafts = input.drafts.take_drafts();
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
  // It is for the leader of its epoch, which leads no other. A copy that finds this process leading
  // again, in its next life even, may be of what is ordered already or was told to be not [C27].
  if (std::holds_alternative<Leading>(role) && message.epoch != hard_state.epoch) return;
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
    const auto answer = administer(leading, *request.admin);
    if (answer) {
      reply.first = *answer;
      return reply;
    }
    reply.verdict = verdict_of(answer.error().code);
    reply.detail = answer.error().detail;
    return reply;
  }
  const ByteSpan drafts = request.drafts.bytes();
  const auto kind = kind_of(drafts, message.from, message.from_boot);
  if (!kind) {
    reply.verdict = ForwardVerdict::refused;
    reply.detail = "malformed drafts";
    return reply;
  }
  if (const auto error = why_not_now(leading, drafts.size())) {
    reply.verdict = ForwardVerdict::busy;
    reply.detail = error->detail;
    return reply;
  }
  if (*kind == EntryKind::multicast) {
    append_multicasts(leading, drafts);
    reply.first = log.last();
    return reply;
  }
  reply.first = {hard_state.epoch, log.last_index().next()};
  append_copies(drafts);
  return reply;
}

void Engine::Parts::on_forward_reply(const Message& message) {
  const auto& reply = std::get<ForwardReply>(message.body);
  if (answers_wish(reply)) return;
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
  if (reply.first.index > delivery.delivered()) {
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
  const std::size_t count = input.drafts.count();
  if (count == 0) return;
  if (has_left()) {
    const Error left{ErrorCode::closed, "this member has left the group"};
    out.add(Completed{input.first, count, left, {}});
    return;
  }
  // What has more bytes than the limit by itself is taken when nothing else is under way.
  const bool fits =
      outbox.empty() || outbox.bytes() + input.drafts.bytes() <= config.multicast_bytes_max;
  if (!fits || outbox.count() + count > config.multicasts_max) {
    const Error busy{ErrorCode::busy, "too many multicasts are not delivered yet"};
    out.add(Completed{input.first, count, busy, {}});
    return;
  }
  if (outbox.empty()) next_resend = now + config.multicast_resend;
  outbox.number(input.drafts);
  auto* const leading = std::get_if<Leading>(&role);
  if (leading != nullptr && !why_not_now(*leading, input.drafts.bytes()))
    return append_own_multicasts(*leading, input);
  const Payload drafts = input.drafts.take_drafts();
  outbox.keep(input.first, count, drafts);
  hand_on_multicasts(drafts);
}

void Engine::Parts::append_own_multicasts(Leading& leading, Multicast& input) {
  const std::size_t count = input.drafts.count();
  outbox.handed_on();
  const ByteSpan wanted = in_turn(leading, input.drafts.drafts());
  if (wanted.size() == input.drafts.bytes()) {
    // They become entries where they stand, and the outbox shares these.
    outbox.keep(input.first, count, append_local(input.drafts).encoded());
    return;
  }
  outbox.keep(input.first, count, input.drafts.take_drafts());
  append_copies(wanted);
}

void Engine::Parts::hand_on_multicasts(const Payload& drafts) {
  // Of who is no member none is delivered.
  if (!log.view().view.has_voter(self)) return;
  // Who was removed and is back may have missed how its own were delivered, and the group may have
  // forgotten that: it delivers what it missed first.
  const bool has_views_ahead = log.view().position.index > delivery.delivered();
  const auto removal = has_views_ahead ? log.removal_of(self) : std::nullopt;
  if (removal && removal->at.index > delivery.delivered()) return;
  if (auto* leading = std::get_if<Leading>(&role)) {
    if (why_not_now(*leading, drafts.size())) return;
    outbox.handed_on();
    return append_multicasts(*leading, drafts.bytes());
  }
  const auto* following = std::get_if<Following>(&role);
  if (following == nullptr || following->leader.is_none()) return;
  outbox.handed_on();
  Forward request;
  request.ticket = ++last_forward;
  request.drafts = drafts;
  out.send(following->leader, hard_state.epoch, std::move(request));
}

void Engine::Parts::resend_all_multicasts() {
  resent_from = MulticastSeq();
  resend_multicasts();
}

void Engine::Parts::resend_multicasts() {
  next_resend = now + config.multicast_resend;
  // In one message: of several, one that is overtaken leaves a gap that all behind it fall into.
  // No more than a leader takes at a time: the rest has its turn when these are delivered.
  // Nor than a message has room for.
  std::size_t bytes_max = std::min(config.uncommitted_bytes_max, kEntryPayloadBytesMax);
  // A leader that has much under way has room for a part at best, and refuses a message as a whole.
  if (resent_from == outbox.oldest()) bytes_max = std::min(bytes_max, resent_bytes / 2);
  EntryRunBuilder oldest;
  for (const Payload& drafts : outbox.pending()) {
    if (!oldest.empty() && oldest.bytes() + drafts.size() > bytes_max) break;
    oldest.append_drafts(drafts.bytes());
  }
  if (oldest.empty()) return;
  resent_from = outbox.oldest();
  resent_bytes = oldest.bytes();
  hand_on_multicasts(oldest.take_drafts());
}

void Engine::Parts::abandon_multicasts() {
  const Error left{ErrorCode::outcome_unknown, "this member has left the group"};
  for (const auto& [first, count] : outbox.abandon()) out.add(Completed{first, count, left, {}});
}

void Engine::Parts::append_multicasts(Leading& leading, ByteSpan drafts) {
  append_copies(in_turn(leading, drafts));
}

ByteSpan Engine::Parts::in_turn(Leading& leading, ByteSpan drafts) {
  // The view in force where an entry is appended is the view that it is delivered in, and the rows
  // at the end of this log are those that will judge it: what they would drop need not go in.
  SenderRows* const rows = rows_at_end(leading);
  if (rows == nullptr) return {};
  const View& view = log.view().view;
  std::size_t begin = 0;
  std::size_t end = 0;
  while (end < drafts.size()) {
    const EntryView draft(drafts.data() + end);
    const MulticastHeader header = load_multicast_header(draft.payload().data());
    const Turn turn = rows->turn_of(header, view);
    (void)rows->admit(header, view);
    end += draft.bytes();
    if (turn == Turn::copy || turn == Turn::sender_not_up) begin = end;
    if (turn == Turn::after_gap) break;
  }
  return drafts.subspan(begin, end - begin);
}

void Engine::Parts::append_copies(ByteSpan drafts) {
  if (drafts.empty()) return;
  EntryRunBuilder copies;
  copies.append_drafts(drafts);
  append_local(copies);
}

SenderRows* Engine::Parts::rows_at_end(Leading& leading) const {
  if (leading.rows_at_end) return &*leading.rows_at_end;
  const Index first = delivery.delivered().next();
  // What earlier leaders appended is judged here if it is in memory, else by its delivery. Until
  // the rows are known none is appended, so that this leader's own entries hold none.
  const bool inherits = first < leading.epoch_start;
  if (inherits && first < log.first_in_memory()) return nullptr;
  SenderRows& rows = leading.rows_at_end.emplace(delivery.mark());
  if (inherits) {
    replay(log.read(first, std::numeric_limits<std::size_t>::max()), log, rows);
  } else {
    for (const PlacedView& placed : log.views_between(delivery.delivered(), log.last_index()))
      rows.view_installed(placed.view);
  }
  return &rows;
}

}  // namespace gms::core
