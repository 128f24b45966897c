#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace kvstore::server {

/// Makes this process end as ExitCode says: by `invariant` when an assertion aborts it, and not by
/// a client that went away while it was written to. Has it give back the memory of large values
/// when they are gone. To be called first.
void prepare_process();
/// Lets the process open as many files at a time as the system allows it. Returns how many.
[[nodiscard]] std::size_t allow_all_files();
/// How many clients a process may serve that may open so many files and was asked to serve
/// `wanted`: without a file for the log or the store it would end.
[[nodiscard]] std::size_t clients_within(std::size_t files, std::size_t wanted);

/// Ends the process after `seconds`, whatever it is doing then, as if it were done: what was
/// acknowledged is in the log. To be called when a stop begins. Precondition: prepare_process().
void end_process_after(unsigned seconds);

/// The variables of this process, as `NAME=VALUE`.
[[nodiscard]] std::vector<std::string_view> process_environment();

}  // namespace kvstore::server
