#include <algorithm>

#include "gms/core/engine_parts.hpp"

namespace gms::core {

using namespace model;

void Engine::Parts::on(StateDurable input) {
  state_durable = std::max(state_durable, input.index);
  trim();
}

void Engine::Parts::note_trim_point() {
  const Mark& mark = delivery.mark();
  const Index delivered = mark.head.position.index;
  // Cheap while nothing was added: this is looked at in every step.
  if (delivered <= last_trim_point || !trim_points.wants(log.bytes_seen())) return;
  const std::uint64_t offset = log.bytes_seen() - log.bytes_after(delivered);
  if (!trim_points.wants(offset)) return;
  trim_points.add(mark.head, offset);
  last_trim_point = delivered;
}

Engine::Parts::Retained Engine::Parts::retained() const {
  // Who was away fetches a snapshot instead, which is better than that nobody can go on.
  if (health.lacks_room()) return {};
  return {config.retain_entries, config.retain_bytes};
}

Index Engine::Parts::trim_bound() const {
  // What the application would lose in a crash, the log still has to tell it [C14].
  Index bound = std::min(state_durable, delivery.applied());
  // A state that is found to have diverged at the newest sample begins anew in this log.
  if (diverged) return log.base().head.position.index;
  if (!samples.empty()) bound = std::min(bound, samples.newest_index().previous());
  const std::uint64_t last = log.last_index().value();
  bound = std::min(bound, Index(last - std::min<std::uint64_t>(last, retained().entries)));
  // Who fetches a state pins it; while it is taken nobody can.
  if (shelf && !shelf->meta) bound = std::min(bound, shelf->index);
  const auto* leading = std::get_if<Leading>(&role);
  if (leading == nullptr) return bound;
  for (const Progress& peer : leading->peers)
    if (const auto pin = pinned_by(peer)) bound = std::min(bound, *pin);
  return bound;
}

std::optional<Index> Engine::Parts::pinned_by(const Progress& peer) const {
  if (peer.regressed()) return std::nullopt;
  const auto& fetch = peer.fetch();
  // It is helped by a state alone, which is not taken yet: there is nothing to keep for it.
  if (!fetch && lacks_entries(peer)) return std::nullopt;
  const bool moves =
      fetch ? now - fetch->progressed_at < config.pin_time : peer.silence(now) < config.suspect;
  if (!moves) return std::nullopt;
  const Index pin = fetch ? fetch->index : peer.match();
  if (trim_points.bytes_after(pin, log.bytes_seen()) > config.pin_bytes) return std::nullopt;
  return pin;
}

void Engine::Parts::trim() {
  if (stopped || now < next_trim) return;
  const Index bound = trim_bound();
  if (bound <= log.base().head.position.index) return;
  const auto head = trim_points.last(bound, retained().bytes, log.bytes_seen());
  if (!head || head->position.index <= log.base().head.position.index) return;
  const Base base{*head, log.view_at(head->position.index)};
  out.trace(LogTrimmed{log.base().head.position.index.next(), base.head.position.index});
  out.order_trim(base);
  log.trim(base);
  trim_points.forget_up_to(base.head.position.index);
  next_trim = now + config.trim_gap;
}

}  // namespace gms::core
