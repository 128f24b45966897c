// The interpreter's commands about messages and links.
#include <memory>

#include "tests/golden/interpreter.hpp"
#include "tests/golden/text.hpp"

namespace golden {

using namespace gms::core;
using namespace gms::model;

Cluster::Filter Interpreter::filter_of(const Words& words, std::size_t at) {
  std::string from;
  std::string to;
  if (at < words.size() && words[at] != "all") {
    const std::size_t arrow = words[at].find("->");
    from = words[at].substr(0, arrow);
    to = arrow == std::string::npos ? "" : words[at].substr(arrow + 2);
  }
  const std::string name = at + 1 < words.size() ? words[at + 1] : "";
  const std::uint64_t nth = at + 2 < words.size() ? number_of(words[at + 2]) : 0;
  auto seen = std::make_shared<std::uint64_t>(0);
  return [=](const Cluster::Envelope& envelope) {
    const bool fits = (from.empty() || envelope.from == from) &&
                      (to.empty() || envelope.to == to) &&
                      (name.empty() || name_of(envelope.message.body) == name);
    return fits && (++*seen == nth || nth == 0);
  };
}

std::vector<Cluster::Envelope> Interpreter::selected(const Words& words, std::size_t at) {
  std::vector<Cluster::Envelope> found;
  const auto filter = filter_of(words, at);
  for (const Cluster::Envelope& envelope : cluster_.network())
    if (filter(envelope)) found.push_back(envelope);
  if (found.empty()) error("no such message is under way");
  return found;
}

void Interpreter::deliver(const Words& words) {
  if (!selected(words, 1).empty()) cluster_.deliver(filter_of(words, 1));
}

void Interpreter::drop(const Words& words) {
  if (!selected(words, 1).empty()) std::erase_if(cluster_.network(), filter_of(words, 1));
}

void Interpreter::duplicate(const Words& words) {
  for (Cluster::Envelope& envelope : selected(words, 1)) cluster_.post(std::move(envelope));
}

void Interpreter::save(const Words& words) {
  if (words.size() < 3) return error("save NAME LINK [MESSAGE [NTH]]");
  const auto found = selected(words, 2);
  if (!found.empty()) saved_.insert_or_assign(words[1], found.front());
}

void Interpreter::replay(const Words& words) {
  const auto found = words.size() > 1 ? saved_.find(words[1]) : saved_.end();
  if (found == saved_.end()) return error("nothing of that name was saved");
  Cluster::Envelope envelope = found->second;
  if (const auto group = option(words, "group")) envelope.message.group = {0, number_of(*group)};
  if (const auto to = option(words, "to")) envelope.message.to = member_of(*to);
  if (const auto from = option(words, "from")) envelope.message.from = member_of(*from);
  if (cluster_.find(text_of(envelope.message.to)) != nullptr)
    envelope.to = text_of(envelope.message.to);
  cluster_.post(envelope);
  cluster_.deliver([&](const Cluster::Envelope& one) { return one.message == envelope.message; });
}

void Interpreter::cut(const Words& words) {
  if (words.size() < 2) return error("cut LINK, or cut MEMBER");
  const std::size_t arrow = words[1].find("->");
  if (arrow != std::string::npos)
    return cluster_.cut(words[1].substr(0, arrow), words[1].substr(arrow + 2));
  for (const std::string& other : cluster_.names()) {
    cluster_.cut(words[1], other);
    cluster_.cut(other, words[1]);
  }
}

void Interpreter::heal(const Words&) {
  cluster_.heal();
}

void Interpreter::network(const Words&) {
  for (const Cluster::Envelope& envelope : cluster_.network())
    transcript_.add(headline_of(envelope.message));
}

void Interpreter::peer_down(const Words& words) {
  Host* host = running(words, 1);
  Host* peer = words.size() > 2 ? cluster_.find(words[2]) : nullptr;
  if (host == nullptr || peer == nullptr) return;
  cluster_.step(*host, PeerDown{peer->id(), peer->boot()});
}

void Interpreter::peer_connected(const Words& words) {
  Host* host = running(words, 1);
  Host* peer = words.size() > 2 ? cluster_.find(words[2]) : nullptr;
  if (host == nullptr || peer == nullptr) return;
  cluster_.step(*host, PeerConnected{peer->id(), peer->boot()});
}

void Interpreter::disconnect(const Words& words) {
  Host* host = running(words, 1);
  Host* peer = words.size() > 2 ? cluster_.find(words[2]) : nullptr;
  if (host == nullptr || peer == nullptr) return;
  cluster_.step(*host, PeerDisconnected{peer->id()});
}

}  // namespace golden
