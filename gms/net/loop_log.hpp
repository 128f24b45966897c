#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "gms/log/memory_log.hpp"

namespace gms::net {

/// A MemoryLog that reports through an event loop, in a later turn of it than the one that asked.
///
/// Thread rule: the io_context's thread. Ownership: as of MemoryLog; the io_context outlives it.
class LoopLog final : public model::Log {
 public:
  LoopLog(boost::asio::io_context& context, model::RecoveredLog start,
          model::LogListener& listener);

  void persist(model::PersistRequest request) override { log_->persist(std::move(request)); }
  void read(model::ReadRequest request) override { log_->read(request); }
  void stop() override { log_->stop(); }

 private:
  boost::asio::io_context& context_;
  /// Shared with the report that is on its way.
  std::shared_ptr<log::MemoryLog> log_;
};

}  // namespace gms::net
