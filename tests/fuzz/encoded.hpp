#pragma once

#include "gms/model/bytes.hpp"

namespace fuzz {

/// What an encoder that appends to a writer makes of a value.
struct EncodeAny {
  template <class Value>
  [[nodiscard]] gms::model::Bytes operator()(const Value& value) const {
    gms::model::ByteWriter out;
    encode(value, out);
    return out.take();
  }
};
inline constexpr EncodeAny encode_any;

}  // namespace fuzz
