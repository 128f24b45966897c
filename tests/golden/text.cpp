#include "tests/golden/text.hpp"

#include <array>
#include <charconv>

namespace golden {

using namespace gms::core;
using namespace gms::model;

namespace {

std::string number(auto ordinal) {
  return std::to_string(ordinal.value());
}

std::string field(std::string_view name, const std::string& value) {
  return " " + std::string(name) + "=" + value;
}

std::string flag(std::string_view name, bool on) {
  return on ? " " + std::string(name) : "";
}

std::string quoted(ByteSpan bytes) {
  return '"' + std::string(as_text(bytes)) + '"';
}

std::string entries_of(const std::vector<EntryRun>& runs) {
  std::string text;
  for (const EntryRun& run : runs)
    for (const EntryView entry : run) text += (text.empty() ? "" : ", ") + text_of(entry);
  return "[" + text + "]";
}

std::string_view name_of_verdict(AppendVerdict verdict) {
  switch (verdict) {
    case AppendVerdict::accepted: return "accepted";
    case AppendVerdict::rejected: return "rejected";
    case AppendVerdict::stale: return "stale";
  }
  return "?";
}

std::string_view name_of_verdict(ForwardVerdict verdict) {
  switch (verdict) {
    case ForwardVerdict::accepted: return "accepted";
    case ForwardVerdict::not_leader: return "not_leader";
    case ForwardVerdict::busy: return "busy";
    case ForwardVerdict::refused: return "refused";
    case ForwardVerdict::unavailable: return "unavailable";
    case ForwardVerdict::not_found: return "not_found";
    case ForwardVerdict::invalid_argument: return "invalid_argument";
  }
  return "?";
}

std::string_view name_of_verdict(JoinVerdict verdict) {
  switch (verdict) {
    case JoinVerdict::accepted: return "accepted";
    case JoinVerdict::busy: return "busy";
    case JoinVerdict::refused: return "refused";
    case JoinVerdict::already: return "already";
  }
  return "?";
}

std::string drafts_of(ByteSpan drafts) {
  std::string text;
  while (!drafts.empty()) {
    const EntryView draft(drafts.data());
    ByteSpan body = draft.payload();
    if (!text.empty()) text += ", ";
    if (draft.kind() == EntryKind::multicast) {
      const MulticastHeader header = load_multicast_header(body.data());
      text += "multicast " + number(header.boot) + "." + number(header.seq) + " ";
      body = body.subspan(kMulticastHeaderBytes);
    }
    text += quoted(body);
    drafts = drafts.subspan(draft.bytes());
  }
  return "[" + text + "]";
}

std::string text_of(const AdminRequest& request) {
  static constexpr std::array<const char*, 4> kActions{"leave ", "transfer ", "evict ",
                                                       "maintain "};
  std::string text =
      kActions[static_cast<std::size_t>(request.action) - 1] + golden::text_of(request.member);
  if (request.action == AdminAction::maintenance)
    text += " for " + std::to_string(request.ttl.count()) + "ms";
  return text;
}

struct Fields {
  std::string operator()(const PreVote& m) const {
    return field("campaign", number(m.campaign)) + field("last", to_string(m.last)) +
           field("view", to_string(m.view_position));
  }
  std::string operator()(const PreVoteReply& m) const {
    return field("campaign", number(m.campaign)) + (m.granted ? " granted" : " refused");
  }
  std::string operator()(const Vote& m) const {
    return field("last", to_string(m.last)) + field("view", to_string(m.view_position)) +
           flag("transfer", m.transfer);
  }
  std::string operator()(const VoteReply& m) const { return m.granted ? " granted" : " refused"; }
  std::string operator()(const Append& m) const {
    return field("id", number(m.id)) + field("previous", to_string(m.previous)) +
           field("commit", number(m.commit)) + " " + entries_of(m.entries);
  }
  std::string operator()(const AppendReply& m) const {
    std::string text = field("id", number(m.id)) + " " + std::string(name_of_verdict(m.verdict));
    if (m.verdict == AppendVerdict::accepted) text += field("match", number(m.match));
    if (m.verdict == AppendVerdict::rejected)
      text += " " + number(m.rejected) + field("hint", to_string(m.hint));
    if (m.verdict == AppendVerdict::stale) text += field("seq", number(m.heartbeat_seq));
    return text + field("last", number(m.last_index)) + flag("disk_full", m.disk_full);
  }
  std::string operator()(const Heartbeat& m) const {
    return field("seq", number(m.seq)) + field("commit", number(m.commit));
  }
  std::string operator()(const HeartbeatReply& m) const {
    return field("seq", number(m.seq)) + field("last", number(m.last_index)) +
           field("applied", number(m.applied)) + flag("disk_full", m.disk_full) +
           flag("disk_low", m.disk_low) +
           (m.staging ? field("staging", std::to_string(m.staging->bytes)) : "") +
           (m.state.wants_from ? field("wants", number(*m.state.wants_from)) : "");
  }
  std::string operator()(const TimeoutNow& m) const { return field("last", to_string(m.last)); }
  std::string operator()(const Forward& m) const {
    return field("ticket", number(m.ticket)) + " " +
           (m.admin ? text_of(*m.admin) : drafts_of(m.drafts.bytes()));
  }
  std::string operator()(const ForwardReply& m) const {
    std::string text =
        field("ticket", number(m.ticket)) + " " + std::string(name_of_verdict(m.verdict));
    if (m.first.index != Index()) text += field("first", to_string(m.first));
    return text + field("leader", golden::text_of(m.leader));
  }
  std::string operator()(const JoinRequest& m) const {
    return " " + golden::text_of(m.member.id) + field("name", m.member.name) +
           field("last", to_string(m.last)) + flag("passed_on", m.passed_on);
  }
  std::string operator()(const JoinReply& m) const {
    std::string text = " " + std::string(name_of_verdict(m.verdict));
    if (m.verdict == JoinVerdict::already) text += field("view", to_string(m.view_position));
    return text;
  }
  std::string operator()(const NotInView& m) const {
    return " " + golden::text_of(m.view.view) + field("at", to_string(m.view.position)) +
           field("removed_by", std::string(to_string(m.removed_by)));
  }
  std::string operator()(const Regressed& m) const {
    return field("match", number(m.match)) + field("id", number(m.id));
  }
  std::string operator()(const SnapshotOffer& m) const {
    return field("at", to_string(m.meta.mark.head.position)) +
           field("source", golden::text_of(m.meta.source)) +
           field("log_start", number(m.log_start));
  }
  std::string operator()(const SnapshotReply& m) const {
    static constexpr std::array<const char*, 3> kVerdicts{" has_it", " fetching", " failed"};
    return kVerdicts[static_cast<std::size_t>(m.verdict) - 1] + field("commit", number(m.commit));
  }
  std::string operator()(const ReadIndexRequest& m) const { return field("id", number(m.id)); }
  std::string operator()(const ReadIndexReply& m) const {
    return field("id", number(m.id)) + field("index", number(m.index));
  }
  std::string operator()(const StateDiverged& m) const {
    return field("generation", number(m.generation)) + field("index", number(m.index));
  }
};

struct Events {
  std::string operator()(const RoleChanged& e) const {
    return "is " + std::string(to_string(e.to)) + " (" + std::string(to_string(e.reason)) + ")" +
           field("epoch", number(e.epoch));
  }
  std::string operator()(const LeaderChanged& e) const {
    return "follows " + golden::text_of(e.leader) + field("epoch", number(e.epoch));
  }
  std::string operator()(const LogTruncated& e) const {
    return "truncates " + number(e.from) + ".." + number(e.last);
  }
  std::string operator()(const CommitAdvanced& e) const { return "commits " + number(e.commit); }
  std::string operator()(const ViewProposed& e) const {
    return "proposes " + golden::text_of(e.view.view) + field("at", to_string(e.view.position));
  }
  std::string operator()(const MemberSuspected& e) const {
    return "suspects " + golden::text_of(e.member) + (e.process_dead ? " (dead)" : " (silent)");
  }
  std::string operator()(const MemberEvicted& e) const {
    return "evicts " + golden::text_of(e.member) + " (" + std::string(to_string(e.reason)) + ")";
  }
  std::string operator()(const TransferStarted& e) const {
    return "hands over to " + golden::text_of(e.target);
  }
  std::string operator()(const TransferAborted& e) const {
    return "keeps leading instead of " + golden::text_of(e.target);
  }
  std::string operator()(const MemberExcluded& e) const {
    return "is excluded by " + golden::text_of(e.view.view);
  }
  std::string operator()(const MemberRegressed& e) const {
    return "finds " + golden::text_of(e.member) + " regressed from " + number(e.acknowledged) +
           " to " + number(e.found);
  }
  std::string operator()(const StallNoticed& e) const {
    return "stood still for " + std::to_string(e.gap.count()) + "ms";
  }
  std::string operator()(const MulticastDropped& e) const {
    return "drops multicast " + number(e.index) + " of " + golden::text_of(e.sender);
  }
  std::string operator()(const LogTrimmed& e) const {
    return "trims " + number(e.first) + ".." + number(e.last);
  }
  std::string operator()(const SnapshotMade& e) const {
    return "has taken its state at " + number(e.index);
  }
  std::string operator()(const SnapshotOffered& e) const {
    return "offers its state at " + number(e.index) + " to " + golden::text_of(e.member);
  }
  std::string operator()(const SnapshotFetched& e) const {
    return "fetches the state at " + number(e.index) + " of " + golden::text_of(e.source);
  }
  std::string operator()(const SnapshotDropped& e) const { return "drops a state: " + e.why; }
  std::string operator()(const SnapshotInstalled& e) const {
    return "installs the state at " + to_string(e.position) +
           (e.keeps_tail ? " and keeps its tail" : "");
  }
  std::string operator()(const MemberDiverged& e) const {
    return "sees that " + golden::text_of(e.member) + " has diverged at " + number(e.index);
  }
  std::string operator()(const StateDisputed& e) const {
    return "cannot tell whether it or " + golden::text_of(e.member) + " is right at " +
           number(e.index);
  }
  std::string operator()(const StateDamaged& e) const {
    return "finds its state at " + number(e.index) + " damaged";
  }
  std::string operator()(const StateMended& e) const {
    return "has a state again at " + to_string(e.position);
  }
  std::string operator()(const auto&) const { return {}; }
};

}  // namespace

std::string text_of(const MemberId& id) {
  if (id.is_none()) return "-";
  const std::string name = "n" + number(id.node);
  return id.incarnation.value() == 1 ? name : name + "." + number(id.incarnation);
}

MemberId member_of(std::string_view text) {
  if (text.size() < 2 || text.front() != 'n') return {};
  std::uint64_t place = 0;
  std::uint64_t incarnation = 1;
  const char* const end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data() + 1, end, place);
  if (error == std::errc() && at != end && *at == '.')
    std::tie(at, error) = std::pair(std::from_chars(at + 1, end, incarnation).ptr, std::errc());
  if (error != std::errc() || at != end) return {};
  return {NodeId(place), Incarnation(incarnation)};
}

std::string text_of(EntryView entry) {
  const std::string place = to_string(entry.position()) + " ";
  switch (entry.kind()) {
    case EntryKind::noop: return place + "noop";
    case EntryKind::command: return place + quoted(entry.payload());
    case EntryKind::view: {
      const auto view = decode_view(entry.payload());
      return place + (view ? text_of(*view) : "view ?");
    }
    case EntryKind::multicast: {
      const MulticastHeader header = load_multicast_header(entry.payload().data());
      return place + "multicast " + text_of(header.sender) + " " + number(header.boot) + "." +
             number(header.seq) + " " + quoted(entry.payload().subspan(kMulticastHeaderBytes));
    }
  }
  return place + "?";
}

std::string text_of(const View& view) {
  std::string members;
  for (const Member& member : view.members) {
    if (!members.empty()) members += " ";
    members += text_of(member.id) + (view.is_up(member.id) ? "" : "-down");
  }
  std::string text = "view " + number(view.seq) + " {" + members + "} " +
                     std::string(to_string(view.cause)) + " " + text_of(view.subject);
  for (const Maintenance& work : view.maintenance)
    text += " " + text_of(work.member) + "-until-" + number(work.until);
  return text;
}

std::string text_of(const MessageBody& body) {
  return std::string(name_of(body)) + std::visit(Fields{}, body);
}

std::string headline_of(const Message& message) {
  std::string text =
      text_of(message.from) + "->" + text_of(message.to) + " " + std::string(name_of(message.body));
  if (const auto* append = std::get_if<Append>(&message.body))
    text += field("id", number(append->id));
  if (const auto* reply = std::get_if<AppendReply>(&message.body))
    text += field("id", number(reply->id));
  if (const auto* beat = std::get_if<Heartbeat>(&message.body))
    text += field("seq", number(beat->seq));
  if (const auto* reply = std::get_if<HeartbeatReply>(&message.body))
    text += field("seq", number(reply->seq));
  return text;
}

std::string text_of(const PersistRequest& request) {
  std::string text = "persists " + number(request.seq) + ":";
  if (request.group) text += field("group", number(Epoch(request.group->low)));
  if (request.hard_state)
    text += field("epoch", number(request.hard_state->epoch)) +
            field("vote", text_of(request.hard_state->voted_for));
  if (!request.entries.empty()) text += " " + entries_of(request.entries);
  if (request.install) {
    text += field("install", to_string(request.install->base.head.position));
    text += request.install->keeps_tail ? " with its tail" : "";
  }
  if (request.trim_to) text += field("trim", number(request.trim_to->head.position.index));
  text += flag("diverged", request.state_diverged.value_or(false));
  return text + flag("refusal", request.refusal.has_value());
}

std::string text_of(const TraceEvent& event) {
  return std::visit(Events{}, event);
}

std::string text_of(const Completed& completed) {
  std::string text = "completes " + number(completed.first);
  if (completed.count > 1) text += ".." + number(completed.first + (completed.count - 1));
  text += completed.error ? " " + std::string(to_string(completed.error->code)) : " done";
  return text + field("leader", text_of(completed.leader));
}

std::string text_of(const Delivery& delivery) {
  std::string text = "delivers " + to_string(delivery.position) + " ";
  if (delivery.kind == EntryKind::multicast) text += "from " + text_of(delivery.sender) + " ";
  text += quoted(delivery.payload);
  if (delivery.ticket != Ticket()) text += field("ticket", number(delivery.ticket));
  return text;
}

std::string text_of(const Status& status) {
  std::string text =
      text_of(status.self) + " " + std::string(to_string(status.role)) +
      field("epoch", number(status.epoch)) + field("leader", text_of(status.leader)) +
      field("last", number(status.last)) + field("stable", number(status.stable)) +
      field("commit", number(status.commit)) + field("delivered", number(status.delivered)) + " " +
      text_of(status.view_in_log.view);
  text += flag("excluded", status.excluded) + flag("diverged", status.diverged) +
          flag("disk_full", status.disk_full) + flag("disk_low", status.disk_low);
  if (status.multicasts_pending != 0)
    text += field("multicasts", std::to_string(status.multicasts_pending));
  if (status.reads_pending != 0) text += field("reads", std::to_string(status.reads_pending));
  return text;
}

std::string text_of(const PeerStatus& peer) {
  return text_of(peer.id) + (peer.voter ? " voter " : " learner ") +
         std::string(to_string(peer.state)) + field("match", number(peer.match)) +
         field("next", number(peer.next)) + field("inflight", std::to_string(peer.inflight)) +
         flag("regressed", peer.regressed) + flag("diverged", peer.diverged) +
         flag("disputed", peer.disputed) + flag("stuck", !peer.takes_entries) +
         flag("stateless", !peer.keeps_state);
}

}  // namespace golden
