#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "gms/log/log_store.hpp"
#include "gms/log/new_member.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/edits.hpp"
#include "tests/fuzz/samples.hpp"
#include "tests/support/simulated_disk.hpp"

namespace fuzz {
namespace {

using gms::log::LogOptions;
using gms::log::LogStore;
using tests::SimulatedDisk;
namespace model = gms::model;

constexpr const char* kDirectory = "member";
constexpr std::array<const char*, 9> kFiles{
    "member/log/1-1.seg", "member/log/1-2.seg", "member/log/1-3.seg",
    "member/HARD.0",      "member/HARD.1",      "member/META.0",
    "member/META.1",      "member/BOOT",        "member/IDENTITY"};

LogOptions small_segments() {
  LogOptions options;
  options.segment_bytes = options.first_segment_bytes = std::uint64_t{8} * 1024;
  options.reserve_bytes = 0;
  return options;
}

/// A member's directory, and all that was ever true of it.
class Written {
 public:
  Written() {
    model::View view;
    view.seq = model::ViewSeq(1);
    view.members = {sample_member()};
    view.up = {sample_member().id};
    view.subject = sample_member().id;
    const gms::log::NewMember founder{
        {{1, 2}, sample_member().id, "n1"}, view, gms::log::LogSalt(0x5A17)};
    require(gms::log::initialise(disk_, kDirectory, founder, small_segments()).has_value(),
            "a simulated disk takes a new member");
    auto started = LogStore::recover(disk_, kDirectory, small_segments());
    require(started.has_value(), "a new member starts");
    // A log may have lost its end, or all of it, to zeros that nothing tells from what was never
    // there.
    note({});
    note(started->state.log.head);
    hard_states_.push_back(started->state.hard_state);
    head_ = started->state.log.head;
    for (std::uint64_t epoch = 2; epoch <= 6; ++epoch) write(*started->store, epoch);
    started->store.reset();
    disk_.end_process();
  }

  [[nodiscard]] std::unique_ptr<SimulatedDisk> image() const { return disk_.image(); }
  [[nodiscard]] bool held(const model::ChainHead& head) const {
    return std::ranges::find(heads_, head) != heads_.end();
  }
  [[nodiscard]] bool promised(const model::HardState& hard_state) const {
    return std::ranges::find(hard_states_, hard_state) != hard_states_.end();
  }
  [[nodiscard]] const model::ChainHead& head() const { return head_; }

 private:
  void note(const model::ChainHead& head) { heads_.push_back(head); }

  void write(LogStore& store, std::uint64_t epoch) {
    model::EntryRunBuilder builder;
    const Bytes payload(700, static_cast<std::byte>(epoch));
    for (int i = 0; i < 4; ++i) builder.append(model::EntryKind::command, {payload});
    model::PersistRequest request;
    request.seq = model::PersistSeq(epoch);
    request.hard_state = model::HardState{model::Epoch(epoch), sample_member().id};
    request.entries.push_back(builder.seal(head_, model::Epoch(epoch), head_.clock));
    for (const model::EntryView entry : request.entries.front())
      note({entry.position(), entry.hash(), entry.clock()});
    head_ = request.entries.front().head();
    hard_states_.push_back(*request.hard_state);
    // Without a vote where the log alone tells of the epoch.
    hard_states_.push_back({model::Epoch(epoch), {}});
    require(store.write({&request, 1}).has_value(), "a simulated disk takes entries");
  }

  SimulatedDisk disk_;
  model::ChainHead head_;
  std::vector<model::ChainHead> heads_;
  std::vector<model::HardState> hard_states_;
};

const Written& written() {
  static const Written kWritten;
  return kWritten;
}

bool has(SimulatedDisk& disk, const std::string& path) {
  return disk.open(path, gms::log::Access::read).has_value();
}

void run_recovery(ByteSpan input) {
  const auto [which, edits] = select(input, kFiles.size());
  const auto disk = written().image();
  if (!has(*disk, kFiles[which])) return;
  Bytes content = disk->content(kFiles[which]);
  Edits(edits).apply(content);
  disk->damage(kFiles[which], 0, content);
  const auto found = LogStore::recover(*disk, kDirectory, small_segments());
  if (edits.empty())
    require(found && found->state.log.head == written().head(), "what is whole is recovered whole");
  if (!found) return;
  const model::RestoredState& state = found->state;
  require(written().held(state.log.head), "recovery invents no entry");
  require(written().promised(state.hard_state), "recovery invents no vote");
  require(state.identity.self == sample_member().id, "a member stays who it is");
  for (const model::EntryRun& run : state.log.tail)
    for (const model::EntryView entry : run)
      require(written().held({entry.position(), entry.hash(), entry.clock()}),
              "recovery gives what was written");
}

std::vector<Bytes> recovery_corpus() {
  std::vector<Bytes> out;
  for (std::size_t file = 0; file < kFiles.size(); ++file) {
    gms::model::ByteWriter overwrite;
    overwrite.u8(0);
    overwrite.u32(1000);
    overwrite.u8(2);
    overwrite.u8(1);
    overwrite.u8(2);
    gms::model::ByteWriter copy;
    copy.u8(1);
    copy.u32(1024);
    copy.u32(3072);
    copy.u8(2);
    gms::model::ByteWriter cut;
    cut.u8(2);
    cut.u32(2048);
    for (const gms::model::ByteWriter* const edit : {&overwrite, &copy, &cut})
      out.push_back(selecting(file, edit->bytes()));
    out.push_back(selecting(file, {}));
  }
  return out;
}

}  // namespace

Target recovery_target() {
  return {"recovery", run_recovery, recovery_corpus, std::size_t{64} << 20, 1024};
}

}  // namespace fuzz
