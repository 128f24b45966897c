#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "gms/core/engine.hpp"
#include "tests/unit/core/log_samples.hpp"

namespace gms::core {

using namespace std::chrono_literals;

inline constexpr std::uint64_t kEpoch = 5;

/// Member 1 of a view of three, whose log has the view and commands of epoch 5, all durable. The
/// others are this test: it makes up messages that no run of the protocol makes, or hardly ever.
class EngineRules : public ::testing::Test {
 protected:
  void start(std::size_t commands_in_log) {
    model::EntryRunBuilder old;
    for (int i = 0; i < 3; ++i) old.append(model::EntryKind::command, {model::as_bytes("old")});
    old_ = old.seal({{model::Epoch(kEpoch - 1), model::Index(8)}, {}, {}}, model::Epoch(kEpoch - 1),
                    {});
    const model::EntryView last_trimmed = old_.at(model::Index(10));
    const model::EntryRun kept = old_.from(model::Index(11));
    entries_.clear();
    std::vector<model::PlacedView> placed;
    for (const model::View& view : views_) {
      entries_.push_back(
          view_entry(entries_.empty() ? old_.head() : entries_.back().head(), kEpoch, view));
      placed.push_back({view, entries_.back().head().position});
    }
    for (std::size_t i = 0; i < commands_in_log; ++i)
      entries_.push_back(commands(entries_.back().head(), kEpoch, {"c"}));

    model::RestoredState state;
    state.identity = {{7, 7}, member(1), "m1"};
    state.boot = model::BootSeq(1);
    state.hard_state = {model::Epoch(kEpoch), member(2)};
    state.log.base.head = {last_trimmed.position(), last_trimmed.hash(), last_trimmed.clock()};
    state.log.head = entries_.back().head();
    state.log.epochs = {
        {model::Epoch(kEpoch - 1), model::Index(11), model::Index(11), old_.head().hash},
        {model::Epoch(kEpoch), model::Index(12), state.log.head.position.index,
         state.log.head.hash}};
    state.log.views = std::move(placed);
    state.log.tail = {kept};
    state.log.tail.insert(state.log.tail.end(), entries_.begin(), entries_.end());
    begin(std::move(state));
  }
  void begin(model::RestoredState state) {
    EngineSettings settings;
    settings.config = config_;
    settings.self = {member(1), "m1", "", ""};
    engine_.emplace(std::move(settings), std::move(state), now_);
    Effects effects;
    engine_->start(effects);
    keep(effects);
  }

  void step(Input input) {
    Effects effects;
    engine_->step(now_, std::move(input), effects);
    keep(effects);
  }
  void receive(const model::MemberId& from, std::uint64_t epoch, MessageBody body) {
    step(Received{
        {{7, 7}, from, model::BootSeq(1), member(1), model::Epoch(epoch), std::move(body)}});
  }
  void everything_is_durable() { step(Durable{ordered_}); }
  void tick(model::Duration time) {
    now_ += time;
    step(Tick{});
  }

  static bool answers_a_candidate(const Message& message) {
    return std::holds_alternative<VoteReply>(message.body) ||
           std::holds_alternative<PreVoteReply>(message.body);
  }
  /// The newest message of a kind to a member; fails the test when there is none.
  template <class Body>
  Body sent_to(const model::MemberId& to) {
    for (auto message = sent_.rbegin(); message != sent_.rend(); ++message)
      if (message->to == to && std::holds_alternative<Body>(message->body))
        return std::get<Body>(message->body);
    ADD_FAILURE() << "no such message";
    return {};
  }

  /// Lets it wait for a leader in vain.
  void time_out() {
    for (int i = 0; i < 20 && engine_->status().role == RoleName::follower; ++i) tick(100ms);
    ASSERT_EQ(engine_->status().role, RoleName::precandidate);
  }
  /// Makes it ask for votes in the next epoch; its own is durable.
  void campaign() {
    time_out();
    receive(member(2), kEpoch, PreVoteReply{model::Epoch(kEpoch + 1), true});
    everything_is_durable();
    ASSERT_EQ(engine_->status().role, RoleName::candidate);
  }

  /// Makes it the leader of epoch 6, with its first entry committed and applied.
  void lead() {
    campaign();
    receive(member(2), kEpoch + 1, VoteReply{true});
    ASSERT_EQ(engine_->status().role, RoleName::leader);
    commit_all();
  }
  /// Has it order an entry, which nobody has made durable yet.
  void order() {
    model::EntryRunBuilder drafts;
    drafts.append(model::EntryKind::command, {model::as_bytes("c")});
    step(Propose{++last_ticket_, std::move(drafts)});
  }
  void acknowledge(const model::MemberId& from, model::Index match) {
    AppendReply reply;
    reply.id = sent_to<Append>(from).id;
    reply.match = reply.last_index = match;
    receive(from, kEpoch + 1, reply);
  }
  void commit_all() {
    everything_is_durable();
    const model::Index last = engine_->status().last;
    acknowledge(member(2), last);
    step(Applied{last, {}});
    ASSERT_EQ(engine_->status().commit, last);
  }
  model::Mark offer_snapshot(const model::Position& at) {
    model::SnapshotMeta meta;
    meta.id = model::SnapshotId(3);
    meta.source = member(2);
    meta.mark.head = {at, entries_[0].head().hash, model::GroupClock(70'000)};
    meta.mark.view = {view_of(1, 3), entries_[0].head().position};
    receive(member(2), kEpoch + 1, SnapshotOffer{meta, at.index.next()});
    return meta.mark;
  }
  /// Has it fetch and install what its leader offers, a state at that position.
  model::Mark fetch_snapshot(const model::Position& at) {
    const model::Mark mark = offer_snapshot(at);
    step(SnapshotStaged{model::SnapshotId(3)});
    EXPECT_FALSE(stopped_);
    return mark;
  }
  void reject_append(const model::MemberId& from) {
    const auto append = sent_to<Append>(from);
    AppendReply reply;
    reply.id = append.id;
    reply.verdict = AppendVerdict::rejected;
    reply.rejected = append.previous.index;
    receive(from, kEpoch + 1, reply);
  }

  Config config_;
  /// The views of epoch 5, in the order of the log.
  std::vector<model::View> views_{view_of(1, 3)};
  model::Instant now_{1h};
  std::optional<Engine> engine_;
  /// Commands of epoch 4 at 9 to 11; the log's base is at 10.
  model::EntryRun old_;
  /// What comes after them: the view at 12, and the commands.
  std::vector<model::EntryRun> entries_;
  std::vector<Message> sent_;
  model::PersistSeq ordered_;
  model::Ticket last_ticket_;
  std::optional<Completed> completed_;
  std::optional<model::SnapshotId> wanted_snapshot_;
  bool stopped_ = false;

 private:
  void keep(const Effects& effects) {
    for (const Effect& effect : effects) {
      if (const auto* send = std::get_if<Send>(&effect)) sent_.push_back(send->message);
      if (const auto* order = std::get_if<Persist>(&effect)) ordered_ = order->request.seq;
      if (const auto* completed = std::get_if<Completed>(&effect)) completed_ = *completed;
      if (const auto* take = std::get_if<TakeSnapshot>(&effect)) wanted_snapshot_ = take->id;
      stopped_ = stopped_ || std::holds_alternative<Fatal>(effect);
    }
  }
};

}  // namespace gms::core
