#include "tests/torture/build_id.hpp"

#include <array>
#include <cstdio>
#include <stdexcept>

#include "gms/model/crc32c.hpp"
#include "tests/cluster/faulty_disks.hpp"
#include "tests/cluster/program.hpp"

namespace tests::torture {

std::string build_id() {
  std::uint32_t checksum = 0;
  for (const std::filesystem::path& path : {std::filesystem::path(cluster::built("torture")),
                                            {cluster::built("torture_client")},
                                            {cluster::built("kvd")},
                                            {cluster::built("stopping/kvd")},
                                            {cluster::built("kvctl")},
                                            cluster::FaultyDisks::library()}) {
    const std::string content = cluster::content_of(path);
    if (content.empty()) throw std::runtime_error("cannot read " + path.string());
    checksum = gms::model::crc32c(checksum, gms::model::as_bytes(content));
  }
  std::array<char, 9> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x", checksum);
  return digits.data();
}

}  // namespace tests::torture
