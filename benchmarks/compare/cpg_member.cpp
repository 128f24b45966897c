// A member of a closed process group of corosync that takes the lines of
// benchmarks/multicast_member.hpp. Built by benchmarks/compare/multicast alone, where libcpg is.

#include <corosync/cpg.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMembers = 3;

/// What the callbacks, which get no context, and the loop share.
struct State {
  cpg_handle_t handle{};
  unsigned own_number = 0;
  bool is_ready = false;
  std::string body;
  std::size_t outstanding = 0;
  std::size_t under_way = 0;
  std::uint64_t delivered = 0;
  bool running = false;
  bool stopping = false;
  Clock::time_point sent_at;
  std::vector<Clock::duration> times;
};
State state;

void delivered(std::uint32_t sender, std::uint32_t process) {
  ++state.delivered;
  if (sender != state.own_number || process != static_cast<std::uint32_t>(::getpid())) return;
  --state.under_way;
  if (state.outstanding == 1) state.times.push_back(Clock::now() - state.sent_at);
}

void changed(std::size_t members) {
  if (members != kMembers || state.is_ready) return;
  state.is_ready = true;
  std::cout << "ready" << std::endl;
}

/// Sends until as much is under way as there should be, or corosync takes no more for now.
void fill() {
  while (state.running && state.under_way < state.outstanding) {
    const iovec part{state.body.data(), state.body.size()};
    state.sent_at = Clock::now();
    if (::cpg_mcast_joined(state.handle, CPG_TYPE_AGREED, &part, 1) != CS_OK) return;
    ++state.under_way;
  }
}

std::int64_t median_ns() {
  if (state.times.empty()) return 0;
  const auto middle = state.times.begin() + static_cast<std::ptrdiff_t>(state.times.size() / 2);
  std::ranges::nth_element(state.times, middle);
  return std::chrono::nanoseconds(*middle).count();
}

void carry_out(std::istringstream line) {
  std::string command;
  line >> command;
  if (command == "run") {
    std::size_t bytes = 0;
    line >> bytes >> state.outstanding;
    state.body.assign(bytes, 'm');
    state.delivered = 0;
    state.times.clear();
    state.running = state.outstanding > 0;
  } else if (command == "count") {
    std::cout << "count " << state.delivered << ' ' << median_ns() << std::endl;
    state.times.clear();
  } else if (command == "stop") {
    state.running = false;
    state.stopping = true;
  }
}

/// False when the input has ended.
bool read_commands() {
  static std::string heard;
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (got <= 0) return false;
  heard.append(buffer.data(), static_cast<std::size_t>(got));
  for (std::size_t end = heard.find('\n'); end != std::string::npos; end = heard.find('\n')) {
    carry_out(std::istringstream(heard.substr(0, end)));
    heard.erase(0, end + 1);
  }
  return true;
}

bool join() {
  cpg_model_v1_data_t model{};
  // (handle, group, sender, its process, message, bytes)
  model.cpg_deliver_fn = [](auto... given) {
    const auto all = std::make_tuple(given...);
    delivered(std::get<2>(all), std::get<3>(all));
  };
  // (handle, group, members, how many, those who left and joined)
  model.cpg_confchg_fn = [](auto... given) { changed(std::get<3>(std::make_tuple(given...))); };
  if (::cpg_model_initialize(&state.handle, CPG_MODEL_V1,
                             reinterpret_cast<cpg_model_data_t*>(&model), nullptr) != CS_OK)
    return false;
  cpg_name name{};
  name.length = 5;
  std::memcpy(name.value, "bench", name.length);
  return ::cpg_join(state.handle, &name) == CS_OK &&
         ::cpg_local_get(state.handle, &state.own_number) == CS_OK;
}

}  // namespace

int main() {
  if (!join()) {
    std::cerr << "cpg_member: no corosync to join\n";
    return 1;
  }
  int corosync = -1;
  ::cpg_fd_get(state.handle, &corosync);
  while (true) {
    // What corosync did not take is tried again soon.
    const bool waits = state.running && state.under_way < state.outstanding;
    std::array<pollfd, 2> wait{{{corosync, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    ::poll(wait.data(), wait.size(), waits ? 1 : -1);
    if (wait[1].revents != 0 && !read_commands()) return 0;
    if (wait[0].revents != 0 && ::cpg_dispatch(state.handle, CS_DISPATCH_ALL) != CS_OK) return 1;
    fill();
    if (state.stopping && state.under_way == 0) {
      state.stopping = false;
      std::cout << "stopped" << std::endl;
    }
  }
}
