#pragma once

#include <cereal/cereal.hpp>
#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

#include "gms/model/bytes.hpp"
#include "gms/model/ids.hpp"
#include "gms/model/mark.hpp"
#include "gms/model/view.hpp"

namespace gms::wire {

// Archives for the codecs of this folder: fixed-size little-endian fields in one contiguous buffer.
// What the fields of a type are is said once, by a `serialize` next to the codec. Enumerations are
// encoded as their numbers; the codec checks which of them mean something.

/// Appends to a buffer that it borrows. Never fails.
class BoundedOutput : public cereal::OutputArchive<BoundedOutput, cereal::AllowEmptyClassElision> {
 public:
  explicit BoundedOutput(model::Bytes& out) : OutputArchive(this), out_(out) {}

  template <std::unsigned_integral T>
  void integer(T value) {
    const std::size_t at = out_.size();
    out_.resize(at + sizeof(T));
    model::store_little_endian(out_.data() + at, value);
  }
  /// A 32-bit length, then the bytes.
  void blob(model::ByteSpan bytes) {
    integer(static_cast<std::uint32_t>(bytes.size()));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }

 private:
  model::Bytes& out_;
};

/// Reads borrowed bytes. A field that the bytes left do not cover, or that has no meaning, makes
/// the reader fail for good and reads as zero; nothing is allocated for a length before it is
/// compared with the bytes left, and nothing is thrown.
class BoundedInput : public cereal::InputArchive<BoundedInput, cereal::AllowEmptyClassElision> {
 public:
  explicit BoundedInput(model::ByteSpan bytes) : InputArchive(this), reader_(bytes) {}

  [[nodiscard]] model::ByteReader& reader() { return reader_; }

 private:
  model::ByteReader reader_;
};

template <class T>
concept WireInteger = std::unsigned_integral<T> && !std::same_as<T, bool>;

template <WireInteger T>
void save(BoundedOutput& out, const T& value) {
  out.integer(value);
}
template <WireInteger T>
void load(BoundedInput& in, T& value) {
  const model::ByteSpan bytes = in.reader().raw(sizeof(T));
  value = bytes.empty() ? T{0} : model::load_little_endian<T>(bytes.data());
}

template <std::same_as<bool> T>
void save(BoundedOutput& out, const T& value) {
  out.integer(static_cast<std::uint8_t>(value ? 1 : 0));
}
template <std::same_as<bool> T>
void load(BoundedInput& in, T& value) {
  const std::uint8_t number = in.reader().u8();
  if (number > 1) in.reader().fail();
  value = number == 1;
}

template <class Tag>
void save(BoundedOutput& out, const model::Ordinal<Tag>& value) {
  out.integer(value.value());
}
template <class Tag>
void load(BoundedInput& in, model::Ordinal<Tag>& value) {
  value = model::Ordinal<Tag>(in.reader().u64());
}
template <class Tag>
void save(BoundedOutput& out, const model::Identifier<Tag>& value) {
  out.integer(value.value());
}
template <class Tag>
void load(BoundedInput& in, model::Identifier<Tag>& value) {
  value = model::Identifier<Tag>(in.reader().u64());
}

/// Milliseconds, as u64; none are negative.
inline void save(BoundedOutput& out, const model::Duration& value) {
  out.integer(static_cast<std::uint64_t>(value.count()));
}
inline void load(BoundedInput& in, model::Duration& value) {
  const std::uint64_t count = in.reader().u64();
  if (count > static_cast<std::uint64_t>(model::Duration::max().count())) in.reader().fail();
  value = model::Duration(in.reader().ok() ? static_cast<model::Duration::rep>(count) : 0);
}

inline void save(BoundedOutput& out, const std::string& text) {
  out.blob(model::as_bytes(text));
}
inline void load(BoundedInput& in, std::string& text) {
  text.assign(model::as_text(in.reader().blob()));
}

template <class T>
void save(BoundedOutput& out, const std::optional<T>& value) {
  out(value.has_value());
  if (value) out(*value);
}
template <class T>
void load(BoundedInput& in, std::optional<T>& value) {
  bool there = false;
  in(there);
  value.reset();
  if (there) in(value.emplace());
}

template <class Archive>
void serialize(Archive& archive, model::MemberId& id) {
  archive(id.node, id.incarnation);
}
template <class Archive>
void serialize(Archive& archive, model::GroupId& id) {
  archive(id.high, id.low);
}
template <class Archive>
void serialize(Archive& archive, model::Position& position) {
  archive(position.epoch, position.index);
}

inline void save(BoundedOutput& out, const model::PlacedView& view) {
  out(view.position);
  out.blob(encode(view.view));
}
inline void load(BoundedInput& in, model::PlacedView& view) {
  in(view.position);
  auto decoded = model::decode_view(in.reader().blob());
  if (decoded)
    view.view = *std::move(decoded);
  else
    in.reader().fail();
}

inline void save(BoundedOutput& out, const model::Mark& mark) {
  out.blob(encode(mark));
}
inline void load(BoundedInput& in, model::Mark& mark) {
  auto decoded = model::decode_mark(in.reader().blob());
  if (decoded)
    mark = *std::move(decoded);
  else
    in.reader().fail();
}

inline void save(BoundedOutput& out, const model::Member& member) {
  out(member.id, member.name, member.peer_address, member.info);
}
inline void load(BoundedInput& in, model::Member& member) {
  in(member.id, member.name, member.peer_address, member.info);
  if (member.name.size() > model::kMemberNameBytesMax ||
      member.peer_address.size() > model::kMemberAddressBytesMax ||
      member.info.size() > model::kMemberInfoBytesMax)
    in.reader().fail();
}

}  // namespace gms::wire

CEREAL_SETUP_ARCHIVE_TRAITS(gms::wire::BoundedInput, gms::wire::BoundedOutput)
