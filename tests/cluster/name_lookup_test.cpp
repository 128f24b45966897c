#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "tests/cluster/local_group.hpp"
#include "tests/support/own_loopback.hpp"

namespace tests::cluster {
namespace {

constexpr std::uint16_t kNamePort = 53;

/// A name server that takes questions and answers none, and a resolv.conf that knows no other.
class SilentNameServer {
 public:
  explicit SilentNameServer(const std::filesystem::path& directory)
      : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
        resolv_conf_(directory / "resolv.conf") {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_port = htons(kNamePort);
    ::inet_pton(AF_INET, own_loopback().c_str(), &own.sin_addr);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0)
      throw std::runtime_error("no socket at " + own_loopback());
    std::ofstream(resolv_conf_) << "nameserver " << own_loopback() << "\noptions timeout:20\n";
  }
  ~SilentNameServer() { ::close(socket_); }
  SilentNameServer(const SilentNameServer&) = delete;
  SilentNameServer& operator=(const SilentNameServer&) = delete;

  /// Runs a program that asks this server alone.
  [[nodiscard]] Finished run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"/usr/bin/unshare",
                                 "--mount",
                                 "sh",
                                 "-c",
                                 R"(mount --bind "$0" /etc/resolv.conf && exec "$@")",
                                 resolv_conf_.string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_program(all);
  }

 private:
  int socket_;
  std::filesystem::path resolv_conf_;
};

TEST(NameLookup, OfANameThatNobodyAnswersForHoldsUpNoNumber) {
  if (::geteuid() != 0) GTEST_SKIP() << "a resolv.conf of its own takes root";
  const LocalGroup group(1, 29600);
  const SilentNameServer server(group.directory());
  if (const Finished tried = server.run({"true"}); tried.exit_code != 0)
    GTEST_SKIP() << "no mount of its own: " << tried.err;
  const Finished put =
      server.run({built("kvctl"), "--endpoints", "nobody.example:1," + group.endpoints().front(),
                  "--timeout", "5s", "put", "key", "value"});
  EXPECT_EQ(put.exit_code, 0) << put.err;
  // That the name is asked for at all, and nobody answers.
  const Finished lost = server.run(
      {built("kvctl"), "--endpoints", "nobody.example:1", "--timeout", "1s", "get", "key"});
  EXPECT_EQ(lost.exit_code, 5);
  EXPECT_NE(lost.err.find("nobody.example:1: no answer yet"), std::string::npos) << lost.err;
}

}  // namespace
}  // namespace tests::cluster
