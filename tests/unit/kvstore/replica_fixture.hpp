#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kvstore/api/command.hpp"
#include "kvstore/replica/replica.hpp"
#include "kvstore/storage/memory_store.hpp"

namespace kvstore::replica {

using gms::model::as_bytes;
using gms::model::as_text;
using gms::model::Bytes;
using gms::model::ByteSpan;
using gms::model::ByteWriter;
using gms::model::Index;

inline std::string text_of(ByteSpan bytes) {
  return std::string(as_text(bytes));
}

inline Bytes encoded(const api::Command& command) {
  ByteWriter out;
  api::encode(command, out);
  return out.take();
}

inline api::Put put(std::string_view key, std::string_view value) {
  return {as_bytes(key), as_bytes(value), api::Always{}, api::Previous::unwanted};
}

inline api::Erase erase(std::string_view key) {
  return {as_bytes(key), api::Always{}, api::Previous::unwanted};
}

/// A reply that owns what it says.
struct OwnedReply {
  api::Outcome outcome;
  std::uint64_t revision;
  std::optional<std::pair<std::uint64_t, std::string>> previous;

  friend bool operator==(const OwnedReply&, const OwnedReply&) = default;
};

inline OwnedReply own(ByteSpan bytes) {
  const auto reply = api::decode_command_reply(bytes);
  if (!reply) return {api::Outcome::invalid, ~std::uint64_t{0}, std::nullopt};
  OwnedReply out{reply->outcome, reply->revision.value(), std::nullopt};
  if (reply->previous)
    out.previous.emplace(reply->previous->revision.value(), text_of(reply->previous->value));
  return out;
}

class RecordingSink final : public ReplySink {
 public:
  void on_replies(std::span<const TicketReply> batch) override {
    ++calls;
    for (const TicketReply& reply : batch) replies.push_back(own(reply.reply));
  }

  std::vector<OwnedReply> replies;
  int calls = 0;
};

/// The stream as gms would deliver it: every command has the next index, the clock is set by hand.
class Stream {
 public:
  struct Entry {
    Index index;
    gms::model::GroupClock clock;
    Bytes command;
  };

  Index add(Bytes command) {
    ++last_;
    entries_.push_back({last_, gms::model::GroupClock(clock), std::move(command)});
    return last_;
  }
  Index add(const api::Command& command) { return add(encoded(command)); }

  [[nodiscard]] Index last() const { return last_; }
  /// The mark after `index`, as this test's group writes it.
  [[nodiscard]] static Bytes mark(Index index) {
    const std::string text = "mark " + std::to_string(index.value());
    const ByteSpan bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
  }
  [[nodiscard]] static Index index_of(const std::optional<Bytes>& mark) {
    return mark ? Index(std::stoull(text_of(*mark).substr(5))) : Index();
  }

  /// The entries after `after`, up to `last`, as one batch with a ticket each.
  [[nodiscard]] gms::model::DeliveryBatch batch(Index after, Index last) const {
    gms::model::DeliveryBatch out;
    for (const Entry& entry : entries_) {
      if (entry.index <= after || entry.index > last) continue;
      out.deliveries.push_back({{gms::model::Epoch(1), entry.index},
                                gms::model::EntryKind::command,
                                {},
                                entry.clock,
                                gms::model::Ticket(entry.index.value()),
                                entry.command});
    }
    out.last = last;
    out.mark = mark(last);
    return out;
  }

  std::uint64_t clock = 1000;

 private:
  Index last_;
  std::vector<Entry> entries_;
};

/// A replica on a memory store, fed by a stream.
struct ReplicaOnMemory {
  explicit ReplicaOnMemory(storage::MemoryImage& image, const ReplicaOptions& options = {})
      : store(image), replica(*Replica::open(store, sink, options)) {}

  /// Delivers what the replica does not have, up to `last`, in batches of `batch_size`.
  void follow(const Stream& stream, Index last, std::size_t batch_size) {
    Index at = Stream::index_of(replica->stored_mark());
    while (at < last) {
      const Index to = std::min(last, at + batch_size);
      ASSERT_TRUE(replica->deliver(stream.batch(at, to)).has_value());
      at = to;
    }
  }
  void follow(const Stream& stream) { follow(stream, stream.last(), 1000); }

  RecordingSink sink;
  storage::MemoryStore store;
  std::unique_ptr<Replica> replica;
};

/// What the key holds at the replica.
inline std::optional<std::string> value_of(Replica& replica, std::string_view key) {
  ByteWriter out;
  EXPECT_TRUE(replica.get({{}, as_bytes(key)}, out).has_value());
  const auto reply = api::decode_get_reply(out.bytes());
  EXPECT_TRUE(reply.has_value());
  if (!reply->found) return std::nullopt;
  return text_of(reply->found->value);
}

/// Reads a deep digest to its end.
inline api::DigestReply finish_digest(Replica& replica, Index at) {
  for (int i = 0; i < 100'000; ++i) {
    const auto left = replica.work_on_deep_digest(3);
    EXPECT_TRUE(left.has_value());
    if (!left || *left == DeepWork::none) break;
  }
  return replica.digest_at({at});
}

}  // namespace kvstore::replica
