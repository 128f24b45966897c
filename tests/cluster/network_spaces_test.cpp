#include "tests/faults/network_spaces.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace tests::cluster {
namespace {

using namespace std::chrono_literals;
using faults::NetworkSpaces;

/// A socket of datagrams at a port of a member's address.
class Post {
 public:
  Post(const NetworkSpaces& spaces, const std::string& name) {
    // A socket stays where it was made, whoever uses it.
    std::thread([&] {
      const int space = ::open(spaces.file(name).c_str(), O_RDONLY | O_CLOEXEC);
      if (::setns(space, CLONE_NEWNET) == 0) socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
      ::close(space);
    }).join();
    const sockaddr_in own = address(spaces.address(name));
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0)
      throw std::runtime_error("no socket at " + name);
  }
  ~Post() { ::close(socket_); }
  Post(const Post&) = delete;
  Post& operator=(const Post&) = delete;

  void send(const std::string& to) const {
    const sockaddr_in there = address(to);
    ::sendto(socket_, "x", 1, 0, reinterpret_cast<const sockaddr*>(&there), sizeof(there));
  }
  /// How many datagrams come until none has for a while.
  [[nodiscard]] int received() const {
    int count = 0;
    char byte = 0;
    for (pollfd wait{socket_, POLLIN, 0}; ::poll(&wait, 1, 150) > 0; ++count)
      if (::recv(socket_, &byte, 1, 0) != 1) break;
    return count;
  }

 private:
  static sockaddr_in address(const std::string& host) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(34444);
    ::inet_pton(AF_INET, host.c_str(), &out.sin_addr);
    return out;
  }

  int socket_ = -1;
};

class Spaces : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = NetworkSpaces::why_not(); !why.empty())
      GTEST_SKIP() << "no network namespaces here: " << why;
    spaces.emplace(std::vector<std::string>{"n1", "n2", "n3"});
    for (const std::string name : {"n1", "n2", "n3"})
      posts.push_back(std::make_unique<Post>(*spaces, name));
  }

  /// Who hears whom, as `1>2 2>1`, found out by sending from each to each.
  [[nodiscard]] std::string heard() const {
    std::string heard;
    for (std::size_t from = 0; from < posts.size(); ++from) {
      for (std::size_t to = 0; to < posts.size(); ++to) {
        if (from == to) continue;
        posts[from]->send(spaces->address("n" + std::to_string(to + 1)));
        if (posts[to]->received() == 1)
          heard += std::to_string(from + 1) + ">" + std::to_string(to + 1) + " ";
      }
    }
    return heard;
  }

  std::optional<NetworkSpaces> spaces;
  std::vector<std::unique_ptr<Post>> posts;
};

TEST_F(Spaces, PartitionsAreSilentGoOneWayIfWantedAndHeal) {
  const std::string all = "1>2 1>3 2>1 2>3 3>1 3>2 ";
  EXPECT_EQ(heard(), all);
  spaces->partition({{"n1"}, {"n2", "n3"}});
  EXPECT_EQ(heard(), "2>3 3>2 ");
  spaces->partition({{"n1"}, {"n2"}});
  EXPECT_EQ(heard(), "1>3 2>3 3>1 3>2 ") << "n3 is a bridge";
  spaces->heal();
  spaces->block("n1", "n3");
  EXPECT_EQ(heard(), "1>2 2>1 2>3 3>1 3>2 ");
  spaces->heal();
  EXPECT_EQ(heard(), all);
}

TEST_F(Spaces, WhatAKilledProcessLeftIsRemoved) {
  const pid_t other = ::fork();
  if (other == 0) {
    const NetworkSpaces its({"n1"});
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(other, nullptr, 0);
  const std::string left = "/run/netns/gkf" + std::to_string(other) + "-1";
  EXPECT_TRUE(std::filesystem::exists(left));
  posts.clear();
  spaces.reset();
  spaces.emplace(std::vector<std::string>{"n1"});
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_FALSE(std::filesystem::exists("/sys/class/net/gkf" + std::to_string(other)));
  EXPECT_TRUE(std::filesystem::exists(spaces->file("n1")));
}

}  // namespace
}  // namespace tests::cluster
