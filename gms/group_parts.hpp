#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>

#include "gms/group.hpp"
#include "gms/log/durable_log.hpp"
#include "gms/log/posix_file_system.hpp"
#include "gms/net/driver.hpp"

namespace gms {

/// Single requests that somebody waits for, by their tickets. One thread.
template <class T>
class Waiters {
 public:
  void add(model::Ticket ticket, std::unique_ptr<Completion<T>> completion) {
    waiting_.emplace(ticket, std::move(completion));
  }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

  /// Ends all that wait for tickets first … first + count - 1.
  void complete(model::Ticket first, std::uint64_t count, const model::Result<T>& result) {
    // Out of the map first: who is called may ask again.
    auto from = waiting_.lower_bound(first);
    while (from != waiting_.end() && from->first < first + count) {
      const auto ended = waiting_.extract(from);
      ended.mapped()->complete(result);
      from = waiting_.lower_bound(first);
    }
  }
  void clear() { waiting_.clear(); }

 private:
  std::multimap<model::Ticket, std::unique_ptr<Completion<T>>> waiting_;
};

/// What a Group is made of: its driver, and who is told what the driver's engine answers.
class Group::Parts final : public net::DriverListener {
 public:
  struct Start {
    model::Member self;
    model::Identity identity;
    model::BootSeq boot;
    model::PlacedView view;
    std::unique_ptr<log::FileSystem> files;
  };

  Parts(boost::asio::io_context& loop, Start start, GroupListener& told)
      : context(loop),
        self(std::move(start.self)),
        identity(std::move(start.identity)),
        boot(start.boot),
        listener(told),
        view(std::move(start.view)),
        files(std::move(start.files)) {}

  void on_completed(const core::Completed& completed) override;
  void on_read_ready(const core::ReadReady& ready) override;
  void on_delivered(const model::DeliveryBatch& batch) override;
  void on_view(const model::PlacedView& installed) override;
  void on_restored(const model::PlacedView& restored) override;
  void on_group(const model::GroupId& group) override { identity.group = group; }
  void on_stopped(const model::Error& error) override;

  void forget_waiters();

  boost::asio::io_context& context;
  const model::Member self;
  model::Identity identity;
  const model::BootSeq boot;
  GroupListener& listener;
  model::PlacedView view;

  Waiters<model::Position> deliveries;
  Waiters<model::Index> reads;
  Waiters<void> requests;

  /// Outlives the log.
  const std::unique_ptr<log::FileSystem> files;
  /// The driver's; null for a log in memory, and after the driver stopped.
  log::DurableLog* durable_log = nullptr;
  std::shared_ptr<net::Driver> driver;
  /// A callback may stop the group before the next one.
  bool stopped = false;
};

}  // namespace gms
