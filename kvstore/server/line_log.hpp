#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "kvstore/server/settings.hpp"

namespace kvstore::server {

/// Lines for people on stderr, with their time. Thread rule: any thread.
class LineLog {
 public:
  explicit LineLog(LogLevel least);
  ~LineLog();
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  void write(LogLevel level, std::string_view line) const;

 private:
  struct Logger;
  std::unique_ptr<Logger> logger_;
};

}  // namespace kvstore::server
