#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/allocations.hpp"

namespace fuzz {

std::span<const Target> targets() {
  static const std::vector<Target> kTargets{
      frames_target(),        peer_messages_target(),        records_target(),
      recovery_target(),      client_protocol_target(),      commands_target(),
      inspection_target(),    snapshot_file_target(),        pair_lines_target(),
      state_machine_target(), state_machine_on_disk_target()};
  return kTargets;
}

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(targets(), name, &Target::name);
  return found == targets().end() ? nullptr : &*found;
}

void run(const Target& target, ByteSpan input) {
  const std::size_t before = allocated_bytes();
  target.run(input);
  require(allocated_bytes() - before <=
              target.allocated_max + target.allocated_per_byte_max * input.size(),
          "memory is allocated in proportion to the input");
}

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: not so: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

Selected select(ByteSpan input, std::size_t count) {
  if (input.empty()) return {};
  return {static_cast<std::size_t>(input.front()) % count, input.subspan(1)};
}

Bytes selecting(std::size_t which, ByteSpan rest) {
  Bytes out(rest.size() + 1);
  out.front() = static_cast<std::byte>(which);
  std::copy(rest.begin(), rest.end(), out.begin() + 1);
  return out;
}

}  // namespace fuzz
