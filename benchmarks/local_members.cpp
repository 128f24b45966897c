#include "benchmarks/local_members.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <system_error>
#include <thread>

namespace benchmarks {

using client::Error;
using client::ErrorCode;
using client::Result;
using kvctl::LocalMember;

namespace {

constexpr std::chrono::seconds kUpTimeMax{60};
constexpr int kLeaderLooks = 200;
constexpr std::chrono::milliseconds kLookEvery{50};

}  // namespace

LocalMembers::LocalMembers(std::filesystem::path directory)
    : directory_(std::move(directory)), cluster_(directory_) {}

Result<std::unique_ptr<LocalMembers>> LocalMembers::start(std::size_t count,
                                                          std::uint16_t base_port) {
  std::string directory =
      (std::filesystem::temp_directory_path() / "groupkv-bench-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr)
    return Error{ErrorCode::io, "cannot make " + directory};
  std::unique_ptr<LocalMembers> members(new LocalMembers(directory));
  if (auto started = members->start_sweeper(); !started) return started.error();
  if (auto started = members->cluster_.start(count, base_port); !started) return started.error();
  if (auto up = members->wait_until_up(); !up) return up.error();
  return members;
}

LocalMembers::~LocalMembers() {
  if (sweeper_ == 0) return;
  ::close(alive_);
  ::waitpid(sweeper_, nullptr, 0);
}

Result<void> LocalMembers::start_sweeper() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error{ErrorCode::io, "pipe"};
  sweeper_ = ::fork();
  if (sweeper_ == 0) {
    // Not of the terminal's group, whose interrupts end the parent.
    ::setsid();
    ::close(ends[1]);
    char none = 0;
    while (::read(ends[0], &none, 1) > 0) continue;
    sweep();
    ::_exit(0);
  }
  ::close(ends[0]);
  alive_ = ends[1];
  if (sweeper_ > 0) return {};
  sweeper_ = 0;
  ::close(alive_);
  return Error{ErrorCode::io, "fork"};
}

void LocalMembers::sweep() {
  for (const LocalMember& member : cluster_.members()) (void)cluster_.stop(member);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Result<LocalMember> LocalMembers::leader() const {
  Result<std::string> name = Error{ErrorCode::unavailable, "no leader is known"};
  for (int look = 0; look < kLeaderLooks && !name; ++look) {
    name = cluster_.leader();
    if (!name) std::this_thread::sleep_for(kLookEvery);
  }
  if (!name) return name.error();
  return cluster_.find(*name);
}

Result<void> LocalMembers::wait_until_up() const {
  return cluster_.wait_until_up(cluster_.members(), kUpTimeMax);
}

client::Options LocalMembers::client_options() const {
  client::Options options;
  options.endpoints.clear();
  for (const LocalMember& member : cluster_.members())
    options.endpoints.push_back(member.client_address);
  return options;
}

}  // namespace benchmarks
