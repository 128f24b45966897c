#include <array>

#include "gms/log/checked_record.hpp"
#include "gms/log/state_codec.hpp"
#include "gms/model/mark.hpp"
#include "kvstore/replica/applied_state.hpp"
#include "kvstore/replica/session.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/samples.hpp"

namespace fuzz {
namespace {

namespace log = gms::log;
namespace model = gms::model;
namespace replica = kvstore::replica;

constexpr std::array kKinds{log::RecordKind::identity, log::RecordKind::boot,
                            log::RecordKind::hard_state, log::RecordKind::meta,
                            log::RecordKind::refusal};

Bytes encode_applied(const replica::AppliedState& state) {
  model::ByteWriter out;
  replica::encode(state, out);
  return out.take();
}

void run_record(ByteSpan input) {
  for (const log::RecordKind kind : kKinds) {
    const auto record = log::decode_record(kind, input);
    if (!record) continue;
    const Bytes encoded = log::encode_record(kind, record->version, record->content);
    const auto again = log::decode_record(kind, encoded);
    require(again && again->version == record->version && again->content == record->content,
            "a record is what was written");
  }
}

void run_records(ByteSpan input) {
  const auto [which, rest] = select(input, 7);
  const auto of_the_log = [](const auto& value) { return log::encode(value); };
  const auto of_the_model = [](const auto& value) { return model::encode(value); };
  switch (which) {
    case 0: return run_record(rest);
    case 1: return check_round_trip(rest, log::decode_identity, of_the_log);
    case 2: return check_round_trip(rest, log::decode_hard_state, of_the_log);
    case 3: return check_round_trip(rest, log::decode_meta, of_the_log);
    case 4: return check_round_trip(rest, model::decode_view, of_the_model);
    case 5: return check_round_trip(rest, model::decode_mark, of_the_model);
    default: return check_round_trip(rest, replica::decode_applied_state, encode_applied);
  }
}

std::vector<Bytes> records_corpus() {
  const model::Base base{sample_mark().head, sample_view()};
  const log::Meta meta{log::Generation(2), log::LogSalt(3), base, model::StateGeneration(4), true};
  std::vector<Bytes> out;
  for (const log::RecordKind kind : kKinds)
    out.push_back(selecting(
        0, log::encode_record(kind, log::RecordVersion(5), log::encode(model::HardState{}))));
  out.push_back(selecting(1, log::encode(model::Identity{{1, 2}, sample_member().id, "n1"})));
  out.push_back(selecting(2, log::encode(model::HardState{model::Epoch(3), sample_member().id})));
  out.push_back(selecting(3, log::encode(meta)));
  out.push_back(selecting(4, encode(sample_view().view)));
  out.push_back(selecting(5, encode(sample_mark())));
  out.push_back(
      selecting(6, encode_applied({model::Index(9), model::GroupClock(8), kvstore::api::Digest(7),
                                   model::Index(6), model::Index(9), encode(sample_mark())})));
  return out;
}

}  // namespace

Target records_target() {
  return {"records", run_records, records_corpus, std::size_t{64} * 1024, 2048};
}

}  // namespace fuzz
