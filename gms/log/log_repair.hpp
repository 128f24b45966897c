#pragma once

#include "gms/log/log_scan.hpp"

namespace gms::log {

/// Makes durable what a scan found, before anything in it is acted on: what was read may have come
/// from a page cache that the disk never got. Suspect segments are copied to new files, torn tails
/// left behind; a seal at the end is written again; leftovers and spares smaller than
/// `spare_bytes_min` are removed. Corrects `scanned` accordingly.
///
/// A loss of power within it leaves a directory that scans to the same log. Errors: io, busy.
[[nodiscard]] model::Result<void> repair_log(FileSystem& files, const std::string& directory,
                                             Generation generation, std::uint64_t spare_bytes_min,
                                             ScannedLog& scanned);

}  // namespace gms::log
