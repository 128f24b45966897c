#pragma once

#include "gms/wire/frame.hpp"
#include "kvstore/api/client_protocol.hpp"

namespace kvstore::server {

/// The bytes of one frame, as a client sends it.
inline gms::model::Bytes client_frame(api::FrameType type, gms::model::ByteSpan body) {
  gms::wire::FrameWriter writer;
  writer.add(static_cast<std::uint8_t>(type), body);
  gms::model::Bytes out;
  const auto parts = writer.parts();
  for (std::size_t i = 0; i < parts.count; ++i)
    out.insert(out.end(), parts.spans[i].begin(), parts.spans[i].end());
  return out;
}

}  // namespace kvstore::server
