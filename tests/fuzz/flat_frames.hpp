#pragma once

#include "gms/wire/frame.hpp"

namespace fuzz {

/// All that the writer has, and the body alone of the one frame that it has.
[[nodiscard]] gms::model::Bytes flat(gms::wire::FrameWriter& writer);
[[nodiscard]] gms::model::Bytes body_of(gms::wire::FrameWriter& writer);

}  // namespace fuzz
