#include "client/kvctl/pair_format.hpp"
#include "tests/fuzz/all_targets.hpp"

namespace fuzz {
namespace {

using kvctl::PairFormat;

void run_pair_lines(ByteSpan input) {
  const auto [which, rest] = select(input, 2);
  const PairFormat format = which == 0 ? PairFormat::jsonl : PairFormat::tsv;
  const auto pair = kvctl::parse_pair(gms::model::as_text(rest), format);
  if (!pair) return;
  const std::string line = kvctl::format_pair(pair->key, pair->value, format);
  require(line.find('\n') == std::string::npos, "a pair is one line");
  const auto again = kvctl::parse_pair(line, format);
  require(again.has_value() && *again == *pair, "a line gives the pair that it was made of");
}

std::vector<Bytes> pair_lines_corpus() {
  std::vector<Bytes> out;
  const auto add = [&](std::string_view key, std::string_view value) {
    for (const std::size_t which : {0U, 1U})
      out.push_back(
          selecting(which, gms::model::as_bytes(kvctl::format_pair(
                               key, value, which == 0 ? PairFormat::jsonl : PairFormat::tsv))));
  };
  add("key", "value");
  add("k\t\"\\\n", std::string_view("\0\x01\xff\x80", 4));
  add("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "");
  out.push_back(
      selecting(0, gms::model::as_bytes(R"( {"value" : "\u20ac\ud83d\ude00", "key":"k"} )")));
  return out;
}

}  // namespace

Target pair_lines_target() {
  return {"pair_lines", run_pair_lines, pair_lines_corpus};
}

}  // namespace fuzz
