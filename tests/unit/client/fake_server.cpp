#include "tests/unit/client/fake_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "kvstore/api/limits.hpp"
#include "tests/support/own_loopback.hpp"

namespace client::testing {
namespace {

namespace asio = boost::asio;
namespace api = kvstore::api;
using asio::ip::tcp;
using boost::system::error_code;
using gms::model::as_bytes;
using gms::model::ByteWriter;

}  // namespace

struct FakeServer::Peer {
  explicit Peer(tcp::socket accepted, std::size_t place)
      : socket(std::move(accepted)), number(place) {}

  tcp::socket socket;
  std::size_t number;
  gms::wire::FrameReader reader{api::kClientBodyBytesMax};
};

std::optional<api::Call> Received::call() const {
  const auto command = api::decode_command(body);
  if (!command) return std::nullopt;
  const auto* call = std::get_if<api::Call>(&*command);
  return call == nullptr ? std::nullopt : std::optional(*call);
}

bool Received::is_registration() const {
  const auto command = api::decode_command(body);
  return command && std::holds_alternative<api::RegisterSession>(*command);
}

FakeServer::FakeServer(asio::io_context& context, std::string name)
    : context_(context),
      acceptor_(context, tcp::endpoint(asio::ip::make_address_v4(tests::own_loopback()), 0)),
      name_(std::move(name)),
      address_(tests::own_loopback() + ":" + std::to_string(acceptor_.local_endpoint().port())) {
  accept();
}

FakeServer::~FakeServer() {
  crash();
}

void FakeServer::accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error) return;
    const auto peer = std::make_shared<Peer>(std::move(socket), ++accepted_);
    connections_[peer->number] = peer;
    read(peer);
    accept();
  });
}

void FakeServer::read(const std::shared_ptr<Peer>& peer) {
  const auto space = peer->reader.space();
  peer->socket.async_read_some(asio::buffer(space.data(), space.size()),
                               [this, peer](const error_code& error, std::size_t count) {
                                 if (error == asio::error::operation_aborted) return;
                                 if (error) return void(connections_.erase(peer->number));
                                 peer->reader.received(count);
                                 for (auto frame = peer->reader.next(); frame && *frame;
                                      frame = peer->reader.next())
                                   if (connections_.contains(peer->number)) take(peer, **frame);
                                 if (connections_.contains(peer->number)) read(peer);
                               });
}

void FakeServer::take(const std::shared_ptr<Peer>& peer, const gms::wire::Frame& frame) {
  if (silent_) return;
  if (frame.type == static_cast<std::uint8_t>(api::FrameType::hello)) return greet(*peer, frame);
  const auto request = api::decode_request(frame.body.bytes());
  if (!request) return disconnect();
  const Received received{request->id,
                          request->deadline,
                          request->kind,
                          {request->body.begin(), request->body.end()},
                          peer->number};
  if (received.kind == api::RequestKind::members) {
    ByteWriter out;
    encode(api::MembersReply{{view_, {}}, ""}, out);
    return answer(received, out.take());
  }
  received_.push_back(received);
  if (script_) script_(*this, received);
}

void FakeServer::greet(Peer& peer, const gms::wire::Frame& frame) {
  const auto hello = api::decode_hello(frame.body.bytes());
  if (!hello) return disconnect();
  hellos_.push_back(*hello);
  Received greeting;
  greeting.connection = peer.number;
  if (!hello->group.is_none() && hello->group != group_)
    return refuse(greeting, gms::model::ErrorCode::conflict,
                  "this member is of group " + to_string(group_) + ", not of group " +
                      to_string(hello->group));
  if (holds_welcomes_)
    unwelcomed_.push_back(peer.number);
  else
    welcome(peer.number);
}

void FakeServer::welcome(std::size_t connection) {
  api::Welcome answer;
  answer.group = group_;
  answer.name = name_;
  ByteWriter out;
  encode(answer, out);
  send(connection, api::FrameType::welcome, out.bytes());
}

void FakeServer::release_welcomes() {
  holds_welcomes_ = false;
  for (const std::size_t connection : std::exchange(unwelcomed_, {})) welcome(connection);
}

void FakeServer::send(std::size_t connection, api::FrameType type, const gms::model::Bytes& body) {
  const auto peer = connections_.find(connection);
  if (peer == connections_.end()) return;
  gms::wire::FrameWriter writer;
  writer.add(static_cast<std::uint8_t>(type), body);
  while (!writer.empty()) {
    const auto parts = writer.parts();
    error_code error;
    writer.consume(asio::write(peer->second->socket,
                               asio::buffer(parts.spans[0].data(), parts.spans[0].size()), error));
    if (error) return;
  }
}

void FakeServer::answer(const Received& to, const gms::model::Bytes& body) {
  ByteWriter out;
  encode(api::Reply{to.id, std::nullopt, gms::model::Index(index_), {}, body}, out);
  send(to.connection, api::FrameType::reply, out.bytes());
}

void FakeServer::answer(const Received& to, const api::CommandReply& reply) {
  ByteWriter out;
  encode(reply, out);
  answer(to, out.take());
}

void FakeServer::refuse(const Received& to, gms::model::ErrorCode code, std::string_view detail,
                        const api::LeaderHint& leader) {
  ByteWriter out;
  encode(api::Reply{to.id, code, gms::model::Index(index_), leader, as_bytes(detail)}, out);
  send(to.connection, api::FrameType::reply, out.bytes());
}

void FakeServer::refuse(const Received& to, const gms::model::Error& error,
                        std::chrono::milliseconds retry_after) {
  ByteWriter out;
  encode(
      api::Reply{
          to.id, error.code, gms::model::Index(index_), {}, as_bytes(error.detail), retry_after},
      out);
  send(to.connection, api::FrameType::reply, out.bytes());
}

void FakeServer::carry_out(const Received& request) {
  answer(request, api::CommandReply{api::Outcome::done, api::Revision(++index_), std::nullopt});
}

void FakeServer::disconnect() {
  error_code ignored;
  for (const auto& [number, peer] : connections_) peer->socket.close(ignored);
  connections_.clear();
}

void FakeServer::crash() {
  error_code ignored;
  acceptor_.close(ignored);
  disconnect();
}

std::vector<api::Call> FakeServer::calls() const {
  std::vector<api::Call> calls;
  for (const Received& received : received_)
    if (const auto call = received.call()) calls.push_back(*call);
  return calls;
}

gms::model::View view_of(const std::vector<const FakeServer*>& servers) {
  gms::model::View view;
  view.seq = gms::model::ViewSeq(1);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const gms::model::MemberId id{gms::model::NodeId(i + 1), gms::model::Incarnation(1)};
    view.members.push_back({id, servers[i]->name(), "127.0.0.1:1", servers[i]->address()});
    view.up.push_back(id);
  }
  return view;
}

}  // namespace client::testing
