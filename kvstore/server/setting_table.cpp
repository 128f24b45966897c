#include "kvstore/server/setting_table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

#include "kvstore/server/setting_values.hpp"

namespace kvstore::server {

using gms::model::Duration;
using gms::model::Error;
using gms::model::ErrorCode;
using gms::model::Result;

namespace {

using Field = SettingField;
using S = Settings;

constexpr auto kSettings = std::to_array<Setting>({
    {"", "data", "the member's data directory", [](S& s) -> Field { return &s.data; }},
    {"", "name", "the member's name, unique in its group", [](S& s) -> Field { return &s.name; }},
    {"", "listen-client", "address for clients", [](S& s) -> Field { return &s.listen_client; }},
    {"", "listen-peer", "address for other members", [](S& s) -> Field { return &s.listen_peer; }},
    {"", "advertise-client", "what clients are told instead of the address listened at",
     [](S& s) -> Field { return &s.advertise_client; }},
    {"", "advertise-peer", "what members are told instead of the address listened at",
     [](S& s) -> Field { return &s.advertise_peer; }},
    {"", "join", "peer addresses of any members of the group to join, comma separated",
     [](S& s) -> Field { return &s.join; }},
    {"", "insecure", "allow addresses that other hosts can reach: there is no authentication",
     [](S& s) -> Field { return &s.exposure; }},
    {"", "log-level", "debug, info, warning or error", [](S& s) -> Field { return &s.log_level; }},

    {"gms", "tick", "pace of the protocol's clock",
     [](S& s) -> Field { return &s.group.config.tick; }},
    {"gms", "heartbeat", "pace of a leader's heartbeats",
     [](S& s) -> Field { return &s.group.config.heartbeat; }},
    {"gms", "election-min", "how long followers wait for their leader, at least",
     [](S& s) -> Field { return &s.group.config.election_min; }},
    {"gms", "stall", "a gap that says that this process itself stood still",
     [](S& s) -> Field { return &s.group.config.stall; }},
    {"gms", "suspect", "silence after which a member is marked down",
     [](S& s) -> Field { return &s.group.config.suspect; }},
    {"gms", "policy", "least time between two rounds of the view policy",
     [](S& s) -> Field { return &s.group.config.policy; }},
    {"gms", "up-hysteresis", "how long a member that was down is heard before it is up",
     [](S& s) -> Field { return &s.group.config.up_hysteresis; }},
    {"gms", "up-hysteresis-max", "the same for one that comes and goes, doubled up to this",
     [](S& s) -> Field { return &s.group.config.up_hysteresis_max; }},
    {"gms", "evict-after", "silence after which a member that is down counts as dead",
     [](S& s) -> Field { return &s.group.config.evict_after; }},
    {"gms", "evict-min-gap", "least time between two evictions that lower the quorum",
     [](S& s) -> Field { return &s.group.config.evict_min_gap; }},
    {"gms", "evict-mode", "paired (only where it lowers the quorum) or eager",
     [](S& s) -> Field { return &s.group.config.evict_mode; }},
    {"gms", "maintenance-max", "longest maintenance of a member by one request",
     [](S& s) -> Field { return &s.group.config.maintenance_max; }},
    {"gms", "epoch-bump-gap", "least time between two elections for one returning member",
     [](S& s) -> Field { return &s.group.config.epoch_bump_gap; }},
    {"gms", "stagger", "spread of campaigns after a crash was noticed",
     [](S& s) -> Field { return &s.group.config.stagger; }},
    {"gms", "crash-confirm", "when a member whose process is dead is marked down",
     [](S& s) -> Field { return &s.group.config.crash_confirm; }},
    {"gms", "transfer-deadline", "how long handing leadership over may take",
     [](S& s) -> Field { return &s.group.config.transfer_deadline; }},
    {"gms", "admin-deadline", "how long a request of an operator may take to be done",
     [](S& s) -> Field { return &s.group.config.admin_deadline; }},
    {"gms", "multicast-resend", "when an undelivered multicast is sent again",
     [](S& s) -> Field { return &s.group.config.multicast_resend; }},
    {"gms", "join-retry", "when a joiner asks again",
     [](S& s) -> Field { return &s.group.config.join_retry; }},
    {"gms", "join-retry-max", "the same, after several times",
     [](S& s) -> Field { return &s.group.config.join_retry_max; }},
    {"gms", "join-stuck", "when a joiner without progress is given up",
     [](S& s) -> Field { return &s.group.config.join_stuck; }},
    {"gms", "disk-stall", "age of an unfinished sync at which a leader hands over",
     [](S& s) -> Field { return &s.group.config.disk_stall; }},
    {"gms", "append-bytes-max", "bytes of entries in one message",
     [](S& s) -> Field { return SizeField{&s.group.config.append_bytes_max}; }},
    {"gms", "inflight-max", "messages in flight to a follower",
     [](S& s) -> Field { return CountField{&s.group.config.inflight_max}; }},
    {"gms", "inflight-bytes-max", "bytes in flight to a follower",
     [](S& s) -> Field { return SizeField{&s.group.config.inflight_bytes_max}; }},
    {"gms", "lag-bytes", "a joiner this close to the end counts as caught up",
     [](S& s) -> Field { return SizeField{&s.group.config.lag_bytes}; }},
    {"gms", "uncommitted-bytes-max", "bytes not committed, past which writes are refused",
     [](S& s) -> Field { return SizeField{&s.group.config.uncommitted_bytes_max}; }},
    {"gms", "tail-bytes-max", "bytes of the newest entries kept in memory",
     [](S& s) -> Field { return SizeField{&s.group.config.tail_bytes_max}; }},
    {"gms", "log-inflight", "orders to the log under way",
     [](S& s) -> Field { return CountField{&s.group.config.log_inflight}; }},
    {"gms", "deliver-bytes-max", "bytes in one delivery",
     [](S& s) -> Field { return SizeField{&s.group.config.deliver_bytes_max}; }},
    {"gms", "apply-bytes-max", "bytes delivered and not applied",
     [](S& s) -> Field { return SizeField{&s.group.config.apply_bytes_max}; }},
    {"gms", "reads-max", "read barriers waiting for confirmation",
     [](S& s) -> Field { return CountField{&s.group.config.reads_max}; }},
    {"gms", "multicasts-max", "own multicasts not delivered",
     [](S& s) -> Field { return CountField{&s.group.config.multicasts_max}; }},
    {"gms", "multicast-bytes-max", "bytes of own multicasts not delivered",
     [](S& s) -> Field { return SizeField{&s.group.config.multicast_bytes_max}; }},
    {"gms", "joining-max", "members joining at a time",
     [](S& s) -> Field { return CountField{&s.group.config.joining_max}; }},
    {"gms", "join-rounds-max", "rounds of catching up before a joiner is told to wait",
     [](S& s) -> Field { return CountField{&s.group.config.join_rounds_max}; }},
    {"gms", "forwards-max", "requests forwarded to the leader and not answered",
     [](S& s) -> Field { return CountField{&s.group.config.forwards_max}; }},
    {"gms", "retain-entries", "newest entries that the log keeps, however large they are",
     [](S& s) -> Field { return CountField{&s.group.config.retain_entries}; }},
    {"gms", "retain-bytes",
     "newest bytes that the log keeps; who needs older ones fetches a snapshot",
     [](S& s) -> Field { return SizeField{&s.group.config.retain_bytes}; }},
    {"gms", "trim-step-bytes", "least bytes that the log is trimmed by",
     [](S& s) -> Field { return SizeField{&s.group.config.trim_step_bytes}; }},
    {"gms", "trim-gap", "least time between two trims of the log",
     [](S& s) -> Field { return &s.group.config.trim_gap; }},
    {"gms", "pin-time",
     "how long one that fetches a snapshot and stands still holds the leader's log",
     [](S& s) -> Field { return &s.group.config.pin_time; }},
    {"gms", "pin-bytes", "how many bytes of the leader's log a member that is behind holds",
     [](S& s) -> Field { return SizeField{&s.group.config.pin_bytes}; }},
    {"gms", "snapshot-rate", "bytes of a snapshot fetched in a second; 0 for no limit",
     [](S& s) -> Field { return SizeField{&s.group.transfer_bytes_per_second}; }},
    {"gms", "snapshot-kept", "how long a snapshot is kept for others after it was fetched",
     [](S& s) -> Field { return &s.group.snapshot_kept; }},
    {"gms", "floor", "no view gets fewer voters by itself; odd",
     [](S& s) -> Field { return &s.group.config.floor; }},
    {"gms", "voters-max", "most voters of a view",
     [](S& s) -> Field { return &s.group.config.voters_max; }},
    {"gms", "up-for-writes-min", "writes are refused while fewer members are up",
     [](S& s) -> Field { return &s.group.config.up_for_writes_min; }},

    {"log", "segment-bytes", "bytes of one file of the log",
     [](S& s) -> Field { return SizeField{&s.group.segment_bytes}; }},
    {"log", "first-segment-bytes", "bytes of the first, which a start waits for",
     [](S& s) -> Field { return SizeField{&s.group.first_segment_bytes}; }},
    {"log", "spare-segments", "files made ahead",
     [](S& s) -> Field { return CountField{&s.group.spare_segments}; }},
    {"log", "disk-reserve-bytes", "room on the disk below which it counts as full",
     [](S& s) -> Field { return SizeField{&s.group.disk_reserve_bytes}; }},
    {"log", "disk-low-bytes",
     "room below which only deletes are taken; 0 for what suits the others",
     [](S& s) -> Field { return SizeField{&s.group.disk_low_bytes}; }},

    {"storage", "memtable-bytes", "memory for rows not on disk; bounds what a restart replays",
     [](S& s) -> Field { return SizeField{&s.storage.memtable_bytes}; }},
    {"storage", "cache-bytes", "memory for blocks read from disk",
     [](S& s) -> Field { return SizeField{&s.storage.cache_bytes}; }},

    {"limits", "connections-max", "clients at a time",
     [](S& s) -> Field { return CountField{&s.limits.connections_max}; }},
    {"limits", "connection-requests-max", "requests under way of one client",
     [](S& s) -> Field { return CountField{&s.limits.connection_requests_max}; }},
    {"limits", "connection-bytes-max", "bytes of requests under way of one client",
     [](S& s) -> Field { return SizeField{&s.limits.connection_bytes_max}; }},
    {"limits", "requests-max", "requests under way of all clients",
     [](S& s) -> Field { return CountField{&s.limits.requests_max}; }},
    {"limits", "turn-requests-max", "requests taken before the group has its turn",
     [](S& s) -> Field { return CountField{&s.limits.turn_requests_max}; }},
    {"limits", "turn-request-bytes-max", "bytes taken from clients before the group has its turn",
     [](S& s) -> Field { return SizeField{&s.limits.turn_request_bytes_max}; }},
    {"limits", "turn-reply-bytes-max", "bytes read for clients before the group has its turn",
     [](S& s) -> Field { return SizeField{&s.limits.turn_reply_bytes_max}; }},
    {"limits", "request-bytes-max", "bytes of requests under way of all clients",
     [](S& s) -> Field { return SizeField{&s.limits.request_bytes_max}; }},
    {"limits", "reply-bytes-max", "bytes of replies that one client has not taken",
     [](S& s) -> Field { return SizeField{&s.limits.reply_bytes_max}; }},
    {"limits", "all-reply-bytes-max", "bytes of replies that all clients have not taken",
     [](S& s) -> Field { return SizeField{&s.limits.all_reply_bytes_max}; }},
    {"limits", "reply-time-max", "time of a client to take some of its replies",
     [](S& s) -> Field { return &s.limits.reply_time_max; }},
    {"limits", "held-requests-max", "requests waiting for a leader",
     [](S& s) -> Field { return CountField{&s.limits.held_requests_max}; }},
    {"limits", "held-bytes-max", "bytes of requests waiting for a leader",
     [](S& s) -> Field { return SizeField{&s.limits.held_bytes_max}; }},
    {"limits", "hold-time-max", "longest wait for a leader",
     [](S& s) -> Field { return &s.limits.hold_time_max; }},
    {"limits", "handshake-time-max", "time of a client to say hello",
     [](S& s) -> Field { return &s.limits.handshake_time_max; }},
    {"limits", "session-ttl", "idle sessions live this long",
     [](S& s) -> Field { return &s.limits.session_ttl; }},
    {"limits", "events-max", "events that are remembered",
     [](S& s) -> Field { return CountField{&s.limits.events_max}; }},
});

/// `first` and `second` with `between`, or `second` alone.
std::string joined(std::string_view first, char between, std::string_view second) {
  std::string out(first);
  if (!out.empty()) out += between;
  return out.append(second);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) out.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
constexpr std::array<std::string_view, 2> kEvictModes{"paired", "eager"};

/// Puts a parsed value in its place.
template <class Value, class Target>
Result<void> put(const Result<Value>& value, Target& target) {
  if (!value) return value.error();
  target = static_cast<Target>(*value);
  return {};
}

/// Reads text into each kind of field.
struct Assign {
  std::string_view text;

  Result<void> operator()(std::string* field) const { return *field = text, Result<void>(); }
  Result<void> operator()(std::vector<std::string>* field) const {
    *field = split_list(text);
    return {};
  }
  Result<void> operator()(Duration* field) const { return put(parse_duration(text), *field); }
  Result<void> operator()(SizeField field) const { return put(parse_size(text), *field.bytes); }
  Result<void> operator()(CountField field) const {
    return put(parse_count(text, std::numeric_limits<std::uint32_t>::max()), *field.count);
  }
  Result<void> operator()(std::uint8_t* field) const {
    return put(parse_count(text, std::numeric_limits<std::uint8_t>::max()), *field);
  }
  Result<void> operator()(Exposure* field) const {
    if (text != "true" && text != "false")
      return Error{ErrorCode::invalid_argument,
                   "'" + std::string(text) + "' is neither true nor false"};
    *field = text == "true" ? Exposure::anywhere : Exposure::loopback_only;
    return {};
  }
  Result<void> operator()(LogLevel* field) const {
    const auto level = std::ranges::find(kLevels, text);
    if (level == kLevels.end())
      return Error{ErrorCode::invalid_argument,
                   "'" + std::string(text) + "' is none of debug, info, warning, error"};
    *field = static_cast<LogLevel>(level - kLevels.begin());
    return {};
  }
  Result<void> operator()(gms::core::EvictMode* field) const {
    const auto mode = std::ranges::find(kEvictModes, text);
    if (mode == kEvictModes.end())
      return Error{ErrorCode::invalid_argument,
                   "'" + std::string(text) + "' is neither paired nor eager"};
    *field = static_cast<gms::core::EvictMode>(mode - kEvictModes.begin());
    return {};
  }
};

/// Writes each kind of field.
struct Show {
  std::string operator()(const std::string* field) const { return *field; }
  std::string operator()(const std::vector<std::string>* field) const {
    return std::accumulate(
        field->begin(), field->end(), std::string(),
        [](const std::string& sum, const std::string& next) { return joined(sum, ',', next); });
  }
  std::string operator()(const Duration* field) const { return format_duration(*field); }
  std::string operator()(SizeField field) const { return format_size(*field.bytes); }
  std::string operator()(CountField field) const { return std::to_string(*field.count); }
  std::string operator()(const std::uint8_t* field) const { return std::to_string(*field); }
  std::string operator()(const Exposure* field) const {
    return *field == Exposure::anywhere ? "true" : "false";
  }
  std::string operator()(const LogLevel* field) const {
    return std::string(kLevels[static_cast<std::size_t>(*field)]);
  }
  std::string operator()(const gms::core::EvictMode* field) const {
    return std::string(kEvictModes[static_cast<std::size_t>(*field)]);
  }
};

}  // namespace

std::span<const Setting> setting_table() {
  return kSettings;
}

std::string flag_name(const Setting& setting) {
  return "--" + joined(setting.section, '-', setting.key);
}

std::string environment_name(const Setting& setting) {
  std::string name = "KVD_" + joined(setting.section, '_', setting.key);
  for (char& letter : name) {
    if (letter == '-') letter = '_';
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  }
  return name;
}

std::string file_name(const Setting& setting) {
  return joined(setting.section, '.', setting.key);
}

Result<void> assign(const Setting& setting, Settings& settings, std::string_view text) {
  return std::visit(Assign{text}, setting.field(settings));
}

std::string value_text(const Setting& setting, const Settings& settings) {
  Settings copy = settings;
  return std::visit(Show(), setting.field(copy));
}

}  // namespace kvstore::server
