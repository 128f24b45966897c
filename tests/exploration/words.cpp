#include "tests/exploration/words.hpp"

namespace tests::exploration {
namespace {

std::string name(MemberNumber member) {
  return std::string(1, static_cast<char>('A' + member));
}

std::string names(MemberSet members) {
  std::string text;
  for (MemberNumber member = 0; member < kMembersMax; ++member) {
    if (!members.contains(member)) continue;
    if (!text.empty()) text += ", ";
    text += name(member);
  }
  return text;
}

std::string what_stands_at(const Log& log, Index index) {
  const Entry entry = log.at(index);
  const std::string what =
      "entry " + std::to_string(index) + " of epoch " + std::to_string(entry.epoch);
  return entry.view.empty() ? what : what + ", the view {" + names(entry.view) + "}";
}

std::string describe_append(const State& state, const Action& action) {
  Log log = state.members[action.by].log;
  log.push({state.members[action.by].epoch, action.members});
  return name(action.by) + " appends " + what_stands_at(log, log.last());
}

std::string describe_replication(const State& state, const Action& action) {
  const Log& leader = state.members[action.by].log;
  const Log& follower = state.members[action.to].log;
  const Index agreed = follower.agrees_up_to(leader);
  if (agreed == leader.last())
    return name(action.to) + " acknowledges all that " + name(action.by) + " has";
  const bool cuts = follower.last() > agreed;
  return name(action.to) + " takes from " + name(action.by) + " and acknowledges " +
         what_stands_at(leader, static_cast<Index>(agreed + 1)) +
         (cuts ? ", and drops what stood there" : "");
}

std::string describe_member(const State& state, MemberNumber number) {
  const Member& member = state.members[number];
  std::string text = name(number) + " is in epoch " + std::to_string(member.epoch) +
                     (member.leads ? ", leads" : "") + ", knows commit " +
                     std::to_string(member.commit) + ", has";
  if (member.log.last() == 0) text += " no entries";
  for (Index index = 1; index <= member.log.last(); ++index) {
    const Entry entry = member.log.at(index);
    text += ' ' + std::to_string(entry.epoch) + '.' + std::to_string(index);
    if (!entry.view.empty()) text += '{' + names(entry.view) + '}';
  }
  return text;
}

}  // namespace

std::string describe(const Model& model, const State& state, const Action& action) {
  const std::string by = name(action.by);
  switch (action.kind) {
    case ActionKind::elect:
      return by + " is elected in epoch " + std::to_string(action.epoch) + " by " +
             names(action.members);
    case ActionKind::append:
    case ActionKind::append_view: return describe_append(state, action);
    case ActionKind::replicate: return describe_replication(state, action);
    case ActionKind::commit:
      return by + " commits up to entry " +
             std::to_string(model.after(state, action).members[action.by].commit);
    case ActionKind::learn_commit:
      return name(action.to) + " learns from " + by + " how far it has committed";
    case ActionKind::crash: return by + " crashes and comes back";
    case ActionKind::lose_disk: return by + " loses its disk and comes back";
    case ActionKind::lose_tail: return by + " loses the last entry of its log";
    case ActionKind::lose_vote: return by + " forgets its vote";
  }
  return by;
}

std::string describe(const Model& model, const Counterexample& counterexample) {
  std::string text = std::string(name_of(counterexample.broken)) + ", in " +
                     std::to_string(counterexample.actions.size()) + " steps:\n";
  State state = model.start();
  std::size_t step = 0;
  for (const Action& action : counterexample.actions) {
    const std::string number = std::to_string(++step);
    text += std::string(number.size() < 3 ? 3 - number.size() : 0, ' ') + number + "  " +
            describe(model, state, action) + '\n';
    state = model.after(state, action);
  }
  text += "  at the end:\n";
  for (MemberNumber member = 0; member < model.bounds().members; ++member)
    text += "     " + describe_member(state, member) + '\n';
  return text;
}

}  // namespace tests::exploration
