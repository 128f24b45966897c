#include "tests/fuzz/mutation.hpp"

#include <algorithm>
#include <array>

namespace fuzz {

using gms::model::Bytes;
using gms::model::ByteSpan;

namespace {

constexpr std::size_t kChangesMax = 4;
constexpr std::size_t kPieceBytesMax = 64;
constexpr std::array<std::uint64_t, 8> kNumbers{0,      1,          0x7F,       0xFF,
                                                0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, ~std::uint64_t{0}};

}  // namespace

Bytes Mutation::draw(const std::vector<Bytes>& corpus) {
  Bytes out = corpus[below(corpus.size())];
  for (std::size_t changes = 1 + below(kChangesMax); changes > 0; --changes) change(out, corpus);
  return out;
}

void Mutation::change(Bytes& input, const std::vector<Bytes>& corpus) {
  const std::size_t kind = below(6);
  if (input.empty() || kind == 0) return splice(input, corpus[below(corpus.size())]);
  const std::size_t at = below(input.size());
  switch (kind) {
    case 1: input[at] ^= static_cast<std::byte>(1U << below(8)); break;
    case 2: input[at] = static_cast<std::byte>(random_()); break;
    case 3: overwrite(input); break;
    case 4: input.resize(at); break;
    default: {
      const Bytes copy = input;
      splice(input, copy);
    }
  }
}

void Mutation::overwrite(Bytes& input) {
  const std::uint64_t number = kNumbers[below(kNumbers.size())] + below(3) - 1;
  const std::size_t width = std::size_t{1} << below(4);
  if (input.size() < width) return;
  std::array<std::byte, 8> bytes;
  gms::model::store_little_endian(bytes.data(), number);
  std::copy_n(bytes.begin(), width,
              input.begin() + static_cast<long>(below(input.size() - width + 1)));
}

void Mutation::splice(Bytes& input, ByteSpan from) {
  if (from.empty()) return;
  const std::size_t first = below(from.size());
  const std::size_t count = 1 + below(std::min(from.size() - first, kPieceBytesMax));
  const ByteSpan piece = from.subspan(first, count);
  const std::size_t at = below(input.size() + 1);
  const std::size_t replaced = below(2) == 0 ? 0 : std::min(count, input.size() - at);
  const auto place = input.begin() + static_cast<long>(at);
  input.erase(place, place + static_cast<long>(replaced));
  input.insert(input.begin() + static_cast<long>(at), piece.begin(), piece.end());
}

}  // namespace fuzz
