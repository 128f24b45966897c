#include "gms/model/entry_run.hpp"

#include <algorithm>
#include <cstring>

#include "gms/model/buffer.hpp"

namespace gms::model {
namespace {

constexpr std::size_t kFirstCapacity = 512;

bool is_known(EntryKind kind) {
  return kind >= EntryKind::noop && kind <= EntryKind::command;
}

/// The encoded size of the entry at the front of `bytes`, or nothing if it is not whole and sane.
std::optional<std::size_t> whole_entry(ByteSpan bytes) {
  if (bytes.size() < kEntryHeaderBytes) return std::nullopt;
  const EntryView entry(bytes.data());
  if (entry.payload_bytes() > kEntryPayloadBytesMax) return std::nullopt;
  if (entry.bytes() > bytes.size() || !is_known(entry.kind())) return std::nullopt;
  if (bytes[13] != std::byte{0} || bytes[14] != std::byte{0} || bytes[15] != std::byte{0})
    return std::nullopt;
  if (entry.kind() == EntryKind::multicast && entry.payload_bytes() < kMulticastHeaderBytes)
    return std::nullopt;
  return entry.bytes();
}

std::size_t bytes_of(std::initializer_list<ByteSpan> pieces) {
  std::size_t bytes = 0;
  for (const ByteSpan piece : pieces) bytes += piece.size();
  return bytes;
}

void put(std::byte* to, std::initializer_list<ByteSpan> pieces) {
  for (const ByteSpan piece : pieces) {
    if (!piece.empty()) std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
}

bool follows(EntryView next, EntryView previous) {
  return next.index() == previous.index().next() && next.epoch() >= previous.epoch() &&
         next.clock() >= previous.clock();
}

}  // namespace

Result<EntryRun> EntryRun::parse(Payload bytes) {
  Layout layout;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto size = whole_entry(bytes.bytes().subspan(at));
    if (!size) return Error{ErrorCode::corrupt, "an entry is cut off or malformed"};
    const EntryView entry(bytes.bytes().data() + at);
    if (layout.count == 0) {
      if (entry.index() == Index() || entry.epoch() == Epoch())
        return Error{ErrorCode::corrupt, "an entry without a position"};
      layout.first = entry.index();
    } else if (!follows(entry, EntryView(bytes.bytes().data() + layout.last_offset))) {
      return Error{ErrorCode::corrupt, "entries out of order"};
    }
    layout.last_offset = at;
    ++layout.count;
    at += *size;
  }
  return EntryRun(std::move(bytes), layout);
}

EntryView EntryRun::at(Index index) const {
  GMS_ASSERT(!empty(), "EntryRun::at");
  GMS_ASSERT(index >= first_index() && index <= last_index(), "EntryRun::at");
  if (index == last_index()) return back();
  Iterator entry = begin();
  for (std::uint64_t steps = index - first_index(); steps > 0; --steps) ++entry;
  return *entry;
}

EntryRun EntryRun::from(Index first) const {
  if (empty() || first > last_index()) return {};
  if (first <= first_index()) return *this;
  const auto offset =
      static_cast<std::size_t>(at(first).encoded().data() - payload_.bytes().data());
  const std::size_t skipped = static_cast<std::size_t>(first - first_index());
  return {payload_.slice(offset, payload_.size() - offset),
          {first, layout_.count - skipped, layout_.last_offset - offset}};
}

EntryRun EntryRun::until(Index end) const {
  if (empty() || end <= first_index()) return {};
  if (end > last_index()) return *this;
  const EntryView last = at(end.previous());
  const auto offset = static_cast<std::size_t>(last.encoded().data() - payload_.bytes().data());
  return {payload_.slice(0, offset + last.bytes()),
          {first_index(), static_cast<std::size_t>(end - first_index()), offset}};
}

EntryRun EntryRun::prefix(std::size_t bytes_max) const {
  if (bytes() <= bytes_max) return *this;
  std::size_t taken = front().bytes();
  Index end = first_index().next();
  for (auto entry = ++begin(); entry != this->end(); ++entry, ++end) {
    taken += (*entry).bytes();
    if (taken > bytes_max) break;
  }
  return until(end);
}

bool EntryRun::chain_is_intact(EntryHash previous) const {
  for (const EntryView entry : *this) {
    if (chain_hash(previous, entry) != entry.hash()) return false;
    previous = entry.hash();
  }
  return true;
}

void EntryRunBuilder::move_to(std::size_t capacity) {
  auto other = make_buffer(capacity);
  if (size_ != 0) std::memcpy(other.get(), buffer_.get(), size_);
  buffer_ = std::move(other);
  capacity_ = capacity;
}

void EntryRunBuilder::reserve(std::size_t more) {
  if (capacity_ - size_ < more) move_to(std::max({kFirstCapacity, 2 * capacity_, size_ + more}));
}

void EntryRunBuilder::fit() {
  if (capacity_ > kFirstCapacity && capacity_ - size_ > size_) move_to(size_);
}

std::byte* EntryRunBuilder::begin_draft(EntryKind kind, std::size_t payload_bytes) {
  GMS_ASSERT(payload_bytes <= kEntryPayloadBytesMax, "EntryRunBuilder::append");
  reserve(kEntryHeaderBytes + payload_bytes);
  std::byte* const at = buffer_.get() + size_;
  std::memset(at, 0, kEntryHeaderBytes);
  store_little_endian(at + 8, static_cast<std::uint32_t>(payload_bytes));
  at[12] = static_cast<std::byte>(kind);
  last_offset_ = size_;
  size_ += kEntryHeaderBytes + payload_bytes;
  ++count_;
  return at + kEntryHeaderBytes;
}

void EntryRunBuilder::append(EntryKind kind, std::initializer_list<ByteSpan> pieces) {
  put(begin_draft(kind, bytes_of(pieces)), pieces);
}

void EntryRunBuilder::append_multicast(std::initializer_list<ByteSpan> pieces) {
  std::byte* const to = begin_draft(EntryKind::multicast, kMulticastHeaderBytes + bytes_of(pieces));
  std::memset(to, 0, kMulticastHeaderBytes);
  put(to + kMulticastHeaderBytes, pieces);
}

void EntryRunBuilder::append_drafts(ByteSpan drafts) {
  reserve(drafts.size());
  while (!drafts.empty()) {
    const EntryView draft(drafts.data());
    append(draft.kind(), {draft.payload()});
    drafts = drafts.subspan(draft.bytes());
  }
}

Result<std::size_t> EntryRunBuilder::count_drafts(ByteSpan drafts) {
  std::size_t count = 0;
  while (!drafts.empty()) {
    const auto size = whole_entry(drafts);
    if (!size) return Error{ErrorCode::corrupt, "a draft is cut off or malformed"};
    const EntryKind kind = EntryView(drafts.data()).kind();
    if (kind != EntryKind::multicast && kind != EntryKind::command)
      return Error{ErrorCode::corrupt, "a draft of a kind that only a leader makes"};
    drafts = drafts.subspan(*size);
    ++count;
  }
  return count;
}

void EntryRunBuilder::number_multicasts(MulticastHeader first) {
  for (std::size_t at = 0; at < size_; ++first.seq) {
    const EntryView draft(buffer_.get() + at);
    GMS_ASSERT(draft.kind() == EntryKind::multicast, "EntryRunBuilder::number_multicasts");
    store(buffer_.get() + at + kEntryHeaderBytes, first);
    at += draft.bytes();
  }
}

Payload EntryRunBuilder::take_drafts() {
  const ByteSpan encoded = drafts();
  Payload taken(std::move(buffer_), encoded);
  *this = {};
  return taken;
}

EntryRun EntryRunBuilder::seal(const ChainHead& previous, Epoch epoch, GroupClock clock) {
  GMS_ASSERT(epoch >= previous.position.epoch, "I3");
  GMS_ASSERT(clock >= previous.clock, "C24");
  const Index first = previous.position.index.next();
  Index index = first;
  EntryHash hash = previous.hash;
  for (std::size_t at = 0; at < size_; ++index) {
    std::byte* const entry = buffer_.get() + at;
    store_little_endian(entry + 16, index.value());
    store_little_endian(entry + 24, epoch.value());
    store_little_endian(entry + 32, clock.value());
    hash = chain_hash(hash, EntryView(entry));
    store_little_endian(entry, hash.value());
    at += EntryView(entry).bytes();
  }
  const EntryRun::Layout layout{first, count_, last_offset_};
  return EntryRun(take_drafts(), layout);
}

}  // namespace gms::model
