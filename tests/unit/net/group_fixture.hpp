#pragma once

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "gms/group.hpp"
#include "tests/unit/net/event_loop.hpp"

namespace gms {

/// An application that remembers what it was given, and with which views; its memory stands for its
/// disk.
class Recorder final : public model::Application, public GroupListener, public net::EventSink {
 public:
  model::Result<std::optional<model::Bytes>> open(model::StateGeneration) override { return mark; }
  model::Index durable() const override { return {}; }
  bool is_behind() const override { return behind; }
  void take_state(model::OnStateTaken taken) override {
    taken(model::Error{model::ErrorCode::unavailable, "none"});
  }
  model::Result<std::unique_ptr<model::StateSink>> receive_state(
      std::vector<model::StatePart>) override {
    return model::Error{model::ErrorCode::unavailable, "none"};
  }
  model::Result<void> restore(std::unique_ptr<model::StateSink>, model::StateGeneration,
                              model::ByteSpan) override {
    return model::Error{model::ErrorCode::unavailable, "none"};
  }
  void state_settled(model::StateGeneration) override {}
  model::Result<void> deliver(const model::DeliveryBatch& batch) override {
    if (refuses) return model::Error{model::ErrorCode::io, "no room"};
    for (const model::Delivery& delivery : batch.deliveries) {
      delivered.emplace_back(model::as_text(delivery.payload));
      tickets.push_back(delivery.ticket);
    }
    mark = batch.mark;
    return {};
  }
  model::Result<void> install(const model::PlacedView& view, model::ByteSpan bytes) override {
    views.push_back(view.view);
    mark = model::Bytes(bytes.begin(), bytes.end());
    if (on_install) on_install();
    return {};
  }
  void completed(model::Ticket first, std::uint64_t count, const std::optional<model::Error>& error,
                 model::MemberId) override {
    for (std::uint64_t i = 0; i < count; ++i) ended[first + i] = error;
  }
  void read_ready(model::Ticket ticket, model::Index index) override { reads[ticket] = index; }
  void view_installed(const model::PlacedView&) override { ++views_told; }
  void stopped(const model::Error& error) override { failure = error; }
  void on_trace(const core::TraceEvent& event) override {
    lines.push_back(std::string(core::name_of(event)) + " " + core::describe(event));
  }
  void on_link(const net::LinkEvent& event) override {
    lines.push_back(std::string(net::to_string(event.kind)) + " " + net::describe(event));
  }

  /// Fails instead of applying what is delivered.
  bool refuses = false;
  bool behind = false;
  std::function<void()> on_install;
  std::optional<model::Bytes> mark;
  std::vector<std::string> delivered;
  std::vector<model::Ticket> tickets;
  std::vector<model::View> views;
  std::size_t views_told = 0;
  std::map<model::Ticket, std::optional<model::Error>> ended;
  std::map<model::Ticket, model::Index> reads;
  std::optional<model::Error> failure;
  std::vector<std::string> lines;
};

/// Several members in this process, on one event loop.
class Members {
 public:
  struct Seat {
    GroupOptions options;
    std::unique_ptr<Recorder> recorder = std::make_unique<Recorder>();
    std::unique_ptr<Group> group;
  };

  explicit Members(Durability durability);
  ~Members();

  /// Founds or joins, and waits until all are in one view.
  void start(std::size_t count);
  void open(std::size_t place);
  /// The process is gone, without a word.
  void kill(std::size_t place) { seats[place].group.reset(); }
  /// The place of the leader that those running agree on; none yet is seats.size().
  [[nodiscard]] std::size_t leader() const;
  [[nodiscard]] std::size_t wait_for_leader();
  [[nodiscard]] bool all_delivered(std::size_t count) const;
  template <class Done>
  [[nodiscard]] bool wait(Done done) {
    return net::run_until(context, done);
  }

  boost::asio::io_context context;
  std::vector<Seat> seats;
  /// Of those that start().
  core::Config config;

 private:
  Durability durability_;
  std::filesystem::path directory_;
};

}  // namespace gms
