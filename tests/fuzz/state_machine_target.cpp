#include <unistd.h>

#include <filesystem>
#include <memory>

#include "kvstore/replica/replica.hpp"
#include "kvstore/storage/memory_store.hpp"
#include "kvstore/storage/rocks_store.hpp"
#include "tests/fuzz/all_targets.hpp"
#include "tests/fuzz/encoded.hpp"
#include "tests/fuzz/state_machine_model.hpp"

namespace fuzz {
namespace {

namespace api = kvstore::api;
namespace model = gms::model;
namespace replica = kvstore::replica;
namespace storage = kvstore::storage;

constexpr StateMachineModel::Limits kLimits{3, 4, 60, 90};
constexpr std::uint64_t kKeys = 6;
constexpr std::size_t kCommandsMax = 300;

enum class Place : std::uint8_t { memory, disk };

StateMachineModel::Reply owned(const api::CommandReply& reply) {
  StateMachineModel::Reply out{reply.outcome, reply.revision.value(), std::nullopt};
  if (reply.previous)
    out.previous = {reply.previous->revision.value(),
                    std::string(model::as_text(reply.previous->value))};
  return out;
}

class Replies final : public replica::ReplySink {
 public:
  void on_replies(std::span<const replica::TicketReply> batch) override {
    for (const replica::TicketReply& one : batch) {
      const auto reply = api::decode_command_reply(one.reply);
      require(reply.has_value(), "replies can be decoded");
      heard.push_back(owned(*reply));
    }
  }

  std::vector<StateMachineModel::Reply> heard;
};

/// The store of one input, in memory or in a directory of its own, and the replica on it.
class Machine {
 public:
  explicit Machine(Place place) : place_(place) { open(); }
  ~Machine() {
    close();
    if (place_ == Place::disk) std::filesystem::remove_all(directory_);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Ends the process; what it had is flushed.
  void restart() {
    require(store_->flush().has_value(), "a store flushes");
    close();
    open();
  }
  [[nodiscard]] replica::Replica& replica() { return *replica_; }

  Replies replies;

 private:
  void close() {
    replica_.reset();
    store_.reset();
  }
  void open() {
    if (place_ == Place::disk) {
      auto opened = storage::RocksStore::open(directory_.string(), {});
      require(opened.has_value(), "a store opens");
      store_ = *std::move(opened);
    } else {
      store_ = std::make_unique<storage::MemoryStore>(image_);
    }
    replica::ReplicaOptions options;
    options.sessions = {kLimits.sessions_max, kLimits.unacknowledged_calls_max,
                        kLimits.unacknowledged_bytes_max, kLimits.held_bytes_max};
    auto opened = replica::Replica::open(*store_, replies, options);
    require(opened.has_value(), "a replica opens what it stored");
    replica_ = *std::move(opened);
  }

  const Place place_;
  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("groupkv-fuzz-" + std::to_string(::getpid()));
  storage::MemoryImage image_;
  std::unique_ptr<storage::Store> store_;
  std::unique_ptr<replica::Replica> replica_;
};

/// Both, under what the input says.
class TwoMachines {
 public:
  TwoMachines(ByteSpan input, Place place) : in_(input), machine_(place) {}

  void play() {
    while (in_.remaining() > 0 && index_ < kCommandsMax) {
      const std::uint8_t what = in_.u8();
      if (what % 16 == 0) {
        end_batch();
      } else if (what % 64 == 1) {
        end_batch();
        machine_.restart();
      } else {
        add(command(what));
      }
    }
    end_batch();
    compare();
  }

 private:
  Bytes command(std::uint8_t what) {
    switch (what % 16) {
      case 1: return encode_any(api::Command(api::RegisterSession{api::Nonce(in_.u8() % 5)}));
      case 2: return encode_any(api::Command(api::ExpireSessions{model::GroupClock(in_.u8())}));
      case 3: return encode_any(api::Command(api::TakeDigest{api::DigestDepth::deep}));
      case 4: {
        const ByteSpan raw = in_.raw(std::min<std::size_t>(in_.u8() % 64, in_.remaining()));
        return {raw.begin(), raw.end()};
      }
      default: return call(what);
    }
  }

  Bytes call(std::uint8_t what) {
    const std::string key(1, static_cast<char>('a' + in_.u8() % kKeys));
    const std::string value(in_.u8() % 40, static_cast<char>('a' + what % 8));
    const std::uint8_t choice = in_.u8();
    api::Condition condition = api::Always{};
    if (choice % 4 == 1) condition = api::IfAbsent{};
    if (choice % 4 == 2) condition = api::IfRevision{api::Revision(in_.u8())};
    if (choice % 4 == 3) condition = api::IfValue{model::as_bytes(value)};
    const auto previous = choice % 8 < 4 ? api::Previous::wanted : api::Previous::unwanted;
    api::Call call{api::SessionId(1 + in_.u8() % 40),
                   api::CallNumber(1 + in_.u8() % 12),
                   api::CallNumber(in_.u8() % 12),
                   {}};
    if (what % 4 == 3)
      call.operation = api::Erase{model::as_bytes(key), condition, previous};
    else
      call.operation = api::Put{model::as_bytes(key), model::as_bytes(value), condition, previous};
    return encode_any(api::Command(call));
  }

  void add(Bytes command) {
    ++index_;
    clock_ += command.size() % 3;
    const auto decoded = api::decode_command(command);
    expected_.push_back(
        model_.apply(decoded ? std::optional(*decoded) : std::nullopt, index_, clock_));
    commands_.push_back(std::move(command));
    clocks_.push_back(clock_);
  }

  void end_batch() {
    if (commands_.empty()) return;
    model::DeliveryBatch batch;
    const std::uint64_t first = index_ - commands_.size() + 1;
    for (std::size_t i = 0; i < commands_.size(); ++i)
      batch.deliveries.push_back({{model::Epoch(1), model::Index(first + i)},
                                  model::EntryKind::command,
                                  {},
                                  model::GroupClock(clocks_[i]),
                                  model::Ticket(first + i),
                                  commands_[i]});
    batch.last = model::Index(index_);
    batch.mark = Bytes{std::byte{1}};
    require(machine_.replica().deliver(batch).has_value(), "a replica takes any commands");
    require(machine_.replies.heard == expected_, "replies are those of the model");
    machine_.replies.heard.clear();
    expected_.clear();
    commands_.clear();
    clocks_.clear();
  }

  void compare() {
    require(machine_.replica().session_count() == model_.session_count(),
            "sessions are those of the model");
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      const std::string key(1, static_cast<char>('a' + i));
      model::ByteWriter out;
      require(machine_.replica().get({{}, model::as_bytes(key)}, out).has_value(), "a key is read");
      const auto got = api::decode_get_reply(out.bytes());
      require(got.has_value(), "a reply can be decoded");
      std::optional<StateMachineModel::Value> held;
      if (got->found)
        held = {got->found->revision.value(), std::string(model::as_text(got->found->value))};
      const auto wanted = model_.values().find(key);
      require(
          held == (wanted == model_.values().end() ? std::nullopt : std::optional(wanted->second)),
          "values are those of the model");
    }
  }

  model::ByteReader in_;
  Machine machine_;
  StateMachineModel model_{kLimits};
  std::uint64_t index_ = 0;
  std::uint64_t clock_ = 10;
  std::vector<Bytes> commands_;
  std::vector<std::uint64_t> clocks_;
  std::vector<StateMachineModel::Reply> expected_;
};

template <Place place>
void run_state_machine(ByteSpan input) {
  TwoMachines(input, place).play();
}

std::vector<Bytes> state_machine_corpus() {
  std::vector<Bytes> out;
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    Bytes input;
    std::uint64_t state = seed;
    // Sessions first, so that calls find some.
    for (const int byte : {17, 1, 17, 2, 17, 3, 16}) input.push_back(static_cast<std::byte>(byte));
    for (int i = 0; i < 600; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      input.push_back(static_cast<std::byte>(state >> 56));
    }
    out.push_back(input);
  }
  return out;
}

constexpr std::size_t kAllocatedMax = std::size_t{256} << 20;
constexpr std::size_t kAllocatedPerByteMax = 1 << 16;

}  // namespace

Target state_machine_target() {
  return {"state_machine", run_state_machine<Place::memory>, state_machine_corpus, kAllocatedMax,
          kAllocatedPerByteMax};
}

Target state_machine_on_disk_target() {
  return {"state_machine_on_disk", run_state_machine<Place::disk>, state_machine_corpus,
          kAllocatedMax, kAllocatedPerByteMax};
}

}  // namespace fuzz
