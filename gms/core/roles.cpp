#include "gms/core/roles.hpp"

#include <algorithm>

namespace gms::core {

using namespace model;

namespace {

auto position_of(auto& peers, const MemberId& id) {
  return std::lower_bound(peers.begin(), peers.end(), id,
                          [](const Progress& p, const MemberId& i) { return p.id() < i; });
}

}  // namespace

void Ballot::grant(const MemberId& from) {
  std::erase(refused, from);
  if (std::find(granted.begin(), granted.end(), from) == granted.end()) granted.push_back(from);
}

void Ballot::refuse(const MemberId& from) {
  std::erase(granted, from);
  if (std::find(refused.begin(), refused.end(), from) == refused.end()) refused.push_back(from);
}

Progress* Leading::find(const MemberId& id) {
  const auto at = position_of(peers, id);
  return at != peers.end() && at->id() == id ? &*at : nullptr;
}

const Progress* Leading::find(const MemberId& id) const {
  const auto at = position_of(peers, id);
  return at != peers.end() && at->id() == id ? &*at : nullptr;
}

Progress& Leading::add(const MemberId& id, Index next, Instant now) {
  const auto at = position_of(peers, id);
  if (at != peers.end() && at->id() == id) return *at;
  return *peers.insert(at, Progress(id, next, now));
}

void Leading::remove(const MemberId& id) {
  std::erase_if(peers, [&](const Progress& peer) { return peer.id() == id; });
}

Joining* Leading::find_joining(const MemberId& id) {
  const auto at =
      std::ranges::find_if(joining, [&](const Joining& j) { return j.member.id == id; });
  return at == joining.end() ? nullptr : &*at;
}

const Joining* Leading::find_joining(const MemberId& id) const {
  const auto at =
      std::ranges::find_if(joining, [&](const Joining& j) { return j.member.id == id; });
  return at == joining.end() ? nullptr : &*at;
}

}  // namespace gms::core
