#include <algorithm>

#include "kvstore/server/process.hpp"
#include "kvstore/server/program.hpp"

int main(int count, const char* const* arguments) {
  kvstore::server::prepare_process();
  return kvstore::server::run_program(
      {arguments + 1, static_cast<std::size_t>(std::max(count, 1) - 1)});
}
