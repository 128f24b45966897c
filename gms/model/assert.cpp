#include "gms/model/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace gms::model {

void assertion_failed(const char* expression, const char* rule, const char* file, int line) {
  std::fprintf(stderr, "fatal: invariant broken: %s [%s] at %s:%d\n", expression, rule, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace gms::model
