#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/kvctl/process.hpp"

namespace kvctl {

/// Client ports follow it.
inline constexpr std::uint16_t kBasePortDefault = 7400;

/// A member of the cluster on this machine. Its directory is DIR/NAME: `data` is kvd's, `log` what
/// it said, `member` its addresses, `process` who runs it.
struct LocalMember {
  std::filesystem::path directory;
  std::string name;
  std::string client_address;
  std::string peer_address;

  [[nodiscard]] std::filesystem::path data() const { return directory / "data"; }
  [[nodiscard]] std::filesystem::path log() const { return directory / "log"; }
  /// Whether kvd has made the data directory.
  [[nodiscard]] bool is_initialised() const;
};

/// The member number `place`, from 1, of a cluster with that base port: client port base + place,
/// peer port base + 100 + place.
[[nodiscard]] LocalMember member_at(const std::filesystem::path& directory, std::uint16_t base_port,
                                    std::size_t place);

/// The members of the cluster in `directory`, in the order of their numbers; none without one.
[[nodiscard]] std::vector<LocalMember> local_members(const std::filesystem::path& directory);
/// Makes the member's directory and remembers its addresses. Error: io.
[[nodiscard]] client::Result<void> save(const LocalMember& member);

/// Who runs the member, if it runs.
[[nodiscard]] std::optional<ProcessId> process_of(const LocalMember& member);
/// Error: io.
[[nodiscard]] client::Result<void> save_process(const LocalMember& member,
                                                const ProcessId& process);

}  // namespace kvctl
