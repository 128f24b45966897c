#pragma once

#include <random>

#include "tests/unit/kvstore/replica_fixture.hpp"

namespace kvstore::replica {

/// Commands of every kind, with repeated, stale, malformed and expired ones among them.
class RandomCommands {
 public:
  explicit RandomCommands(std::uint64_t seed) : random_(seed) {}

  void extend(Stream& stream, int count) {
    for (int i = 0; i < count; ++i) {
      stream.clock += draw(3);
      stream.add(next(stream));
    }
  }

 private:
  struct Client {
    api::SessionId session;
    std::uint64_t number = 0;
  };

  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::string key() { return "key " + std::to_string(draw(20)); }

  Bytes next(const Stream& stream) {
    const std::uint64_t kind = draw(100);
    if (clients_.empty() || kind < 3) return registration(stream);
    if (kind < 5) return Bytes(draw(30), static_cast<std::byte>(draw(4)));
    if (kind < 7) {
      const std::uint64_t ago = 30 + draw(100);
      return encoded(
          api::ExpireSessions{gms::model::GroupClock(stream.clock > ago ? stream.clock - ago : 0)});
    }
    if (kind < 8)
      return encoded(
          api::TakeDigest{draw(2) == 0 ? api::DigestDepth::rolling : api::DigestDepth::deep});
    if (kind < 20 && !sent_.empty()) return sent_[draw(sent_.size())];
    sent_.push_back(call());
    return sent_.back();
  }

  Bytes registration(const Stream& stream) {
    clients_.push_back({api::SessionId(stream.last().value() + 1), 0});
    return encoded(api::RegisterSession{api::Nonce(draw(30) + 1)});
  }

  Bytes call() {
    Client& client = clients_[draw(clients_.size())];
    ++client.number;
    const std::string name = key();
    const std::string value(draw(40), static_cast<char>('a' + draw(26)));
    const auto previous = draw(4) == 0 ? api::Previous::wanted : api::Previous::unwanted;
    const std::uint64_t behind = draw(10);
    api::Call call{client.session, api::CallNumber(client.number),
                   api::CallNumber(client.number > behind ? client.number - behind : 0),
                   api::Erase{as_bytes(name), condition(), previous}};
    if (draw(3) != 0)
      call.operation = api::Put{as_bytes(name), as_bytes(value), condition(), previous};
    return encoded(call);
  }

  api::Condition condition() {
    switch (draw(6)) {
      case 0: return api::IfAbsent{};
      case 1: return api::IfRevision{api::Revision(draw(200))};
      case 2: return api::IfValue{as_bytes("aaa")};
      default: return api::Always{};
    }
  }

  std::mt19937_64 random_;
  std::vector<Client> clients_;
  std::vector<Bytes> sent_;
};

inline ReplicaOptions tight_limits() {
  ReplicaOptions options;
  options.sessions = {8, 12, 200};
  return options;
}

/// Follows the stream to its end and digests everything there.
struct FinalState {
  api::Digest rolling;
  api::Digest deep;
  std::uint64_t rows;

  friend bool operator==(const FinalState&, const FinalState&) = default;
};

inline FinalState finish(Replica& replica, Stream& stream) {
  const Index at = stream.last();
  const auto digest = finish_digest(replica, at);
  EXPECT_EQ(digest.state, api::DigestState::ready);
  EXPECT_EQ(digest.rolling, replica.digest());
  return {digest.rolling, digest.deep, digest.rows};
}

}  // namespace kvstore::replica
