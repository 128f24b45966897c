#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "gms/model/log.hpp"

namespace gms::net {

/// Carries what a log reports from the log's thread to the group's: one wake-up for any number of
/// reports of durability. What is reported on the group's own thread is handed on at once.
///
/// Thread rule: the LogListener methods on any one thread at a time; the rest on the io_context's.
/// Ownership: shared by the driver and the calls under way, so that a late one finds it; the
/// receiver outlives the call of close().
class LogInbox final : public model::LogListener, public std::enable_shared_from_this<LogInbox> {
 public:
  /// Hears the same on the io_context's thread. Of several durable orders it hears the last.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void take_durable(model::PersistSeq seq) = 0;
    virtual void take_read(model::ReadAnswer answer) = 0;
    virtual void take_health(model::StorageHealth health) = 0;
    virtual void take_failure(model::Error error) = 0;
  };

  LogInbox(boost::asio::io_context& context, Receiver& receiver)
      : context_(context), receiver_(&receiver) {}

  void on_durable(model::PersistSeq seq) override;
  void on_read(model::ReadAnswer answer) override;
  void on_health(model::StorageHealth health) override;
  void on_failure(model::Error error) override;

  /// The log has failed, told or not told yet: nothing may leave this process any more [C12].
  [[nodiscard]] bool has_failed() const { return failed_.load(std::memory_order_acquire); }
  /// The receiver hears nothing from now on.
  void close() { receiver_ = nullptr; }

 private:
  void hand_on_durable();

  boost::asio::io_context& context_;
  Receiver* receiver_;
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<bool> posted_{false};
  std::atomic<bool> failed_{false};
};

}  // namespace gms::net
