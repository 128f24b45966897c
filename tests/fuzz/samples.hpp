#pragma once

#include "gms/model/mark.hpp"
#include "gms/model/view.hpp"

namespace fuzz {

// Values that corpora are made of: every list has something in it.

[[nodiscard]] gms::model::Member sample_member();
[[nodiscard]] gms::model::PlacedView sample_view();
[[nodiscard]] gms::model::Mark sample_mark();

}  // namespace fuzz
