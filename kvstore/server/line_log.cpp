#include "kvstore/server/line_log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace kvstore::server {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: break;
  }
  return spdlog::level::err;
}

}  // namespace

struct LineLog::Logger {
  spdlog::logger lines{"kvd", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

LineLog::LineLog(LogLevel least) : logger_(std::make_unique<Logger>()) {
  logger_->lines.set_level(level_of(least));
  logger_->lines.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger_->lines.flush_on(spdlog::level::debug);
}

LineLog::~LineLog() = default;

void LineLog::write(LogLevel level, std::string_view line) const {
  logger_->lines.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace kvstore::server
