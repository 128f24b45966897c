#include "gms/wire/state_codec.hpp"

#include <utility>

#include "gms/wire/bounded_archive.hpp"
#include "gms/wire/message_codec.hpp"

namespace gms::wire {

using model::Error;
using model::ErrorCode;
using model::Result;
using model::StatePart;

namespace {

/// A page ends with the part that takes it to this size.
constexpr std::size_t kPageBytes = 256 * 1024;
/// Of a part in a page, besides its name.
constexpr std::size_t kPartFixedBytes = 12;

Error corrupt(const char* what) {
  return {ErrorCode::corrupt, what};
}

std::uint8_t number_of(PeerFrame type) {
  return static_cast<std::uint8_t>(type);
}

// The fields of each frame, in their order on the wire.

template <class Archive>
void fields(Archive& archive, StateHello& hello) {
  archive(hello.group, hello.from, hello.boot, hello.to, hello.snapshot);
}
template <class Archive>
void fields(Archive& archive, StatePull& pull) {
  archive(pull.part, pull.offset, pull.bytes);
}
template <class Archive>
void fields(Archive& archive, StateChunk& chunk) {
  archive(chunk.part, chunk.offset);
}

/// Serialising for output leaves what it says as it is; one function says the fields both ways.
template <class Frame>
void add(FrameWriter& frames, PeerFrame type, const Frame& frame) {
  model::Bytes bytes;
  BoundedOutput out(bytes);
  fields(out, const_cast<Frame&>(frame));
  frames.add(number_of(type), bytes);
}

}  // namespace

void add_state_hello(FrameWriter& frames, const StateHello& hello) {
  add(frames, PeerFrame::state_hello, hello);
}

void add_state_pull(FrameWriter& frames, const StatePull& pull) {
  add(frames, PeerFrame::state_pull, pull);
}

void add_state_chunk(FrameWriter& frames, const StateChunk& chunk) {
  GMS_ASSERT(chunk.bytes.size() <= kStateChunkBytesMax, "add_state_chunk");
  model::Bytes head;
  BoundedOutput out(head);
  fields(out, const_cast<StateChunk&>(chunk));
  frames.begin(number_of(PeerFrame::state_chunk));
  frames.put(model::ByteSpan(head));
  frames.put(chunk.bytes);
  frames.end();
}

void add_state_refusal(FrameWriter& frames, ErrorCode code, std::string_view reason) {
  model::Bytes bytes;
  BoundedOutput out(bytes);
  out(static_cast<std::uint8_t>(code));
  out.blob(model::as_bytes(reason.substr(0, kStateRefusalBytesMax)));
  frames.add(number_of(PeerFrame::state_refusal), bytes);
}

void add_state_parts(FrameWriter& frames, const std::vector<StatePart>& parts) {
  GMS_ASSERT(parts.size() <= model::kStatePartsMax, "add_state_parts");
  std::size_t first = 0;
  do {
    model::Bytes listed;
    BoundedOutput out(listed);
    std::size_t next = first;
    for (; next < parts.size() && listed.size() < kPageBytes; ++next) {
      GMS_ASSERT(parts[next].name.size() <= model::kStatePartNameBytesMax, "add_state_parts");
      out(parts[next].name, parts[next].bytes);
    }
    model::Bytes head;
    BoundedOutput out_head(head);
    out_head(static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(parts.size()),
             static_cast<std::uint32_t>(next - first));
    frames.begin(number_of(PeerFrame::state_parts));
    frames.put(model::ByteSpan(head));
    frames.put(model::ByteSpan(listed));
    frames.end();
    first = next;
  } while (first < parts.size());
}

Result<StateHello> decode_state_hello(model::ByteSpan body) {
  BoundedInput in(body);
  StateHello hello;
  fields(in, hello);
  if (!in.reader().finished()) return corrupt("a malformed hello for a state");
  return hello;
}

Result<StatePartsPage> decode_state_parts(model::ByteSpan body) {
  BoundedInput in(body);
  StatePartsPage page;
  std::uint32_t count = 0;
  in(page.first, page.total, count);
  const bool fits = page.total <= model::kStatePartsMax && page.first <= page.total &&
                    count <= page.total - page.first && (count > 0 || page.total == 0);
  if (!fits || count > in.reader().remaining() / kPartFixedBytes)
    return corrupt("a malformed page of parts");
  page.parts.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    StatePart part;
    in(part.name, part.bytes);
    if (part.name.size() > model::kStatePartNameBytesMax) in.reader().fail();
    page.parts.push_back(std::move(part));
  }
  if (!in.reader().finished()) return corrupt("a malformed page of parts");
  return page;
}

Result<StatePull> decode_state_pull(model::ByteSpan body) {
  BoundedInput in(body);
  StatePull pull;
  fields(in, pull);
  if (!in.reader().finished() || pull.bytes == 0 || pull.bytes > kStateChunkBytesMax)
    return corrupt("a malformed pull");
  return pull;
}

Result<StateChunk> decode_state_chunk(const model::Payload& body) {
  BoundedInput in(body.bytes());
  StateChunk chunk;
  fields(in, chunk);
  const std::size_t left = in.reader().remaining();
  if (!in.reader().ok() || left == 0 || left > kStateChunkBytesMax)
    return corrupt("a malformed chunk");
  chunk.bytes = body.slice(body.size() - left, left);
  return chunk;
}

Result<StateRefusal> decode_state_refusal(model::ByteSpan body) {
  BoundedInput in(body);
  StateRefusal refusal;
  std::uint8_t code = 0;
  in(code, refusal.reason);
  if (!in.reader().finished() || code > static_cast<std::uint8_t>(model::kErrorCodeLast) ||
      refusal.reason.size() > kStateRefusalBytesMax)
    return corrupt("a malformed refusal");
  refusal.code = static_cast<ErrorCode>(code);
  return refusal;
}

}  // namespace gms::wire
