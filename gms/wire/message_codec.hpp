#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gms/core/message.hpp"
#include "gms/wire/frame.hpp"

namespace gms::wire {

/// The frames between members, by their type.
enum class PeerFrame : std::uint8_t {
  /// The first frame of the one who connects.
  hello = 1,
  /// The first frame of the one who was connected to: its own Hello.
  welcome = 2,
  /// Instead of a welcome: why not, in words.
  refusal = 3,
  /// One core::Message.
  message = 4,
  // The frames of a state connection, see gms/wire/state_codec.hpp.
  state_hello = 5,
  state_parts = 6,
  state_pull = 7,
  state_chunk = 8,
  state_refusal = 9,
};

/// Who is at the other end.
struct Hello {
  /// None for a joiner that knows no group yet.
  model::GroupId group;
  model::MemberId from;
  model::BootSeq boot;
  /// Whom it wants to talk to; none when it knows an address only.
  model::MemberId to;
  /// Where other members reach it.
  std::string address;

  friend bool operator==(const Hello&, const Hello&) = default;
};

inline constexpr std::size_t kRefusalBytesMax = 256;
/// The largest body of a frame of a handshake; what a connection allows before its end.
inline constexpr std::size_t kHandshakeBytesMax = 1024;

/// Encodes messages, keeping its buffer. Entries and drafts are put into the frame by reference.
/// One thread.
class MessageEncoder {
 public:
  /// Adds `message` as one frame. Precondition: its entries and drafts fit into a frame, see
  /// core::Config::append_bytes_max.
  void add_to(FrameWriter& frames, const core::Message& message);

 private:
  model::Bytes scratch_;
};

/// The message in a frame's body, of which its entries and drafts are slices. Checks everything
/// that is the message's alone: lengths, kinds, the structure of entries and that they continue
/// `previous`; hashes are for the receiver to check. Error: corrupt.
[[nodiscard]] model::Result<core::Message> decode_message(const model::Payload& body);

/// Adds a `hello` or `welcome`. Precondition: the address is at most kMemberAddressBytesMax.
void add_hello(FrameWriter& frames, PeerFrame type, const Hello& hello);
/// Error: corrupt.
[[nodiscard]] model::Result<Hello> decode_hello(model::ByteSpan body);

/// Adds a `refusal`; a long reason is cut.
void add_refusal(FrameWriter& frames, std::string_view reason);
/// Error: corrupt.
[[nodiscard]] model::Result<std::string> decode_refusal(model::ByteSpan body);

}  // namespace gms::wire
