#include "client/endpoint_book.hpp"

#include <algorithm>
#include <cstdio>

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
  for (const std::string& address : addresses) (void)at(address);
}

Endpoint* EndpointBook::at(std::string_view address) {
  const auto found = std::ranges::find_if(
      endpoints_, [&](const auto& endpoint) { return endpoint->address == address; });
  if (found != endpoints_.end()) return found->get();
  if (endpoints_.size() == kEndpointsMax) return nullptr;
  endpoints_.push_back(std::make_unique<Endpoint>(endpoints_.size(), std::string(address)));
  return endpoints_.back().get();
}

void EndpointBook::learn(const gms::model::View& view) {
  if (view.members.empty() || view.seq < view_seq_) return;
  view_seq_ = view.seq;
  voters_.clear();
  for (const gms::model::Member& member : view.members) {
    Endpoint* endpoint = member.info.empty() ? nullptr : at(member.info);
    if (endpoint == nullptr) continue;
    endpoint->name = member.name;
    voters_.push_back(endpoint);
  }
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
  return 2 * reachable > members.size() ? whole : "no quorum: " + whole;
}

}  // namespace client
