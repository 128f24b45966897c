#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/torture/play.hpp"

namespace tests::torture {

/// What the command line asks for.
struct Request {
  std::string scenario;
  bool all = false;
  std::uint64_t first_seed = 1;
  std::uint64_t last_seed = 1;
  std::uint64_t seconds = 10;
  int replicas = 3;
  int base_port = 31000;
  std::filesystem::path results;
  std::filesystem::path parent;
  Keep keep = Keep::on_failure;
};

/// Whether the same run, wherever its group listened, was clean with programs of the same build.
[[nodiscard]] bool is_done(const std::vector<Row>& rows, const Run& run, std::string_view build);

/// Plays what was asked for. Runs that the results' file has as clean, with the programs as they
/// are now, are left out. True when all are clean.
[[nodiscard]] bool play_all(const Request& request);

}  // namespace tests::torture
