#include "gms/net/log_inbox.hpp"

#include <boost/asio/dispatch.hpp>
#include <utility>

namespace gms::net {

void LogInbox::on_durable(model::PersistSeq seq) {
  durable_.store(seq.value(), std::memory_order_release);
  if (posted_.exchange(true, std::memory_order_acq_rel)) return;
  boost::asio::dispatch(context_, [self = shared_from_this()] { self->hand_on_durable(); });
}

void LogInbox::hand_on_durable() {
  // Cleared before the number is read: a report that comes in between posts again. By an exchange,
  // since a processor may read the number while a plain store still waits in its buffer: a report
  // that found the mark set would be lost. What the exchange takes away it has seen.
  posted_.exchange(false, std::memory_order_acq_rel);
  const model::PersistSeq seq(durable_.load(std::memory_order_acquire));
  if (receiver_) receiver_->take_durable(seq);
}

void LogInbox::on_read(model::ReadAnswer answer) {
  boost::asio::dispatch(context_,
                        [self = shared_from_this(), answer = std::move(answer)]() mutable {
                          if (self->receiver_) self->receiver_->take_read(std::move(answer));
                        });
}

void LogInbox::on_health(model::StorageHealth health) {
  boost::asio::dispatch(context_, [self = shared_from_this(), health] {
    if (self->receiver_) self->receiver_->take_health(health);
  });
}

void LogInbox::on_failure(model::Error error) {
  failed_.store(true, std::memory_order_release);
  boost::asio::dispatch(context_, [self = shared_from_this(), error = std::move(error)]() mutable {
    if (self->receiver_) self->receiver_->take_failure(std::move(error));
  });
}

}  // namespace gms::net
