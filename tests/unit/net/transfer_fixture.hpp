#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gms/model/state_transfer.hpp"
#include "gms/net/links.hpp"
#include "gms/net/state_fetch.hpp"
#include "gms/net/state_shelf.hpp"
#include "tests/unit/net/event_loop.hpp"

namespace gms::net {

using namespace std::chrono_literals;

inline const model::GroupId kTransferGroup{7, 8};

inline model::MemberId transfer_member(std::uint64_t number) {
  return {model::NodeId(number), model::Incarnation(100 + number)};
}

/// Parts of those sizes, whose bytes tell where they stand.
std::vector<model::Bytes> contents_of(const std::vector<std::size_t>& sizes);

/// What became of a source or a sink, told to whoever may outlive it.
struct Fate {
  std::uint64_t bytes = 0;
  bool finished = false;
  bool destroyed = false;
};

/// A state in memory.
class BytesSource final : public model::StateSource {
 public:
  BytesSource(std::vector<model::Bytes> contents, Fate& fate);
  ~BytesSource() override { fate_.destroyed = true; }
  const std::vector<model::StatePart>& parts() const override { return parts_; }
  model::Result<std::size_t> read(std::size_t part, std::uint64_t offset,
                                  std::span<std::byte> into) override;

 private:
  std::vector<model::Bytes> contents_;
  std::vector<model::StatePart> parts_;
  Fate& fate_;
};

/// Takes what comes in order, once.
class BytesSink final : public model::StateSink {
 public:
  /// What is to go wrong, and who is told of each write.
  struct Script {
    std::uint64_t full_at = UINT64_MAX;
    bool cannot_finish = false;
    std::function<void()> on_write = [] {};
  };

  BytesSink(std::vector<model::Bytes>& contents, Fate& fate, const Script& script)
      : contents_(contents), fate_(fate), script_(script) {}
  ~BytesSink() override { fate_.destroyed = true; }
  model::Result<void> write(std::size_t part, std::uint64_t offset, model::ByteSpan bytes) override;
  model::Result<void> finish() override;

 private:
  std::vector<model::Bytes>& contents_;
  Fate& fate_;
  const Script& script_;
};

TransferSettings transfer_settings(std::uint64_t number);

/// A member that has snapshots: its links and its shelf, on one thread.
class SourceEnd : private LinksListener, private EventSink {
 public:
  SourceEnd(boost::asio::io_context& context, const TransferSettings& settings);
  ~SourceEnd() override;

  /// Puts a state of those parts on the shelf.
  model::SnapshotMeta put(std::uint64_t id, std::vector<model::Bytes> contents);
  StateShelf& shelf() { return *shelf_; }
  const std::string& address() const { return address_; }
  std::uint64_t bytes_sent() const { return counters_.bytes_sent; }

  Fate fate;
  std::size_t refused = 0;

 private:
  void on_link_input(core::Input) override {}
  void on_links_broken(model::Error) override {}
  void on_state_connection(boost::asio::ip::tcp::socket socket,
                           const wire::StateHello& hello) override;
  void on_trace(const core::TraceEvent&) override {}
  void on_link(const LinkEvent& event) override;

  model::MemberId self_;
  std::string address_;
  TransferCounters counters_;
  std::shared_ptr<Links> links_;
  std::shared_ptr<StateShelf> shelf_;
};

/// A member that fetches, and what it is told.
class FetchEnd : private StateFetch::Owner {
 public:
  FetchEnd(boost::asio::io_context& context, const TransferSettings& settings,
           model::SnapshotMeta meta);
  ~FetchEnd() override { fetch_->stop(); }

  StateFetch& fetch() { return *fetch_; }
  bool is_over() const { return staged || failure.has_value(); }

  BytesSink::Script script;
  Fate fate;
  std::vector<model::Bytes> contents;
  std::vector<std::uint64_t> progress;
  std::vector<std::string> failed_attempts;
  std::optional<model::Error> failure;
  std::size_t asked_for_place = 0;
  bool staged = false;
  /// There is no place for the parts.
  bool refuses = false;

 private:
  void on_parts(StateFetch& fetch) override;
  void on_progress(StateFetch& fetch, std::uint64_t bytes) override;
  void on_staged(StateFetch& fetch) override;
  void on_fetch_failed(StateFetch& fetch, const model::Error& error) override;
  void on_attempt_failed(StateFetch& fetch, const std::string& why) override;

  boost::asio::io_context& context_;
  TransferCounters counters_;
  std::shared_ptr<StateFetch> fetch_;
};

/// Passes connections on, and harms what comes back over them.
class Relay {
 public:
  /// Of one connection: after so many bytes it is cut, and that byte is changed.
  struct Fault {
    std::size_t cut_at = SIZE_MAX;
    std::size_t flip_at = SIZE_MAX;
  };

  /// The first connections have these faults, further ones have none.
  Relay(boost::asio::io_context& context, std::string target, std::vector<Fault> faults);
  ~Relay();

  const std::string& address() const { return address_; }
  std::size_t connections() const { return pairs_.size(); }

 private:
  struct Pair;
  void accept_next();

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string target_;
  std::string address_;
  std::vector<Fault> faults_;
  std::vector<std::shared_ptr<Pair>> pairs_;
};

/// A source that answers each connection with frames that were written down, whatever it is asked.
class ScriptedSource {
 public:
  /// The first connection is answered with the first of the answers. As many may come.
  ScriptedSource(boost::asio::io_context& context, std::vector<wire::FrameWriter> answers);
  ~ScriptedSource();

  const std::string& address() const { return address_; }
  std::size_t connections() const { return sockets_.size(); }

 private:
  void accept_next();

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::string address_;
  std::vector<wire::FrameWriter> answers_;
  std::vector<std::unique_ptr<boost::asio::ip::tcp::socket>> sockets_;
};

}  // namespace gms::net
