#include "gms/net/loop_log.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace gms::net {

LoopLog::LoopLog(boost::asio::io_context& context, model::RecoveredLog start,
                 model::LogListener& listener)
    : context_(context), log_(std::make_shared<log::MemoryLog>(std::move(start), listener, [this] {
        boost::asio::post(context_, [log = log_] { log->complete(); });
      })) {}

}  // namespace gms::net
