#include "client/endpoint_book.hpp"

#include <algorithm>
#include <cstdio>

#include "gms/model/assert.hpp"
#include "gms/model/quorum.hpp"

namespace client {
namespace {

/// `0.4` or `12`.
std::string seconds(Clock::duration time) {
  const double value = std::chrono::duration<double>(time).count();
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f" : "%.0f", value);
  return text;
}

std::string complaint(const Endpoint& endpoint, Clock::time_point now) {
  if (!endpoint.in_group) return endpoint.label() + ": " + endpoint.failure;
  return endpoint.label() + ": no answer in " + seconds(now - endpoint.heard_at) + " s";
}

}  // namespace

EndpointBook::EndpointBook(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses)
    if (Endpoint* endpoint = at(address)) endpoint->given = true;
}

Endpoint* EndpointBook::at(std::string_view address) {
  const auto found = std::ranges::find_if(
      endpoints_, [&](const auto& endpoint) { return endpoint->address == address; });
  if (found != endpoints_.end()) return found->get();
  const auto free = std::ranges::find(places_, nullptr);
  if (free == places_.end()) return nullptr;
  const auto index = static_cast<std::size_t>(free - places_.begin());
  endpoints_.push_back(std::make_unique<Endpoint>(index, std::string(address)));
  return *free = endpoints_.back().get();
}

Endpoint& EndpointBook::operator[](std::size_t index) {
  GMS_ASSERT(places_[index] != nullptr, "EndpointBook::operator[]");
  return *places_[index];
}

void EndpointBook::learn(const gms::model::View& view) {
  if (view.members.empty() || view.seq < view_seq_) return;
  view_seq_ = view.seq;
  members_ = view.members;
  place_voters();
}

void EndpointBook::place_voters() {
  voters_.clear();
  lacks_voters_ = false;
  for (const auto& endpoint : endpoints_) endpoint->voter = false;
  for (const gms::model::Member& member : members_) {
    if (member.info.empty()) continue;
    Endpoint* endpoint = at(member.info);
    lacks_voters_ = lacks_voters_ || endpoint == nullptr;
    if (endpoint == nullptr) continue;
    endpoint->name = member.name;
    endpoint->voter = true;
    voters_.push_back(endpoint);
  }
}

bool EndpointBook::is_stranger(const Endpoint& endpoint) const {
  return !members_.empty() && !endpoint.given && !endpoint.voter;
}

std::vector<Endpoint*> EndpointBook::strangers() const {
  std::vector<Endpoint*> strangers;
  for (const auto& endpoint : endpoints_)
    if (is_stranger(*endpoint)) strangers.push_back(endpoint.get());
  return strangers;
}

Endpoint* EndpointBook::in_the_way() const {
  if (!lacks_voters_) return nullptr;
  Endpoint* given = nullptr;
  for (const auto& endpoint : endpoints_) {
    if (endpoint->voter) continue;
    if (!endpoint->given) return endpoint.get();
    given = endpoint.get();
  }
  return given;
}

void EndpointBook::remove(const Endpoint& endpoint) {
  places_[endpoint.index] = nullptr;
  std::erase_if(endpoints_, [&](const auto& known) { return known.get() == &endpoint; });
  if (lacks_voters_) place_voters();
}

std::string EndpointBook::missing(Clock::time_point now) const {
  std::vector<const Endpoint*> members = voters_;
  if (members.empty())
    for (const auto& endpoint : endpoints_) members.push_back(endpoint.get());
  std::string complaints;
  std::size_t reachable = 0;
  for (const Endpoint* member : members) {
    if (member->in_group && !member->is_silent(now)) {
      ++reachable;
      continue;
    }
    complaints += (complaints.empty() ? "" : ", ") + complaint(*member, now);
  }
  if (complaints.empty()) return {};
  const std::string whole = std::to_string(reachable) + " of " + std::to_string(members.size()) +
                            " members reachable (" + complaints + ")";
  return reachable >= gms::model::quorum(members.size()) ? whole : "no quorum: " + whole;
}

}  // namespace client
