#include "gms/net/event_sink.hpp"

namespace gms::net {

std::string_view to_string(LinkEventKind kind) {
  switch (kind) {
    case LinkEventKind::connected: return "link_connected";
    case LinkEventKind::accepted: return "link_accepted";
    case LinkEventKind::closed: return "link_closed";
    case LinkEventKind::unreachable: return "link_unreachable";
    case LinkEventKind::refused: return "link_refused";
  }
  return "link_event";
}

std::string describe(const LinkEvent& event) {
  std::string line = "address=" + event.address;
  if (!event.member.is_none()) line += " member=" + model::to_string(event.member);
  if (!event.detail.empty()) line += " detail=\"" + event.detail + "\"";
  return line;
}

}  // namespace gms::net
