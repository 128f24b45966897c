#include "client/kvctl/load.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <vector>

namespace kvctl {
namespace {

using client::Client;
using client::Clock;
using client::Error;
using client::Result;

std::chrono::duration<double> cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return std::chrono::duration<double>(seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

/// Keeps as many calls under way as the plan says, each begun where the one before it ended.
class Load {
 public:
  Load(const client::Options& options, const LoadPlan& plan) : plan_(plan) {
    for (std::size_t i = 0; i < plan.clients; ++i)
      clients_.push_back(std::make_unique<Client>(context_, options));
    value_.resize(plan.value_bytes);
    for (char& c : value_) c = static_cast<char>('a' + random() % 26);
  }

  [[nodiscard]] Result<LoadReport> run() {
    if (auto ready = warm_up(); !ready) return ready.error();
    const auto cpu_before = cpu_time();
    started_ = Clock::now();
    ends_ = plan_.calls ? Clock::time_point::max() : started_ + plan_.time;
    for (std::size_t i = 0; i < plan_.outstanding; ++i) begin(*clients_[i % clients_.size()]);
    context_.restart();
    context_.run();
    report_.time = Clock::now() - started_;
    report_.cpu_time = cpu_time() - cpu_before;
    return std::move(report_);
  }

 private:
  /// Opens every client's connections, and the session of one that is to write, which is no part of
  /// what is measured.
  [[nodiscard]] Result<void> warm_up() {
    std::size_t waiting = clients_.size();
    std::optional<Error> failure;
    const auto take = [&](const auto& reply) {
      if (!reply) failure = reply.error();
      if (--waiting == 0) context_.stop();
    };
    for (const auto& client : clients_)
      if (plan_.kind == LoadKind::get)
        client->get(key_of(0), {}, take);
      else
        client->put(key_of(0), value_, {}, take);
    context_.run();
    if (failure) return *failure;
    return {};
  }

  void begin(Client& client) {
    if (plan_.calls && begun_ == *plan_.calls) return;
    ++begun_;
    ++under_way_;
    const std::string key = key_of(next_key());
    const auto at = Clock::now();
    if (reads_next())
      client.get(key, {}, [this, &client, at](const Result<std::optional<client::Value>>& found) {
        end(client, at, found ? nullptr : &found.error());
      });
    else
      client.put(key, value_, {}, [this, &client, at](const Result<client::WriteReply>& reply) {
        end(client, at, reply ? nullptr : &reply.error());
      });
  }

  void end(Client& client, Clock::time_point began, const Error* error) {
    const auto now = Clock::now();
    --under_way_;
    if (error == nullptr) {
      const auto time = std::chrono::duration_cast<std::chrono::microseconds>(now - began);
      report_.latency.add(static_cast<std::uint64_t>(time.count()));
    } else if (++report_.failed == 1) {
      report_.failure = *error;
    }
    if (now < ends_) go_on(client, error);
    if (under_way_ == 0) context_.stop();
  }

  void go_on(Client& client, const Error* error) {
    if (error == nullptr) return begin(client);
    // A call that the client refuses ends while it begins: the next one must not begin within it.
    ++under_way_;
    boost::asio::post(context_, [this, &client] {
      --under_way_;
      begin(client);
      if (under_way_ == 0) context_.stop();
    });
  }

  /// Sixteen bytes.
  [[nodiscard]] static std::string key_of(std::uint64_t number) {
    std::string key = "bench/0000000000";
    for (std::size_t at = key.size(); number > 0 && at > 6; number /= 10)
      key[--at] = static_cast<char>('0' + number % 10);
    return key;
  }

  [[nodiscard]] std::uint64_t next_key() {
    return (plan_.order == KeyOrder::sequential ? sequence_++ : random()) % plan_.keys;
  }

  [[nodiscard]] bool reads_next() {
    if (plan_.kind == LoadKind::mixed) return random() % 2 == 0;
    return plan_.kind == LoadKind::get;
  }

  /// xorshift: quick, and the same in every run.
  [[nodiscard]] std::uint64_t random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_;
  }

  LoadPlan plan_;
  boost::asio::io_context context_{1};
  std::vector<std::unique_ptr<Client>> clients_;
  std::string value_;
  std::uint64_t random_ = 0x9E3779B97F4A7C15;
  std::uint64_t sequence_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t under_way_ = 0;
  Clock::time_point started_;
  Clock::time_point ends_;
  LoadReport report_;
};

}  // namespace

Result<LoadReport> run_load(const client::Options& options, const LoadPlan& plan) {
  const auto load = std::make_unique<Load>(options, plan);
  return load->run();
}

}  // namespace kvctl
