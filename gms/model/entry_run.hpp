#pragma once

#include <initializer_list>
#include <memory>
#include <optional>

#include "gms/model/entry.hpp"
#include "gms/model/payload.hpp"
#include "gms/model/result.hpp"

namespace gms::model {

/// The end of a log, to which the next entry is chained.
struct ChainHead {
  Position position;
  EntryHash hash;
  GroupClock clock;

  friend bool operator==(const ChainHead&, const ChainHead&) = default;
};

/// Consecutive encoded entries in one shared buffer: the unit of memory, messages, log writes,
/// hashing and delivery. Immutable; copying one shares its buffer. Any thread may read it.
class EntryRun {
 public:
  class Iterator {
   public:
    explicit Iterator(const std::byte* at) : at_(at) {}
    EntryView operator*() const { return EntryView(at_); }
    Iterator& operator++() {
      at_ += EntryView(at_).bytes();
      return *this;
    }
    friend bool operator==(Iterator, Iterator) = default;

   private:
    const std::byte* at_;
  };

  /// Where the entries of a run stand in its buffer.
  struct Layout {
    Index first;
    std::size_t count = 0;
    std::size_t last_offset = 0;
  };

  /// No entries.
  EntryRun() = default;
  /// Takes encoded entries that are known to be whole and in order: use parse() for any others.
  EntryRun(Payload encoded, Layout layout) : payload_(std::move(encoded)), layout_(layout) {}

  /// Takes bytes from a peer or a disk. Checks that they are whole entries of known kinds and
  /// bounded size with consecutive indexes from 1 on, non-decreasing epochs (none zero) and clocks.
  /// Does not check hashes: see chain_is_intact(). Error: corrupt.
  [[nodiscard]] static Result<EntryRun> parse(Payload bytes);

  [[nodiscard]] bool empty() const { return layout_.count == 0; }
  [[nodiscard]] std::size_t count() const { return layout_.count; }
  /// Encoded size.
  [[nodiscard]] std::size_t bytes() const { return payload_.size(); }
  /// The encoded entries.
  [[nodiscard]] const Payload& encoded() const { return payload_; }

  [[nodiscard]] Iterator begin() const { return Iterator(payload_.bytes().data()); }
  [[nodiscard]] Iterator end() const { return Iterator(payload_.bytes().data() + payload_.size()); }

  // Precondition of those that follow: not empty.
  [[nodiscard]] EntryView front() const { return *begin(); }
  [[nodiscard]] EntryView back() const {
    return EntryView(payload_.bytes().data() + layout_.last_offset);
  }
  [[nodiscard]] Index first_index() const { return layout_.first; }
  [[nodiscard]] Index last_index() const { return layout_.first + (layout_.count - 1); }
  [[nodiscard]] ChainHead head() const {
    return {back().position(), back().hash(), back().clock()};
  }
  /// The entry at `index`, which the run holds. Takes time in proportion to its distance from the
  /// front, but for the last entry.
  [[nodiscard]] EntryView at(Index index) const;

  /// The entries from `first` on; empty when `first` is past the end.
  [[nodiscard]] EntryRun from(Index first) const;
  /// The entries before `end`; empty when `end` is not past the front.
  [[nodiscard]] EntryRun until(Index end) const;
  /// The longest prefix of at most `bytes_max` bytes, of one entry at least.
  [[nodiscard]] EntryRun prefix(std::size_t bytes_max) const;

  /// Whether every entry's hash continues the chain that ends in `previous` [I2].
  [[nodiscard]] bool chain_is_intact(EntryHash previous) const;

 private:
  Payload payload_;
  Layout layout_;
};

/// Gathers drafts of entries (kind and payload) in one growing buffer. seal() gives them positions,
/// clock and hashes in place and turns the buffer into a run without a copy. One thread.
class EntryRunBuilder {
 public:
  /// Appends a draft whose payload is the concatenation of `pieces`. Precondition: the payload is
  /// not larger than kEntryPayloadBytesMax.
  void append(EntryKind kind, std::initializer_list<ByteSpan> pieces);
  /// Appends a draft of kind `multicast`: room for its header, zero until number_multicasts(), and
  /// the concatenation of `pieces`. Precondition: the same, with the header.
  void append_multicast(std::initializer_list<ByteSpan> pieces);
  /// Appends all drafts of another builder's drafts().
  void append_drafts(ByteSpan drafts);
  /// Takes room for so many bytes more, so that they are not moved as they come.
  void reserve(std::size_t more);
  /// Gives back room that is not used, if it is more than what is.
  void fit();

  /// Writes the headers of drafts that are of kind `multicast` all: `first` is the first one's, the
  /// others' seq counts on from it.
  void number_multicasts(MulticastHeader first);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return size_; }
  /// The drafts so far, encoded as entries whose header fields but kind and size are zero.
  [[nodiscard]] ByteSpan drafts() const { return {buffer_.get(), size_}; }

  /// Counts the drafts in bytes from a peer, checking that they are whole, of kind `multicast` or
  /// `command` and of bounded size. Error: corrupt.
  [[nodiscard]] static Result<std::size_t> count_drafts(ByteSpan drafts);

  /// The drafts as they are, without a copy. The builder is empty then.
  [[nodiscard]] Payload take_drafts();
  /// Makes the drafts the entries after `previous`. The builder is empty then.
  [[nodiscard]] EntryRun seal(const ChainHead& previous, Epoch epoch, GroupClock clock);

 private:
  void move_to(std::size_t capacity);
  std::byte* begin_draft(EntryKind kind, std::size_t payload_bytes);

  std::shared_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  std::size_t last_offset_ = 0;
};

}  // namespace gms::model
