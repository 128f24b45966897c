#pragma once

#include <cstdint>

#include "gms/model/bytes.hpp"

namespace fuzz {

/// Changes of a file that an input stands for, one after another: overwrites a few bytes, copies a
/// piece of the file to another place of it, or cuts its end off.
class Edits {
 public:
  explicit Edits(gms::model::ByteSpan input) : in_(input) {}

  /// Carries out all of them.
  void apply(gms::model::Bytes& file);

 private:
  gms::model::ByteReader in_;
};

}  // namespace fuzz
