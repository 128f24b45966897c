#include "tests/simulation/world.hpp"

#include <algorithm>

namespace tests::simulation {

using namespace gms::model;

void ShadowLog::apply(const EntryRun& run) {
  if (run.empty()) return;
  const std::size_t before = run.first_index().value() - 1;
  GMS_ASSERT(before <= slots_.size(), "I2");
  slots_.resize(before);
  while (!views_.empty() && views_.back().position.index >= run.first_index()) views_.pop_back();
  for (const EntryView entry : run) {
    slots_.push_back({entry.epoch(), entry.hash(), entry.kind()});
    if (entry.kind() != EntryKind::view) continue;
    auto view = decode_view(entry.payload());
    GMS_ASSERT(view.has_value(), "a view in a log");
    views_.push_back({*std::move(view), entry.position()});
  }
}

void ShadowLog::apply(const PersistRequest& order, const World& world) {
  if (order.install && !order.install->keeps_tail) {
    const Index base = order.install->base.head.position.index;
    const auto& committed = world.committed();
    slots_.assign(committed.begin(), committed.begin() + static_cast<std::ptrdiff_t>(base.value()));
    views_.clear();
    for (const PlacedView& view : world.committed_views())
      if (view.position.index <= base) views_.push_back(view);
  }
  for (const EntryRun& run : order.entries) apply(run);
}

ShadowMember& World::add_member(const MemberId& id, Machine machine) {
  ShadowMember& out = members_.emplace_back();
  out.id = id;
  out.machine = machine;
  return out;
}

const ShadowMember* World::find(const MemberId& id) const {
  const auto at = std::find_if(members_.begin(), members_.end(),
                               [&](const ShadowMember& member) { return member.id == id; });
  return at == members_.end() ? nullptr : &*at;
}

ShadowMember* World::find(const MemberId& id) {
  return const_cast<ShadowMember*>(std::as_const(*this).find(id));
}

Index World::committed_before(Epoch epoch) const {
  const auto end = std::lower_bound(committed_in_.begin(), committed_in_.end(), epoch);
  return Index(static_cast<std::uint64_t>(end - committed_in_.begin()));
}

bool World::was_removed(const MemberId& id, ViewCause cause) const {
  const PlacedView* const newest = committed_view();
  if (newest == nullptr || newest->view.has_voter(id)) return false;
  return std::any_of(committed_views_.begin(), committed_views_.end(), [&](const PlacedView& view) {
    return view.view.cause == cause && view.view.subject == id;
  });
}

bool World::has_left(const MemberId& id) const {
  return was_removed(id, ViewCause::leave);
}

bool World::is_evicted(const MemberId& id) const {
  return was_removed(id, ViewCause::evict) && !has_left(id);
}

void World::violate(const char* invariant, std::string detail) {
  if (!violation_) violation_ = Violation{invariant, std::move(detail)};
}

std::string name_of(const ShadowMember& member) {
  return "m" + std::to_string(member.machine + 1) + " (boot " +
         std::to_string(member.boot.value()) + ")";
}

}  // namespace tests::simulation
