#pragma once

namespace gms::model {

/// The calling thread does what others of its process need not wait for: from now on it has the
/// processor less often than they, where there are not enough for all.
void run_in_background();

}  // namespace gms::model
