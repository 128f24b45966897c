#pragma once

#include <string_view>
#include <vector>

namespace kvstore::server {

/// Makes this process end as ExitCode says: by `invariant` when an assertion aborts it, and not by
/// a client that went away while it was written to. To be called first.
void prepare_process();

/// Ends the process after `seconds`, whatever it is doing then, as if it were done: what was
/// acknowledged is in the log. To be called when a stop begins. Precondition: prepare_process().
void end_process_after(unsigned seconds);

/// The variables of this process, as `NAME=VALUE`.
[[nodiscard]] std::vector<std::string_view> process_environment();

}  // namespace kvstore::server
