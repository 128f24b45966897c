#include "kvstore/api/client_protocol.hpp"

#include <algorithm>

#include "gms/wire/frame.hpp"

namespace kvstore::api {
namespace {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::ByteReader;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Index;
using gms::model::Result;

static_assert(kClientBodyBytesMax <= gms::wire::kFrameBodyBytesMax,
              "every request and reply fits into a frame");

/// The longest time that is told; a longer one is as good as this one.
constexpr std::chrono::milliseconds::rep kTimeMax = 0xFFFFFFFF;

Error malformed(const char* what) {
  return {ErrorCode::corrupt, std::string("malformed ") + what};
}

void put_time(std::chrono::milliseconds time, ByteWriter& out) {
  constexpr std::chrono::milliseconds::rep kNone = 0;
  out.u32(static_cast<std::uint32_t>(std::clamp(time.count(), kNone, kTimeMax)));
}

/// 0 for none, else the code counted from 1.
std::uint8_t error_byte(const std::optional<ErrorCode>& error) {
  return error ? static_cast<std::uint8_t>(static_cast<std::uint8_t>(*error) + 1) : 0;
}

std::optional<ErrorCode> get_error(ByteReader& in) {
  const std::uint8_t value = in.u8();
  if (value == 0) return std::nullopt;
  if (value > static_cast<std::uint8_t>(gms::model::kErrorCodeLast) + 1) in.fail();
  return static_cast<ErrorCode>(value - 1);
}

bool is_known(RequestKind kind) {
  return kind >= RequestKind::write && kind <= RequestKind::views;
}

}  // namespace

void encode(const Hello& hello, ByteWriter& out) {
  out.u32(hello.version);
  out.u64(hello.group.high);
  out.u64(hello.group.low);
}

void encode(const Welcome& welcome, ByteWriter& out) {
  out.u32(welcome.version);
  out.u64(welcome.group.high);
  out.u64(welcome.group.low);
  out.blob(as_bytes(welcome.name));
  out.u32(welcome.key_bytes_max);
  out.u32(welcome.value_bytes_max);
  out.u32(welcome.page_bytes_max);
  out.u32(welcome.unacknowledged_calls_max);
}

void encode_head(const Request& request, ByteWriter& out) {
  out.u64(request.id.value());
  put_time(request.deadline, out);
  out.u8(static_cast<std::uint8_t>(request.kind));
}

void encode(const Request& request, ByteWriter& out) {
  encode_head(request, out);
  out.raw(request.body);
}

void encode_head(const Reply& reply, ByteWriter& out) {
  out.u64(reply.id.value());
  out.u8(error_byte(reply.error));
  if (reply.error == ErrorCode::busy) put_time(reply.retry_after, out);
  out.u64(reply.applied.value());
  out.blob(as_bytes(reply.leader.name));
  out.blob(as_bytes(reply.leader.address));
}

void encode(const Reply& reply, ByteWriter& out) {
  encode_head(reply, out);
  out.raw(reply.body);
}

Result<Hello> decode_hello(ByteSpan bytes) {
  ByteReader in(bytes);
  Hello hello;
  hello.version = in.u32();
  if (in.ok() && hello.version != kClientProtocolVersion) return hello;
  hello.group.high = in.u64();
  hello.group.low = in.u64();
  if (!in.finished()) return malformed("hello");
  return hello;
}

Result<Welcome> decode_welcome(ByteSpan bytes) {
  ByteReader in(bytes);
  Welcome welcome;
  welcome.version = in.u32();
  if (in.ok() && welcome.version != kClientProtocolVersion) return welcome;
  welcome.group.high = in.u64();
  welcome.group.low = in.u64();
  welcome.name = as_text(in.blob());
  welcome.key_bytes_max = in.u32();
  welcome.value_bytes_max = in.u32();
  welcome.page_bytes_max = in.u32();
  welcome.unacknowledged_calls_max = in.u32();
  if (!in.finished()) return malformed("welcome");
  return welcome;
}

Result<Request> decode_request(ByteSpan bytes) {
  ByteReader in(bytes);
  Request request;
  request.id = RequestId(in.u64());
  request.deadline = std::chrono::milliseconds(in.u32());
  request.kind = static_cast<RequestKind>(in.u8());
  request.body = in.raw(in.remaining());
  if (!in.finished() || !is_known(request.kind)) return malformed("request");
  return request;
}

Result<Reply> decode_reply(ByteSpan bytes) {
  ByteReader in(bytes);
  Reply reply;
  reply.id = RequestId(in.u64());
  reply.error = get_error(in);
  if (reply.error == ErrorCode::busy) reply.retry_after = std::chrono::milliseconds(in.u32());
  reply.applied = Index(in.u64());
  reply.leader.name = as_text(in.blob());
  reply.leader.address = as_text(in.blob());
  reply.body = in.raw(in.remaining());
  if (!in.finished()) return malformed("reply");
  return reply;
}

}  // namespace kvstore::api
