#include "gms/model/background.hpp"

#include <sys/resource.h>
#include <unistd.h>

namespace gms::model {
namespace {

/// About a third of the processor that an ordinary thread gets. With much less, what writes a
/// store's rows out would not keep up with those that fill it.
constexpr int kNiceness = 5;

}  // namespace

void run_in_background() {
  // On Linux these are of a thread, not of the process.
  const auto thread = static_cast<id_t>(::gettid());
  (void)::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + kNiceness);
}

}  // namespace gms::model
