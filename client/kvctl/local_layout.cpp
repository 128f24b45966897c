#include "client/kvctl/local_layout.hpp"

#include <algorithm>
#include <fstream>

#include "client/kvctl/arguments.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;

constexpr std::uint16_t kPeerPortOffset = 100;

std::string loopback(std::size_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// 3 for `n3`; zero for another name.
std::uint64_t place_of(const std::string& name) {
  if (!name.starts_with('n')) return 0;
  return parse_number(name.substr(1)).value_or(0);
}

std::optional<LocalMember> load(const std::filesystem::path& directory) {
  LocalMember member;
  member.directory = directory;
  member.name = directory.filename().string();
  std::ifstream in(directory / "member");
  if (!(in >> member.client_address >> member.peer_address)) return std::nullopt;
  return member;
}

/// Another kvctl reads the line of before or this one.
Result<void> write_line(const std::filesystem::path& path, const std::string& line) {
  std::filesystem::path unfinished = path;
  unfinished += ".new";
  std::ofstream out(unfinished, std::ios::trunc);
  out << line << std::endl;
  std::error_code error;
  if (out) std::filesystem::rename(unfinished, path, error);
  if (!out || error) return Error{ErrorCode::io, "cannot write " + path.string()};
  return {};
}

}  // namespace

bool LocalMember::is_initialised() const {
  std::error_code error;
  return std::filesystem::exists(data(), error) && !std::filesystem::is_empty(data(), error);
}

LocalMember member_at(const std::filesystem::path& directory, std::uint16_t base_port,
                      std::size_t place) {
  const std::string name = "n" + std::to_string(place);
  return {directory / name, name, loopback(base_port + place),
          loopback(base_port + kPeerPortOffset + place)};
}

std::vector<LocalMember> local_members(const std::filesystem::path& directory) {
  std::vector<LocalMember> members;
  std::error_code error;
  for (const auto& found : std::filesystem::directory_iterator(directory, error))
    if (place_of(found.path().filename().string()) > 0)
      if (auto member = load(found.path())) members.push_back(*std::move(member));
  std::ranges::sort(members, {}, [](const LocalMember& member) { return place_of(member.name); });
  return members;
}

Result<void> save(const LocalMember& member) {
  std::error_code error;
  std::filesystem::create_directories(member.directory, error);
  if (error)
    return Error{ErrorCode::io,
                 "cannot make " + member.directory.string() + ": " + error.message()};
  return write_line(member.directory / "member", member.client_address + ' ' + member.peer_address);
}

std::optional<ProcessId> process_of(const LocalMember& member) {
  std::ifstream in(member.directory / "process");
  ProcessId process;
  if (!(in >> process.pid >> process.started) || !is_running(process)) return std::nullopt;
  return process;
}

Result<void> save_process(const LocalMember& member, const ProcessId& process) {
  return write_line(member.directory / "process",
                    std::to_string(process.pid) + ' ' + std::to_string(process.started));
}

}  // namespace kvctl
