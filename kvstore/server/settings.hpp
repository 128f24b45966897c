#pragma once

#include <string>
#include <vector>

#include "gms/core/config.hpp"
#include "gms/group.hpp"
#include "kvstore/server/service_limits.hpp"
#include "kvstore/storage/rocks_store.hpp"

namespace kvstore::server {

/// Where connections may come from. There is no authentication yet, so being reachable from other
/// hosts has to be asked for.
enum class Exposure : std::uint8_t { loopback_only, anywhere };

/// The least important line that is logged.
enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Everything that can be set about a kvd. setting_table() names each.
struct Settings {
  /// The member's data directory.
  std::string data;
  /// The member's name; needed to initialise, and fixed by that.
  std::string name;
  std::string listen_client = "127.0.0.1:7400";
  std::string listen_peer = "127.0.0.1:7500";
  /// What others are told instead of the address listened at; empty for that itself.
  std::string advertise_client;
  std::string advertise_peer;
  /// Peer addresses of members to ask for admission; none founds a new group.
  std::vector<std::string> join;
  Exposure exposure = Exposure::loopback_only;
  LogLevel log_level = LogLevel::info;

  /// Of these the protocol's (`config`), and the sizes of the log on disk, are settings;
  /// group_options() gives the rest from what is above.
  gms::GroupOptions group;
  /// Memory of the store; on_error is not a setting.
  storage::RocksOptions storage;
  ServiceLimits limits;
};

}  // namespace kvstore::server
