#include "gms/model/entry.hpp"

namespace gms::model {

void store(std::byte* to, const MulticastHeader& header) {
  store_little_endian(to, header.sender.node.value());
  store_little_endian(to + 8, header.sender.incarnation.value());
  store_little_endian(to + 16, header.boot.value());
  store_little_endian(to + 24, header.seq.value());
}

MulticastHeader load_multicast_header(const std::byte* from) {
  const auto field = [from](std::size_t at) {
    return load_little_endian<std::uint64_t>(from + at);
  };
  return {{NodeId(field(0)), Incarnation(field(8))}, BootSeq(field(16)), MulticastSeq(field(24))};
}

}  // namespace gms::model
