#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gms/wire/frame.hpp"
#include "kvstore/api/client_protocol.hpp"
#include "kvstore/api/command.hpp"
#include "kvstore/api/command_reply.hpp"
#include "kvstore/api/inspection.hpp"

namespace client::testing {

/// A request as a fake server got it, and who gets the reply.
struct Received {
  kvstore::api::RequestId id;
  std::chrono::milliseconds deadline{};
  kvstore::api::RequestKind kind = kvstore::api::RequestKind::write;
  gms::model::Bytes body;
  std::size_t connection = 0;

  /// The call that a write carries; nothing for other commands. Borrows `body`.
  [[nodiscard]] std::optional<kvstore::api::Call> call() const;
  [[nodiscard]] bool is_registration() const;
};

/// One member as a client sees it: it speaks the real protocol and answers as its script says.
/// Everything happens on the io_context's thread.
class FakeServer {
 public:
  using Script = std::function<void(FakeServer&, const Received&)>;

  FakeServer(boost::asio::io_context& context, std::string name);
  ~FakeServer();

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// What happens with requests that are not about members.
  void on_request(Script script) { script_ = std::move(script); }
  /// The members that it names when asked.
  void set_view(gms::model::View view) { view_ = std::move(view); }
  void set_group(gms::model::GroupId group) { group_ = group; }
  /// A Hello is answered at release_welcomes().
  void hold_welcomes() { holds_welcomes_ = true; }
  void release_welcomes();
  /// New connections are accepted, and never hear a word.
  void fall_silent() { silent_ = true; }

  void answer(const Received& to, const kvstore::api::CommandReply& reply);
  void answer(const Received& to, const gms::model::Bytes& body);
  void refuse(const Received& to, const gms::model::Error& error,
              std::chrono::milliseconds retry_after);
  void refuse(const Received& to, gms::model::ErrorCode code, std::string_view detail,
              const kvstore::api::LeaderHint& leader = {});
  /// Registers sessions and carries out every write, at the next index.
  void carry_out(const Received& request);

  /// Closes every connection; new ones are accepted.
  void disconnect();
  /// Closes everything: connections are refused from now on.
  void crash();

  /// Requests but those about members, in the order of their arrival.
  [[nodiscard]] const std::vector<Received>& received() const { return received_; }
  [[nodiscard]] std::size_t connections_open() const { return connections_.size(); }
  [[nodiscard]] const std::vector<kvstore::api::Hello>& hellos() const { return hellos_; }
  /// Calls of sessions, in the order of their arrival.
  [[nodiscard]] std::vector<kvstore::api::Call> calls() const;

 private:
  struct Peer;

  void accept();
  void read(const std::shared_ptr<Peer>& peer);
  void take(const std::shared_ptr<Peer>& peer, const gms::wire::Frame& frame);
  void greet(Peer& peer, const gms::wire::Frame& frame);
  void welcome(std::size_t connection);
  void send(std::size_t connection, kvstore::api::FrameType type, const gms::model::Bytes& body);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string name_;
  std::string address_;
  gms::model::GroupId group_{1, 2};
  gms::model::View view_;
  Script script_;
  bool silent_ = false;
  bool holds_welcomes_ = false;
  /// Connections that wait for their Welcome.
  std::vector<std::size_t> unwelcomed_;
  std::map<std::size_t, std::shared_ptr<Peer>> connections_;
  std::size_t accepted_ = 0;
  std::uint64_t index_ = 100;
  std::vector<Received> received_;
  std::vector<kvstore::api::Hello> hellos_;
};

/// A view whose voters are these servers.
[[nodiscard]] gms::model::View view_of(const std::vector<const FakeServer*>& servers);

}  // namespace client::testing
