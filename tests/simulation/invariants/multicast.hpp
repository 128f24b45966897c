#pragma once

#include <map>
#include <unordered_map>

#include "gms/core/effect.hpp"
#include "tests/simulation/world.hpp"

namespace tests::simulation {

/// What a simulated member multicasts: who, and its how-manieth of this boot.
struct MulticastBody {
  gms::model::MemberId sender;
  gms::model::BootSeq boot;
  std::uint64_t number = 0;

  friend bool operator==(const MulticastBody&, const MulticastBody&) = default;
};
[[nodiscard]] gms::model::Bytes encode(const MulticastBody& body);
[[nodiscard]] std::optional<MulticastBody> decode_multicast_body(gms::model::ByteSpan bytes);

/// A3, A4, V1 to V6: every member is delivered the same messages, in one order, in the same views,
/// without a gap; one that has been in a view goes on in views that have it, until its removal; and
/// a multicast's sender is up in the view that it is delivered in.
class OneStream {
 public:
  void delivers(World& world, const ShadowMember& member, const gms::model::DeliveryBatch& batch);
  void installs(World& world, const ShadowMember& member, const gms::model::PlacedView& view);
  /// The member's application is at `applied`, and in `view`, after a restart.
  void restarts(const ShadowMember& member, gms::model::Index applied, gms::model::ViewSeq view);
  /// The member's application has gone over to the state at `mark`.
  void restores(const ShadowMember& member, const gms::model::Mark& mark);
  [[nodiscard]] std::uint64_t delivered() const { return count_; }

 private:
  struct Record {
    std::uint64_t content = 0;
    /// How many messages were delivered up to and with this one; zero where none was.
    std::uint64_t ordinal = 0;
    gms::model::ViewSeq view;
  };
  /// How far a member is.
  struct Reader {
    gms::model::Index last;
    std::uint64_t ordinal = 0;
    gms::model::ViewSeq view;
    /// Of the messages since the view was installed, if it was installed in this boot.
    std::optional<std::uint64_t> set;
    /// The view has the member. A joiner is delivered the views before its own, too.
    bool inside = false;
  };
  struct ViewRecord {
    gms::model::PlacedView view;
    std::uint64_t ordinal = 0;
    std::optional<std::uint64_t> set_before;
  };

  void delivers(World& world, const ShadowMember& member, Reader& reader,
                const gms::model::Delivery& delivery);

  std::vector<Record> records_;
  std::map<gms::model::MemberId, Reader> readers_;
  std::map<gms::model::ViewSeq, ViewRecord> views_;
  std::uint64_t count_ = 0;
};

/// A1, A5, A6: a multicast is delivered at one index only, as its sender sent it, in the order in
/// which the sender sent.
class MulticastsAreExact {
 public:
  void sends(const MulticastBody& body) { sent_[key_of(body)].sent = body.number; }
  void delivers(World& world, const ShadowMember& member, const gms::model::DeliveryBatch& batch);
  /// How many of the multicasts of that boot were delivered to anybody.
  [[nodiscard]] std::uint64_t newest_delivered(const gms::model::MemberId& sender,
                                               gms::model::BootSeq boot) const;

 private:
  using SenderBoot = std::pair<gms::model::MemberId, gms::model::BootSeq>;
  struct Stream {
    std::uint64_t sent = 0;
    /// Numbers and the indexes where they stand, both growing.
    std::vector<std::pair<std::uint64_t, gms::model::Index>> delivered;
  };

  static SenderBoot key_of(const MulticastBody& body) { return {body.sender, body.boot}; }

  std::map<SenderBoot, Stream> sent_;
};

}  // namespace tests::simulation
