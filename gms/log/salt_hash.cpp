#include "gms/log/salt_hash.hpp"

#include <xxhash.h>

namespace gms::log {

LogSalt next_salt(LogSalt old, Generation generation, const model::ChainHead& base) {
  model::ByteWriter out;
  out.u64(old.value());
  out.u64(generation.value());
  out.u64(base.hash.value());
  return LogSalt(XXH3_64bits(out.bytes().data(), out.bytes().size()));
}

}  // namespace gms::log
