#include <algorithm>
#include <vector>

#include "gms/wire/frame.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/flat_frames.hpp"

namespace fuzz {
namespace {

using gms::wire::FrameReader;

/// What a connection gives: frames, and perhaps an error after them.
struct Received {
  std::vector<Bytes> frames;
  bool failed = false;

  friend bool operator==(const Received&, const Received&) = default;
};

Received receive(ByteSpan stream, std::size_t piece_bytes) {
  FrameReader reader;
  Received out;
  while (!stream.empty() && !out.failed) {
    const auto space = reader.space();
    const std::size_t count = std::min({space.size(), stream.size(), piece_bytes});
    std::copy_n(stream.begin(), count, space.begin());
    reader.received(count);
    stream = stream.subspan(count);
    while (true) {
      const auto frame = reader.next();
      out.failed = !frame.has_value();
      if (!frame || !*frame) break;
      out.frames.push_back(selecting((*frame)->type, (*frame)->body.bytes()));
    }
  }
  return out;
}

void run_frames(ByteSpan input) {
  const auto [piece, stream] = select(input, 64);
  const Received whole = receive(stream, stream.size());
  require(receive(stream, piece + 1) == whole, "frames are the same in pieces of any size");
  Bytes again;
  for (const Bytes& frame : whole.frames) {
    gms::wire::FrameWriter writer;
    writer.add(static_cast<std::uint8_t>(frame.front()), ByteSpan(frame).subspan(1));
    const Bytes bytes = flat(writer);
    again.insert(again.end(), bytes.begin(), bytes.end());
  }
  require(again.size() <= stream.size() && std::ranges::equal(again, stream.first(again.size())),
          "frames are written as they were read");
}

std::vector<Bytes> frames_corpus() {
  std::vector<Bytes> out;
  gms::wire::FrameWriter writer;
  for (const std::size_t size : {0U, 1U, 100U, 3000U}) {
    writer.add(static_cast<std::uint8_t>(size), Bytes(size, std::byte{7}));
    gms::wire::FrameWriter one;
    one.add(3, Bytes(size, std::byte{9}));
    out.push_back(selecting(size, flat(one)));
  }
  out.push_back(selecting(5, flat(writer)));
  return out;
}

}  // namespace

Target frames_target() {
  // A reader takes a chunk at once.
  return {"frames", run_frames, frames_corpus, std::size_t{4} << 20, 1024};
}

}  // namespace fuzz
