#include "tests/torture/committed_log.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <optional>

#include "gms/log/batch_header.hpp"
#include "gms/log/inspection.hpp"
#include "gms/log/posix_file_system.hpp"
#include "gms/model/crc32c.hpp"

namespace tests::torture {
namespace {

using gms::model::ByteSpan;
using gms::model::EntryRun;
using gms::model::EntryView;
using gms::model::Index;
using gms::model::Payload;

template <class Visit>
void for_each_entry(const MemberLog& log, Index commit, Visit visit) {
  for (const EntryRun& run : log.runs)
    for (const EntryView entry : run)
      if (entry.index() <= commit) visit(entry);
}

gms::model::Bytes bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  gms::model::Bytes bytes(std::filesystem::file_size(file));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

/// The encoded entries of the batch at the front, and nothing of them if there is no whole one.
std::optional<ByteSpan> batch_in(ByteSpan bytes) {
  const auto stored = gms::log::decode_batch_header(bytes);
  if (!stored || bytes.size() - gms::log::kBatchHeaderBytes < stored->header.entry_bytes)
    return std::nullopt;
  const ByteSpan entries = bytes.subspan(gms::log::kBatchHeaderBytes, stored->header.entry_bytes);
  if (gms::model::crc32c(0, entries) != stored->header.entries_checksum) return std::nullopt;
  return entries;
}

}  // namespace

gms::model::Result<MemberLog> read_log(const std::string& name, const std::filesystem::path& data) {
  gms::log::PosixFileSystem files;
  auto inspected = gms::log::inspect(files, data.string(), std::numeric_limits<std::size_t>::max());
  if (!inspected) return inspected.error();
  MemberLog log{name, inspected->log.log.base.head.position.index, {}};
  for (EntryRun& run : inspected->log.log.tail) log.runs.push_back(std::move(run));
  return log;
}

std::string difference_between(const std::vector<MemberLog>& logs, Index commit) {
  std::map<std::uint64_t, std::pair<std::string, gms::model::EntryHash>> known;
  std::string differs;
  for (const MemberLog& log : logs)
    for_each_entry(log, commit, [&](EntryView entry) {
      const auto [at, is_new] =
          known.try_emplace(entry.index().value(), std::pair(log.name, entry.hash()));
      if (is_new || at->second.second == entry.hash() || !differs.empty()) return;
      differs = "entry " + std::to_string(at->first) + " is not the same in the logs of " +
                at->second.first + " and " + log.name;
    });
  return differs;
}

LogRemains::LogRemains(const std::vector<MemberLog>& logs) : logs_(logs) {
  for (const MemberLog& log : logs_)
    for (const EntryRun& run : log.runs) add(run);
}

bool LogRemains::add(const EntryRun& run) {
  bool is_new = false;
  for (const EntryView entry : run) {
    std::vector<EntryView>& known = entries_[entry.index().value()];
    if (std::ranges::find(known, entry.hash(), &EntryView::hash) != known.end()) continue;
    known.push_back(entry);
    is_new = true;
  }
  return is_new;
}

void LogRemains::add_segment(const std::filesystem::path& file) {
  const gms::model::Bytes bytes = bytes_of(file);
  const ByteSpan all(bytes);
  for (std::size_t at = 0; at + gms::log::kBatchHeaderBytes <= all.size();) {
    const auto batch = batch_in(all.subspan(at));
    at += batch ? gms::log::batch_extent(batch->size()) : gms::log::kSectorBytes;
    if (!batch || batch->empty()) continue;
    auto run = EntryRun::parse(Payload::copy_of(*batch));
    if (run && add(*run)) runs_.push_back(*std::move(run));
  }
}

const EntryView* LogRemains::before(EntryView entry) const {
  const auto found = entries_.find(entry.index().value() - 1);
  if (found == entries_.end()) return nullptr;
  for (const EntryView& candidate : found->second)
    if (chain_hash(candidate.hash(), entry) == entry.hash()) return &candidate;
  return nullptr;
}

CommittedEntries LogRemains::up_to(Index commit) const {
  CommittedEntries out;
  std::optional<EntryView> last;
  for (const MemberLog& log : logs_)
    for_each_entry(log, commit, [&](EntryView entry) {
      if (!last || entry.index() > last->index()) last = entry;
    });
  const Index reached = last ? last->index() : Index();
  if (reached < commit) {
    const bool is_in_snapshot =
        std::ranges::any_of(logs_, [&](const MemberLog& log) { return log.base >= commit; });
    const std::string next = "entry " + std::to_string(reached.next().value());
    if (!is_in_snapshot) out.lost = next + " is committed, and in no log";
    if (is_in_snapshot) out.missing = next + " is in a snapshot alone";
  }
  if (!last) return out;
  out.entries.push_back(*last);
  for (const EntryView* next = before(*last); next != nullptr; next = before(*next))
    out.entries.push_back(*next);
  std::ranges::reverse(out.entries);
  const Index first = out.entries.front().index();
  if (first != Index().next())
    out.missing = "nothing is left of entry " + std::to_string(first.value() - 1);
  return out;
}

}  // namespace tests::torture
