#include <algorithm>
#include <string>

#include "kvstore/api/snapshot_file.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/support/simulated_disk.hpp"

namespace fuzz {
namespace {

namespace api = kvstore::api;
using gms::model::as_bytes;
using tests::SimulatedDisk;

constexpr const char* kPath = "snapshots/one";

Bytes snapshot_of(int rows) {
  SimulatedDisk disk;
  require(disk.make_directory("snapshots").has_value(), "a simulated disk makes a directory");
  auto writer = api::SnapshotWriter::create(
      disk, kPath, {{1, 2}, 3, gms::model::Index(4), Bytes(40, std::byte{5})});
  require(writer.has_value(), "a simulated disk takes a snapshot");
  for (int i = 0; i < rows; ++i) {
    const std::string key = "kkey" + std::to_string(i);
    writer->add({as_bytes(key), {api::Revision(7), as_bytes("value")}});
    if (i % 3 == 2) require(writer->flush().has_value(), "a simulated disk takes rows");
  }
  require(writer->finish().has_value(), "a simulated disk takes an end");
  return disk.content(kPath);
}

const std::vector<Bytes>& originals() {
  static const std::vector<Bytes> kOriginals{snapshot_of(0), snapshot_of(1), snapshot_of(10)};
  return kOriginals;
}

/// Whether the file can be read to its end.
bool reads_whole(SimulatedDisk& disk) {
  auto reader = api::SnapshotReader::open(disk, kPath);
  if (!reader) return false;
  while (true) {
    const auto rows = reader->next();
    if (!rows) return false;
    if (rows->empty()) return true;
  }
}

void run_snapshot_file(ByteSpan input) {
  SimulatedDisk disk;
  require(disk.make_directory("snapshots").has_value(), "a simulated disk makes a directory");
  auto file = disk.create(kPath);
  require(file.has_value() && (*file)->write_at(0, {&input, 1}).has_value(),
          "a simulated disk takes bytes");
  const bool is_original = std::ranges::any_of(
      originals(), [&](const Bytes& one) { return std::ranges::equal(one, input); });
  const bool reads = reads_whole(disk);
  require(reads || !is_original, "a snapshot that was written is read");
}

}  // namespace

Target snapshot_file_target() {
  return {"snapshot_file", run_snapshot_file, [] { return originals(); }, std::size_t{1} << 20,
          1024};
}

}  // namespace fuzz
