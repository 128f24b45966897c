#include "tests/fuzz/edits.hpp"

#include <algorithm>

namespace fuzz {

using gms::model::Bytes;
using gms::model::ByteSpan;

namespace {

/// Where things stand in files: pieces are copied from and to these.
constexpr std::size_t kSectorBytes = 512;
constexpr std::size_t kEditsMax = 16;

}  // namespace

void Edits::apply(Bytes& file) {
  for (std::size_t edit = 0; edit < kEditsMax && in_.remaining() > 0 && !file.empty(); ++edit) {
    const std::uint8_t kind = in_.u8();
    const std::size_t at = in_.u32() % file.size();
    if (kind % 3 == 0) {
      const ByteSpan bytes = in_.raw(std::min<std::size_t>(in_.u8() % 16, in_.remaining()));
      std::copy_n(bytes.begin(), std::min(bytes.size(), file.size() - at),
                  file.begin() + static_cast<long>(at));
    } else if (kind % 3 == 1) {
      const std::size_t from = in_.u32() % file.size() / kSectorBytes * kSectorBytes;
      const std::size_t to = at / kSectorBytes * kSectorBytes;
      const std::size_t wanted = (1 + in_.u8() % 8) * kSectorBytes;
      const std::size_t count = std::min({wanted, file.size() - from, file.size() - to});
      const Bytes piece(file.begin() + static_cast<long>(from),
                        file.begin() + static_cast<long>(from + count));
      std::copy(piece.begin(), piece.end(), file.begin() + static_cast<long>(to));
    } else {
      std::fill(file.begin() + static_cast<long>(at), file.end(), std::byte{0});
    }
    if (!in_.ok()) return;
  }
}

}  // namespace fuzz
