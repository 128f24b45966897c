#pragma once

#include <optional>
#include <string_view>

#include "client/types.hpp"
#include "gms/model/bytes.hpp"

namespace client {

/// The body of an ok reply and who sent it. Borrowed.
struct Answer {
  gms::model::ByteSpan body;
  /// The client address of the member that answered.
  std::string_view address;
};

/// What the answer to a call of that result says. Error: corrupt.
template <class T>
[[nodiscard]] Result<T> decode(const Answer& answer);

template <>
Result<WriteReply> decode(const Answer& answer);
template <>
Result<std::optional<Value>> decode(const Answer& answer);
template <>
Result<Page> decode(const Answer& answer);
/// Of a TakeDigest: where the digest was taken.
template <>
Result<gms::model::Index> decode(const Answer& answer);
template <>
Result<void> decode(const Answer& answer);
template <>
Result<kvstore::api::StatusReply> decode(const Answer& answer);
template <>
Result<kvstore::api::MembersReply> decode(const Answer& answer);
template <>
Result<kvstore::api::DigestReply> decode(const Answer& answer);
template <>
Result<kvstore::api::EventsReply> decode(const Answer& answer);
template <>
Result<kvstore::api::ViewsReply> decode(const Answer& answer);

/// The same, passing an error on.
template <class T>
[[nodiscard]] Result<T> decode_answer(const Result<Answer>& answer) {
  if (!answer) return answer.error();
  return decode<T>(*answer);
}

}  // namespace client
