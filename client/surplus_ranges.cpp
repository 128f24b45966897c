#include "client/surplus_ranges.hpp"

#include "kvstore/api/query.hpp"

namespace client {

namespace api = kvstore::api;

void SurplusRanges::ended(const PendingCall& call) {
  if (call.draft.kind == api::RequestKind::range && call.asked != 0)
    asked_.emplace(call.id, call.asked);
}

std::optional<api::CursorId> SurplusRanges::answered(std::uint64_t member,
                                                     const api::Reply& reply) {
  const auto found = asked_.find(reply.id);
  if (found == asked_.end() || (found->second & member) == 0) return std::nullopt;
  found->second &= ~member;
  if (found->second == 0) asked_.erase(found);
  if (reply.error) return std::nullopt;
  const auto page = api::decode_range_page(reply.body);
  if (!page || page->cursor == api::CursorId()) return std::nullopt;
  return page->cursor;
}

void SurplusRanges::closed(std::uint64_t member) {
  for (auto& [id, asked] : asked_) asked &= ~member;
  std::erase_if(asked_, [](const auto& range) { return range.second == 0; });
}

}  // namespace client
