#include "kvstore/api/client_protocol.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/encoded.hpp"

namespace fuzz {
namespace {

namespace api = kvstore::api;

void run_client_protocol(ByteSpan input) {
  const auto [which, rest] = select(input, 4);
  switch (which) {
    case 0: return check_round_trip(rest, api::decode_hello, encode_any);
    case 1: return check_round_trip(rest, api::decode_welcome, encode_any);
    case 2: return check_round_trip(rest, api::decode_request, encode_any);
    default: return check_round_trip(rest, api::decode_reply, encode_any);
  }
}

std::vector<Bytes> client_protocol_corpus() {
  const ByteSpan body = gms::model::as_bytes("body");
  api::Hello hello;
  hello.group = {1, 2};
  api::Welcome welcome;
  welcome.group = {1, 2};
  welcome.name = "n1";
  api::Reply done{api::RequestId(7), std::nullopt, gms::model::Index(8), {}, body};
  api::Reply failed{api::RequestId(7),
                    gms::model::ErrorCode::not_leader,
                    gms::model::Index(8),
                    {"n2", "127.0.0.1:7402"},
                    body};
  api::Reply busy = done;
  busy.error = gms::model::ErrorCode::busy;
  busy.retry_after = std::chrono::milliseconds(20);
  std::vector<Bytes> out{selecting(0, encode_any(hello)), selecting(1, encode_any(welcome)),
                         selecting(3, encode_any(done)), selecting(3, encode_any(failed)),
                         selecting(3, encode_any(busy))};
  for (int kind = 1; kind <= 11; ++kind)
    out.push_back(
        selecting(2, encode_any(api::Request{api::RequestId(7), std::chrono::milliseconds(9),
                                             static_cast<api::RequestKind>(kind), body})));
  return out;
}

}  // namespace

Target client_protocol_target() {
  return {"client_protocol", run_client_protocol, client_protocol_corpus};
}

}  // namespace fuzz
