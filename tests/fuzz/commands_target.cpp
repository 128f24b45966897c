#include "kvstore/api/command.hpp"
#include "kvstore/api/query.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/encoded.hpp"

namespace fuzz {
namespace {

namespace api = kvstore::api;
using gms::model::as_bytes;

/// Commands are compared by their bytes.
struct DecodedCommand {
  api::Command command;
};

void run_command(ByteSpan input) {
  const auto decode = [](ByteSpan bytes) -> gms::model::Result<DecodedCommand> {
    const auto command = api::decode_command(bytes);
    if (!command) return command.error();
    return DecodedCommand{*command};
  };
  check_round_trip(input, decode,
                   [](const DecodedCommand& decoded) { return encode_any(decoded.command); });
}

/// Decodes the pairs of a page, too.
void walk_pairs(ByteSpan input) {
  const auto page = api::decode_range_page(input);
  if (!page) return;
  api::PairReader pairs(*page);
  std::uint64_t count = 0;
  while (pairs.next()) ++count;
  require(pairs.ok() || count <= page->pairs.size(), "a page has no more pairs than bytes");
}

void run_commands(ByteSpan input) {
  const auto [which, rest] = select(input, 8);
  switch (which) {
    case 0: return run_command(rest);
    case 1: return check_round_trip(rest, api::decode_command_reply, encode_any);
    case 2: return check_round_trip(rest, api::decode_get_query, encode_any);
    case 3: return check_round_trip(rest, api::decode_range_query, encode_any);
    case 4: return check_round_trip(rest, api::decode_page_query, encode_any);
    case 5: return check_round_trip(rest, api::decode_close_cursor_query, encode_any);
    case 6: return check_round_trip(rest, api::decode_get_reply, encode_any);
    default: break;
  }
  walk_pairs(rest);
  check_round_trip(rest, api::decode_range_page, encode_any);
}

void add_commands(std::vector<Bytes>& out) {
  const ByteSpan key = as_bytes("key");
  const ByteSpan value = as_bytes("value");
  const std::vector<api::Condition> conditions{
      api::Always{}, api::IfAbsent{}, api::IfRevision{api::Revision(5)}, api::IfValue{value}};
  const auto add = [&](const api::Command& command) {
    out.push_back(selecting(0, encode_any(command)));
  };
  for (const api::Condition& condition : conditions) {
    add(api::Call{api::SessionId(1), api::CallNumber(2), api::CallNumber(1),
                  api::Put{key, value, condition, api::Previous::wanted}});
    add(api::Call{api::SessionId(1), api::CallNumber(2), api::CallNumber(1),
                  api::Erase{key, condition, api::Previous::unwanted}});
  }
  add(api::RegisterSession{api::Nonce(9)});
  add(api::ExpireSessions{gms::model::GroupClock(9)});
  add(api::TakeDigest{api::DigestDepth::deep});
}

std::vector<Bytes> commands_corpus() {
  std::vector<Bytes> out;
  add_commands(out);
  const api::Versioned row{api::Revision(3), as_bytes("value")};
  const api::Freshness fresh{api::ReadLevel::local, api::Revision(4)};
  api::RangeQuery range;
  range.freshness = fresh;
  range.bounds = {as_bytes("a"), as_bytes("b")};
  api::RangePage page;
  page.cursor = api::CursorId(5);
  out.push_back(
      selecting(1, encode_any(api::CommandReply{api::Outcome::done, api::Revision(3), row})));
  out.push_back(selecting(1, encode_any(api::CommandReply{api::Outcome::stale, {}, std::nullopt})));
  out.push_back(selecting(2, encode_any(api::GetQuery{fresh, as_bytes("key")})));
  out.push_back(selecting(3, encode_any(range)));
  out.push_back(selecting(4, encode_any(api::PageQuery{api::CursorId(5)})));
  out.push_back(selecting(5, encode_any(api::CloseCursorQuery{api::CursorId(5)})));
  out.push_back(selecting(6, encode_any(api::GetReply{row})));
  out.push_back(selecting(7, encode_any(page)));
  return out;
}

}  // namespace

Target commands_target() {
  return {"commands", run_commands, commands_corpus};
}

}  // namespace fuzz
