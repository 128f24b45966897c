#include "tests/fuzz/flat_frames.hpp"

namespace fuzz {

gms::model::Bytes flat(gms::wire::FrameWriter& writer) {
  gms::model::Bytes out;
  while (!writer.empty()) {
    const gms::model::ByteSpan part = writer.parts().spans[0];
    out.insert(out.end(), part.begin(), part.end());
    writer.consume(part.size());
  }
  return out;
}

gms::model::Bytes body_of(gms::wire::FrameWriter& writer) {
  gms::model::Bytes out = flat(writer);
  out.erase(out.begin(), out.begin() + gms::wire::kFrameHeaderBytes);
  return out;
}

}  // namespace fuzz
