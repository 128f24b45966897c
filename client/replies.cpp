#include "client/replies.hpp"

#include <string>

namespace client {
namespace {

namespace api = kvstore::api;
using gms::model::as_text;

Value value_of(const api::Versioned& versioned) {
  return {std::string(as_text(versioned.value)), versioned.revision};
}

std::optional<Value> value_of(const std::optional<api::Versioned>& versioned) {
  if (!versioned) return std::nullopt;
  return value_of(*versioned);
}

}  // namespace

template <>
Result<WriteReply> decode(const Answer& answer) {
  const auto reply = api::decode_command_reply(answer.body);
  if (!reply) return reply.error();
  return WriteReply{reply->outcome, reply->revision, value_of(reply->previous)};
}

template <>
Result<std::optional<Value>> decode(const Answer& answer) {
  const auto reply = api::decode_get_reply(answer.body);
  if (!reply) return reply.error();
  return value_of(reply->found);
}

template <>
Result<Page> decode(const Answer& answer) {
  const auto encoded = api::decode_range_page(answer.body);
  if (!encoded) return encoded.error();
  Page page;
  page.count = encoded->count;
  page.state = encoded->state;
  if (encoded->cursor != api::CursorId())
    page.next = Cursor{encoded->cursor, std::string(answer.address)};
  api::PairReader pairs(*encoded);
  while (const auto pair = pairs.next())
    page.entries.push_back({std::string(as_text(pair->key)), value_of(pair->row)});
  const bool complete =
      encoded->content == api::RangeContent::count || page.entries.size() == encoded->count;
  if (!pairs.ok() || !complete) return Error{ErrorCode::corrupt, "malformed pairs of a range"};
  return page;
}

template <>
Result<gms::model::Index> decode(const Answer& answer) {
  const auto reply = api::decode_command_reply(answer.body);
  if (!reply) return reply.error();
  if (reply->outcome != Outcome::done)
    return Error{ErrorCode::io,
                 "taking a digest ended as " + std::string(to_string(reply->outcome))};
  return api::digest_index_of(*reply);
}

template <>
Result<void> decode(const Answer&) {
  return {};
}

template <>
Result<api::StatusReply> decode(const Answer& answer) {
  return api::decode_status_reply(answer.body);
}

template <>
Result<api::MembersReply> decode(const Answer& answer) {
  return api::decode_members_reply(answer.body);
}

template <>
Result<api::DigestReply> decode(const Answer& answer) {
  return api::decode_digest_reply(answer.body);
}

template <>
Result<api::EventsReply> decode(const Answer& answer) {
  return api::decode_events_reply(answer.body);
}

template <>
Result<api::ViewsReply> decode(const Answer& answer) {
  return api::decode_views_reply(answer.body);
}

}  // namespace client
