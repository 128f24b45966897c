#include "tests/simulation/network.hpp"

#include <algorithm>

namespace tests::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kDelaysDrawn = 512;
constexpr VirtualTime kDelayMin = 20us;
constexpr VirtualTime kDelayMax = 1s;
constexpr VirtualTime kGraveyardMin = 200ms;
constexpr VirtualTime kGraveyardMax = 10s;

}  // namespace

std::uint32_t Mailbag::put(Letter letter) {
  if (free_.empty()) {
    letters_.push_back(std::move(letter));
    return static_cast<std::uint32_t>(letters_.size() - 1);
  }
  const std::uint32_t number = free_.back();
  free_.pop_back();
  letters_[number] = std::move(letter);
  return number;
}

Letter Mailbag::take(std::uint32_t number) {
  free_.push_back(number);
  return std::move(letters_[number]);
}

Network::Network(const NetworkOptions& options, Random random) : random_(random) {
  behave(options);
}

void Network::behave(const NetworkOptions& options) {
  options_ = options;
  delays_.clear();
  for (std::size_t i = 0; i < kDelaysDrawn; ++i)
    delays_.push_back(std::clamp(random_.log_normal(options.delay_median, options.delay_sigma),
                                 kDelayMin, kDelayMax));
}

void Network::unclog() {
  dropped_ = {};
  for (Link& path : links_) path.clogged_until = path.last_arrival = VirtualTime{};
}

VirtualTime Network::delay() {
  return delays_[random_.below(kDelaysDrawn)];
}

Fate Network::send(Machine from, Machine to, std::size_t type, VirtualTime now) {
  Fate out;
  Link& path = link(from, to);
  if (random_.chance(options_.graveyard))
    out.returns_from_the_graveyard = now + random_.duration(kGraveyardMin, kGraveyardMax);
  if (path.severed || !is_open(from, to) || dropped_[from] == type || random_.chance(options_.loss))
    return out;
  VirtualTime arrival = std::max(now, path.clogged_until) + delay();
  if (options_.in_order) arrival = std::max(arrival, path.last_arrival);
  path.last_arrival = arrival;
  out.arrives = arrival;
  if (random_.chance(options_.duplication)) out.copy_arrives = arrival + delay();
  return out;
}

void Network::connect(Machine a, Machine b) {
  for (Link* const path : {&link(a, b), &link(b, a)}) {
    path->connected = true;
    path->severed = false;
    ++path->connection;
  }
}

void Network::sever(Machine from, Machine to) {
  link(from, to).severed = link(to, from).severed = true;
  ++link(from, to).connection;
}

void Network::disconnect(Machine a, Machine b) {
  for (Link* const path : {&link(a, b), &link(b, a)}) {
    path->connected = false;
    ++path->connection;
  }
}

}  // namespace tests::simulation
