#include "tests/cluster/member_reader.hpp"

#include <boost/asio/io_context.hpp>

#include "client/connection.hpp"
#include "kvstore/api/query.hpp"

namespace tests::cluster {

using client::Error;
using client::ErrorCode;
using client::Result;
using kvstore::api::RequestId;
namespace api = kvstore::api;

/// One connection, and the answer that is waited for.
class MemberReader::Conversation final : private client::ConnectionListener {
 public:
  explicit Conversation(const std::string& address) {
    client::ConnectionListener& listener = *this;
    connection_ = std::make_shared<client::Connection>(context_, address, 0, listener);
    connection_->start({api::kClientProtocolVersion, {}});
  }
  ~Conversation() override {
    connection_->stop();
    // What was begun ends before what it refers to.
    context_.poll();
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  [[nodiscard]] bool is_lost() const { return failure_.has_value(); }

  Result<MemberRead> get(const std::string& key, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    run(until, [this] { return open_ || failure_; });
    if (failure_) return *failure_;
    if (!open_) return Error{ErrorCode::timed_out, "no welcome in time"};
    gms::model::ByteWriter body;
    encode(api::GetQuery{{}, gms::model::as_bytes(key)}, body);
    wanted_ = wanted_.next();
    answer_.reset();
    connection_->queue({wanted_, limit, api::RequestKind::get, body.bytes()});
    connection_->flush();
    run(until, [this] { return answer_ || failure_; });
    if (answer_) return *answer_;
    if (failure_) return *failure_;
    return Error{ErrorCode::timed_out, "no answer in time"};
  }

 private:
  template <class Condition>
  void run(std::chrono::steady_clock::time_point until, Condition is_reached) {
    while (!is_reached() && context_.run_one_until(until) > 0) continue;
    if (context_.stopped()) context_.restart();
  }

  std::optional<client::Error> opened(client::Connection&, const api::Welcome&) override {
    open_ = true;
    return std::nullopt;
  }
  void replied(client::Connection&, const api::Reply& reply) override {
    if (reply.id != wanted_) return;
    if (reply.error) {
      answer_ = Error{*reply.error, std::string(gms::model::as_text(reply.body))};
      return;
    }
    const auto decoded = api::decode_get_reply(reply.body);
    if (!decoded) {
      answer_ = decoded.error();
      return;
    }
    MemberRead read{std::nullopt, reply.applied};
    if (decoded->found)
      read.value = client::Value{std::string(gms::model::as_text(decoded->found->value)),
                                 decoded->found->revision};
    answer_ = read;
  }
  void read_ended() override {}
  void drained() override {}
  void closed(client::Connection&, const Error& error) override { failure_ = error; }

  boost::asio::io_context context_;
  std::shared_ptr<client::Connection> connection_;
  bool open_ = false;
  std::optional<Error> failure_;
  RequestId wanted_;
  std::optional<Result<MemberRead>> answer_;
};

MemberReader::MemberReader(std::string address) : address_(std::move(address)) {}

MemberReader::~MemberReader() = default;

Result<MemberRead> MemberReader::get(const std::string& key, std::chrono::milliseconds limit) {
  if (!conversation_ || conversation_->is_lost())
    conversation_ = std::make_unique<Conversation>(address_);
  return conversation_->get(key, limit);
}

}  // namespace tests::cluster
