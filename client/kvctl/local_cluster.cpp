#include "client/kvctl/local_cluster.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <fstream>
#include <map>

#include "client/kvctl/arguments.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// What kvd promises, and a little more.
constexpr milliseconds kStopTimeMax{8000};
constexpr milliseconds kKillTimeMax{2000};
constexpr milliseconds kLookEvery{10};
/// The members start at the same time, and the first one is soon there to be asked.
constexpr const char* kJoinRetry = "50ms";
constexpr milliseconds kStatusTimeout{1000};

std::uint16_t port_of(const std::string& address) {
  const auto port = parse_number(address.substr(address.rfind(':') + 1));
  return static_cast<std::uint16_t>(port.value_or(0));
}

/// Whether a server could listen at the port of this machine.
bool is_port_free(std::uint16_t port) {
  const int number = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (number < 0) return true;
  const int on = 1;
  setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(number, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(number);
  return free;
}

std::size_t place_of(const LocalMember& member) {
  return parse_number(member.name.substr(1)).value_or(0);
}

std::uint16_t base_port_of(const LocalMember& member) {
  return static_cast<std::uint16_t>(port_of(member.client_address) - place_of(member));
}

Result<void> remove_all_of(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return {};
  return Error{ErrorCode::io, "cannot remove " + path.string() + ": " + error.message()};
}

std::string last_line_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line;
  return last;
}

/// Whether the view has all these members, and has them up.
bool has_all_up(const gms::model::View& view, const std::vector<LocalMember>& expected) {
  return std::ranges::all_of(expected, [&](const LocalMember& member) {
    const auto* found = view.find_name(member.name);
    return found != nullptr && view.is_up(found->id);
  });
}

/// Looks at the members again and again until those expected are up, in the newest view that any
/// running one knows: one that was just started knows only what was before. A loop without a thread
/// of its own.
class Watch {
 public:
  Watch(const client::Options& options, const std::vector<LocalMember>& all,
        const std::vector<LocalMember>& expected)
      : client_(context_, options), all_(all), expected_(expected) {}

  [[nodiscard]] Result<void> run(milliseconds time_max) {
    const auto limit = SteadyClock::now() + time_max;
    look();
    while (!done_ && !failure_ && SteadyClock::now() < limit)
      context_.run_one_for(milliseconds(100));
    if (failure_) return *failure_;
    if (done_) return {};
    return Error{ErrorCode::timed_out,
                 "not all members are up in one view. Try: kvctl local logs all"};
  }

 private:
  void look() {
    for (const LocalMember& member : expected_) check_process(member);
    if (failure_) return;
    newest_ = {};
    known_.clear();
    missing_ = all_.size();
    for (const LocalMember& member : all_)
      client_.status(member.client_address, kStatusTimeout,
                     [this, &member](const Result<kvstore::api::StatusReply>& status) {
                       take(member, status);
                     });
  }

  void take(const LocalMember& member, const Result<kvstore::api::StatusReply>& status) {
    if (status && !status->leader.empty()) {
      const gms::model::View& view = status->view.view;
      known_[member.name] = view.seq;
      if (view.seq > newest_.seq) newest_ = view;
    }
    if (--missing_ > 0) return;
    done_ = has_all_up(newest_, expected_) &&
            std::ranges::all_of(expected_, [this](const LocalMember& wanted) {
              const auto known = known_.find(wanted.name);
              return known != known_.end() && known->second == newest_.seq;
            });
    timer_.expires_after(kLookEvery);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error && !done_) look();
    });
  }

  void check_process(const LocalMember& member) {
    if (process_of(member)) return;
    failure_ = Error{ErrorCode::io, member.name + " has ended: " + last_line_of(member.log()) +
                                        ". Try: kvctl local logs " + member.name};
  }

  boost::asio::io_context context_;
  boost::asio::steady_timer timer_{context_};
  client::Client client_;
  const std::vector<LocalMember> all_;
  const std::vector<LocalMember>& expected_;
  /// Of this look: the newest view, which view each member knows, and how many did not answer yet.
  gms::model::View newest_;
  std::map<std::string, gms::model::ViewSeq> known_;
  std::size_t missing_ = 0;
  bool done_ = false;
  std::optional<Error> failure_;
};

Result<void> check_ports(const LocalMember& member) {
  for (const std::string& address : {member.client_address, member.peer_address})
    if (!is_port_free(port_of(address)))
      return Error{ErrorCode::io, "port " + std::to_string(port_of(address)) + ", for " +
                                      member.name + ", is in use. Try: another --base-port"};
  return {};
}

}  // namespace

Result<LocalMember> LocalCluster::find(const std::string& name) const {
  std::string names;
  for (const LocalMember& member : members()) {
    if (member.name == name) return member;
    names += (names.empty() ? "" : ", ") + member.name;
  }
  if (names.empty()) return no_cluster();
  return Error{ErrorCode::not_found, "there is no member " + name + ", only " + names};
}

Error LocalCluster::no_cluster() const {
  return {ErrorCode::not_found,
          "there is no cluster in " + directory_.string() + ". Try: kvctl local up 3"};
}

Result<void> LocalCluster::start(std::size_t count, std::optional<std::uint16_t> base_port) {
  std::vector<LocalMember> all = members();
  if (!all.empty())
    if (auto same = check_same(all, count, base_port); !same) return same;
  while (all.size() < count)
    all.push_back(member_at(directory_, base_port.value_or(kBasePortDefault), all.size() + 1));
  // All before the first: half a cluster would be in the way of the next try.
  for (const LocalMember& member : all)
    if (auto free = process_of(member) ? Result<void>() : check_ports(member); !free) return free;
  for (const LocalMember& member : all) {
    if (process_of(member)) continue;
    if (auto launched = launch(member, all); !launched) return launched;
  }
  return {};
}

Result<void> LocalCluster::check_same(const std::vector<LocalMember>& all, std::size_t count,
                                      std::optional<std::uint16_t> base_port) const {
  const std::string cluster = "the cluster in " + directory_.string() + " has ";
  if (all.size() != count)
    return Error{ErrorCode::io, cluster + std::to_string(all.size()) +
                                    " members. Try: kvctl local add, or kvctl local destroy to "
                                    "begin anew"};
  if (base_port && base_port_of(all.back()) != *base_port)
    return Error{ErrorCode::io, cluster + "base port " + std::to_string(base_port_of(all.back())) +
                                    ". Try: kvctl local destroy, to begin anew"};
  return {};
}

Result<LocalMember> LocalCluster::add() {
  const std::vector<LocalMember> all = members();
  if (all.empty()) return no_cluster();
  const std::size_t place = place_of(all.back());
  const LocalMember added = member_at(directory_, base_port_of(all.back()), place + 1);
  if (auto launched = launch(added, all); !launched) return launched.error();
  return added;
}

Result<void> LocalCluster::start(const LocalMember& member) {
  if (process_of(member)) return Error{ErrorCode::io, member.name + " is already running"};
  return launch(member, members());
}

Result<void> LocalCluster::launch(const LocalMember& member,
                                  const std::vector<LocalMember>& others) {
  if (auto free = check_ports(member); !free) return free;
  std::vector<std::string> words{program_beside("kvd").string(),
                                 "run",
                                 "--data",
                                 member.data().string(),
                                 "--name",
                                 member.name,
                                 "--listen-client",
                                 member.client_address,
                                 "--listen-peer",
                                 member.peer_address};
  if (!member.is_initialised()) {
    words.insert(words.end(), {"--init", "--gms-join-retry", kJoinRetry});
    std::string join;
    for (const LocalMember& other : others)
      if (other.name != member.name) join += (join.empty() ? "" : ",") + other.peer_address;
    // The first one founds the group, while there is none.
    const bool founds = !others.empty() && others.front().name == member.name &&
                        std::ranges::none_of(others, &LocalMember::is_initialised);
    if (!founds && !join.empty()) words.insert(words.end(), {"--join", join});
  }
  if (auto saved = save(member); !saved) return saved;
  const auto process = start_process(words, member.log());
  if (!process) return process.error();
  return save_process(member, *process);
}

Result<void> LocalCluster::stop(const LocalMember& member) {
  const auto process = process_of(member);
  if (!process) return {};
  // One that is paused would not hear it.
  if (is_paused(*process)) (void)send_signal(*process, SIGCONT);
  (void)send_signal(*process, SIGTERM);
  if (wait_for_end(*process, kStopTimeMax)) return {};
  (void)send_signal(*process, SIGKILL);
  if (wait_for_end(*process, kKillTimeMax)) return {};
  return Error{ErrorCode::io, member.name + " does not end, not even killed"};
}

Result<void> LocalCluster::signal(const LocalMember& member, int signal) {
  const auto process = process_of(member);
  if (!process)
    return Error{ErrorCode::not_found,
                 member.name + " does not run. Try: kvctl local restart " + member.name};
  auto sent = send_signal(*process, signal);
  if (sent && signal == SIGKILL) (void)wait_for_end(*process, kKillTimeMax);
  return sent;
}

Result<void> LocalCluster::wipe(const LocalMember& member) const {
  return remove_all_of(member.data());
}

Result<void> LocalCluster::remove(const LocalMember& member) const {
  return remove_all_of(member.directory);
}

client::Options LocalCluster::client_options() const {
  client::Options options;
  options.endpoints.clear();
  for (const LocalMember& member : members()) options.endpoints.push_back(member.client_address);
  return options;
}

Result<void> LocalCluster::wait_until_up(const std::vector<LocalMember>& expected,
                                         milliseconds time_max) const {
  std::vector<LocalMember> running;
  for (const LocalMember& member : members())
    if (process_of(member)) running.push_back(member);
  return Watch(client_options(), running, expected).run(time_max);
}

Result<std::string> LocalCluster::leader() const {
  if (members().empty()) return no_cluster();
  client::Client client(client_options());
  const auto reply = client.members();
  if (!reply) return reply.error();
  if (reply->leader.empty()) return Error{ErrorCode::unavailable, "no leader is known"};
  return reply->leader;
}

}  // namespace kvctl
