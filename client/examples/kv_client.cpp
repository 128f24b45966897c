// A program that keeps a counter in a groupkv group, and notices nothing when the leader crashes.
//
//     kvctl local up 3
//     kv_client 127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <charconv>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "client/client.hpp"
#include "gms/model/bytes.hpp"

namespace {

using client::Client;
using client::Outcome;

int fail(const std::string& what, const client::Error& error) {
  std::cerr << what << ": " << to_string(error.code) << ": " << error.detail << '\n';
  return 1;
}

/// Calls that wait: write, read, and read a range.
int greet(Client& client) {
  const auto written = client.put("example/greeting", "hello");
  if (!written) return fail("put", written.error());
  std::cout << "written at revision " << written->revision.value() << '\n';

  const auto read = client.get("example/greeting");
  if (!read) return fail("get", read.error());
  if (*read) std::cout << "read: " << (*read)->bytes << '\n';

  const auto page = client.range({.from = "example/", .to = "example0", .read = {}});
  if (!page) return fail("range", page.error());
  for (const client::Entry& entry : page->entries)
    std::cout << entry.key << " = " << entry.value.bytes << '\n';
  return 0;
}

std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// A coroutine that adds one to a counter: compare-and-set, again until nobody came between. The
/// revision that the condition names makes it safe with any number of such programs.
/// `counted` outlives it. Returns what went wrong, if anything.
boost::asio::awaitable<std::optional<client::Error>> increment(Client& client, std::string key,
                                                               std::uint64_t& counted) {
  while (true) {
    const auto found = co_await client.get(key, {}, boost::asio::use_awaitable);
    if (!found) co_return found.error();
    const std::uint64_t next = *found ? number_in((*found)->bytes) + 1 : 1;
    client::WriteOptions options;
    // Revision zero: the key must have no value yet.
    options.condition = client::IfRevision{*found ? (*found)->revision : client::Revision()};
    const std::string text = std::to_string(next);
    const auto reply = co_await client.put(key, text, options, boost::asio::use_awaitable);
    if (!reply) co_return reply.error();
    counted = next;
    if (reply->outcome == Outcome::done) co_return std::nullopt;
  }
}

int count(Client& client) {
  boost::asio::io_context context;
  std::uint64_t counted = 0;
  auto ended = boost::asio::co_spawn(context, increment(client, "example/counter", counted),
                                     boost::asio::use_future);
  context.run();
  if (const auto error = ended.get()) return fail("increment", *error);
  std::cout << "this program has run " << counted << " times\n";
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  client::Options options;
  options.endpoints.clear();
  std::istringstream list(argument_count > 1 ? arguments[1] : "127.0.0.1:7401");
  for (std::string address; std::getline(list, address, ',');) options.endpoints.push_back(address);

  Client client(options);
  if (const int failed = greet(client); failed != 0) return failed;
  return count(client);
}
