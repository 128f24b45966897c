#pragma once

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "gms/core/message.hpp"
#include "gms/core/status.hpp"

namespace gms::core {

/// What a leader knows of one other member's log, and how it feeds it: one message at a time while
/// it looks for where the logs meet, then a window of them. Pure bookkeeping; it sends nothing.
class Progress {
 public:
  struct Window {
    std::size_t messages_max = 0;
    std::size_t bytes_max = 0;
  };

  Progress(model::MemberId id, model::Index next, model::Instant now)
      : id_(id), next_(next), last_heard_(now), heard_since_(now) {}

  [[nodiscard]] const model::MemberId& id() const { return id_; }
  /// Everything up to here is durable there, as the leader has it.
  [[nodiscard]] model::Index match() const { return match_; }
  /// The next entry to send.
  [[nodiscard]] model::Index next() const { return next_; }
  [[nodiscard]] ProgressState state() const { return state_; }
  /// Lost what it acknowledged: never counted again in this epoch [C21].
  [[nodiscard]] bool regressed() const { return regressed_; }
  [[nodiscard]] model::AppendId match_id() const { return match_id_; }
  [[nodiscard]] std::size_t inflight() const { return inflight_.size(); }

  /// Whether another Append may go: in `probe` one, in `replicate` while the window has room.
  [[nodiscard]] bool may_send(const Window& window) const;
  /// An Append of `bytes` up to `last` goes.
  void sent(model::Index last, std::size_t bytes);
  /// Its next entries are being read from the log's files.
  void start_reading() { resume_ = std::exchange(state_, ProgressState::reading); }
  void finish_reading() { state_ = resume_; }

  /// An acknowledgement arrived; `newest` is the latest Append sent so far. Returns whether match
  /// grew.
  bool accepted(model::Index match, model::AppendId newest);

  /// What a rejection says.
  enum class Rejection { stale, retry, lost_entries };
  [[nodiscard]] Rejection judge(const AppendReply& reply) const;
  /// It rejects what follows another log, or has everything before `next` by its own word: go on
  /// from there, or from above match if that is more, probing. `newest` is the latest Append sent
  /// so far: what is said of it and of those before it is old from now on.
  void probe_from(model::Index next, model::AppendId newest);
  void mark_regressed() { regressed_ = true; }
  /// Its log does not go on where the leader's begins: only a state helps it, until it acknowledges
  /// something.
  void mark_lacking() { lacking_ = true; }
  /// Whether its log may go on from that place where the leader's begins: it reaches that far, as
  /// it says, and has not been found to be another one.
  [[nodiscard]] bool may_reach(model::Index base) const { return !lacking_ && last_index >= base; }

  /// The link broke, or a window was lost: look again from what is known. `newest` as above.
  void restart_probe(model::AppendId newest);
  /// Something may be lost: a probe may go again.
  void rearm_probe() { probe_sent_ = false; }

  /// A snapshot that it is to fetch because the log begins after what it needs.
  struct Fetch {
    model::SnapshotId id;
    /// Entries after this will be needed.
    model::Index index;
    std::uint64_t bytes = 0;
    model::Instant offered_at;
    model::Instant progressed_at;
  };
  /// A snapshot that it is to be offered, and when it was.
  struct Offer {
    model::SnapshotId id;
    std::optional<model::Instant> offered_at;
  };
  /// Nothing goes but heartbeats, until it has the snapshot or another way is found.
  void await_snapshot(model::SnapshotId id, model::Index index, model::Instant now);
  [[nodiscard]] const std::optional<Fetch>& fetch() const { return fetch_; }
  /// Precondition of both: fetch(). The second returns whether it has more than before.
  void offered(model::Instant now) { fetch_->offered_at = now; }
  bool fetched(std::uint64_t bytes, model::Instant now);
  /// That snapshot was offered to it.
  [[nodiscard]] bool was_offered(model::SnapshotId id) const {
    return (fetch_ && fetch_->id == id) || (mending && mending->id == id);
  }
  /// It could not fetch what it was offered: the next offer waits, for `first`, and for twice as
  /// long each time after that until one arrives, at most for `longest`.
  void fetch_failed(model::Instant now, model::Duration first, model::Duration longest);
  [[nodiscard]] bool may_be_offered(model::Instant now) const { return now >= offer_after_; }
  void fetch_succeeded() { fetches_failed_ = 0; }

  /// It was heard at `now`; `gap_max` is the longest silence that does not break its record.
  void heard(model::Instant now, model::Duration gap_max);
  /// Whether it was heard at all; until then its silence counts from the beginning.
  [[nodiscard]] bool spoke() const { return spoke_; }
  [[nodiscard]] model::Duration silence(model::Instant now) const { return now - last_heard_; }
  [[nodiscard]] model::Duration heard_for(model::Instant now) const {
    return spoke_ ? now - heard_since_ : model::Duration();
  }
  /// This process stood still for `gap` until `now`: nobody else was silent in it [C22]. What was
  /// heard since, before anybody noticed, needs no excuse.
  void excuse(model::Duration gap, model::Instant now) {
    last_heard_ = std::min(last_heard_ + gap, now);
  }
  /// The group marked it up or down at `now`. One that falls again before it was up for `calm`
  /// comes and goes.
  void marked_up(model::Instant now) { up_since_ = now; }
  void marked_down(model::Instant now, model::Duration calm) {
    flaps_ = up_since_ && now - *up_since_ < calm ? flaps_ + 1 : 0;
  }
  /// How often it fell again, lately.
  [[nodiscard]] unsigned flaps() const { return flaps_; }
  [[nodiscard]] bool take_active() { return std::exchange(active_, false); }

  // Plain facts, kept with the rest.
  model::HeartbeatSeq acked_heartbeat;
  /// When something was last sent to it again because it might be lost.
  model::Instant asked_again_at;
  /// The newest Append that it answered.
  model::AppendId answered_append;
  model::Index applied;
  /// The end of its log, as it last said.
  model::Index last_index;
  model::Index commit_sent;
  bool disk_full = false;
  bool disk_low = false;
  /// What it last said of its state.
  StateReport reported;
  /// It differs from what a quorum has, and was told so.
  bool diverged = false;
  /// Since when it differs from the leader's, where, and whether nobody can tell which is right.
  std::optional<model::Instant> differs_since;
  model::Index differs_at;
  /// The newest index at which it was seen to agree.
  std::optional<model::Index> agreed_at;
  bool disputed = false;
  /// The snapshot that is to take the place of its state, while it is fed entries all the same.
  std::optional<Offer> mending;

 private:
  struct InFlight {
    model::Index last;
    std::size_t bytes = 0;
  };

  void free_up_to(model::Index match);
  void clear_inflight();

  model::MemberId id_;
  model::Index match_;
  model::AppendId match_id_;
  model::Index next_;
  ProgressState state_ = ProgressState::probe;
  /// Where reading returns to.
  ProgressState resume_ = ProgressState::probe;
  /// Rejections of Appends up to this one say nothing new: one of a window that met a gap would
  /// otherwise undo every window after it.
  model::AppendId given_up_;
  bool probe_sent_ = false;
  bool regressed_ = false;
  bool lacking_ = false;
  bool active_ = true;
  bool spoke_ = false;
  std::deque<InFlight> inflight_;
  std::size_t inflight_bytes_ = 0;
  std::optional<Fetch> fetch_;
  unsigned fetches_failed_ = 0;
  model::Instant offer_after_;
  model::Instant last_heard_;
  model::Instant heard_since_;
  std::optional<model::Instant> up_since_;
  unsigned flaps_ = 0;
};

}  // namespace gms::core
