#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "client/client.hpp"
#include "tests/unit/client/fake_server.hpp"

namespace client::testing {

using std::chrono::milliseconds;

inline void carry_out(FakeServer& server, const Received& request) {
  server.carry_out(request);
}
inline void keep_silent(FakeServer&, const Received&) {}

/// A script that sends every request to `leader`.
inline FakeServer::Script redirect_to(const FakeServer& leader) {
  return [&leader](FakeServer& server, const Received& request) {
    server.refuse(request, ErrorCode::not_leader, "another member leads",
                  {leader.name(), leader.address()});
  };
}

class ClientTest : public ::testing::Test {
 protected:
  /// A client of all servers of the test.
  std::unique_ptr<Client> connect(milliseconds deadline = milliseconds(5000)) {
    Options options;
    options.endpoints.clear();
    for (const FakeServer* server : {&n1, &n2, &n3}) options.endpoints.push_back(server->address());
    options.deadline = deadline;
    return std::make_unique<Client>(context, options);
  }

  /// Runs the loop until `done`, for ten seconds at most.
  template <class Done>
  bool run_until(Done done) {
    const auto limit = Clock::now() + std::chrono::seconds(10);
    while (!done() && Clock::now() < limit) context.run_one_for(milliseconds(100));
    return done();
  }

  /// Starts a put, whose end `ended` gets.
  void put(Client& client, std::string key, std::optional<Result<WriteReply>>& ended) {
    client.put(key, "value", {}, [&ended](Result<WriteReply> reply) { ended = std::move(reply); });
  }
  Result<WriteReply> put(Client& client) {
    std::optional<Result<WriteReply>> ended;
    put(client, "key", ended);
    if (!run_until([&] { return ended.has_value(); })) return Error{ErrorCode::io, "it hangs"};
    return *ended;
  }

  boost::asio::io_context context;
  FakeServer n1{context, "n1"};
  FakeServer n2{context, "n2"};
  FakeServer n3{context, "n3"};
};

}  // namespace client::testing
