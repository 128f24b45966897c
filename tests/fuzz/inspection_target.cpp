#include "kvstore/api/inspection.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/encoded.hpp"
#include "tests/fuzz/samples.hpp"

namespace fuzz {
namespace {

namespace api = kvstore::api;
namespace model = gms::model;

void run_inspection(ByteSpan input) {
  const auto [which, rest] = select(input, 8);
  switch (which) {
    case 0: return check_round_trip(rest, api::decode_status_reply, encode_any);
    case 1: return check_round_trip(rest, api::decode_members_reply, encode_any);
    case 2: return check_round_trip(rest, api::decode_digest_query, encode_any);
    case 3: return check_round_trip(rest, api::decode_digest_reply, encode_any);
    case 4: return check_round_trip(rest, api::decode_events_query, encode_any);
    case 5: return check_round_trip(rest, api::decode_events_reply, encode_any);
    case 6: return check_round_trip(rest, api::decode_views_reply, encode_any);
    default: return check_round_trip(rest, api::decode_admin_query, encode_any);
  }
}

std::vector<Bytes> inspection_corpus() {
  api::StatusReply status;
  status.member = sample_member().id;
  status.name = "n1";
  status.role = "leader";
  status.view = sample_view();
  status.refusing_writes = "the disk is full";
  status.peers = {{sample_member().id, "n2", model::Index(1), model::Index(2), model::Duration(3),
                   true, false, true, false, 4}};
  status.counters = {{"log.syncs", 12}};
  const api::DigestReply digest{api::DigestState::ready, api::DigestDepth::deep, api::Digest(1),
                                api::Digest(2), 3};
  return {selecting(0, encode_any(status)),
          selecting(1, encode_any(api::MembersReply{sample_view(), "n1"})),
          selecting(2, encode_any(api::DigestQuery{model::Index(3)})),
          selecting(3, encode_any(digest)),
          selecting(4, encode_any(api::EventsQuery{api::EventSeq(4)})),
          selecting(5, encode_any(api::EventsReply{{{api::EventSeq(5), 6, "kind", "text"}}})),
          selecting(
              6, encode_any(api::ViewsReply{{{sample_view(), "n2", api::ViewReason::silent, 7}}})),
          selecting(7, encode_any(api::AdminQuery{api::AdminAction::maintenance, "n2",
                                                  model::Duration(8)}))};
}

}  // namespace

Target inspection_target() {
  return {"inspection", run_inspection, inspection_corpus, std::size_t{64} * 1024, 2048};
}

}  // namespace fuzz
