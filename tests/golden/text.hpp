#pragma once

#include <string>

#include "gms/core/effect.hpp"
#include "gms/core/status.hpp"

namespace golden {

// How scripts show what an engine does: typed fields, never sentences meant for people, so that a
// reworded one changes no script.

/// `n3`; `n3.2` for the second incarnation; `-` for none.
[[nodiscard]] std::string text_of(const gms::model::MemberId& id);
/// What text_of() makes, back; none for any other text.
[[nodiscard]] gms::model::MemberId member_of(std::string_view text);
/// `epoch:index kind`, and what it carries.
[[nodiscard]] std::string text_of(gms::model::EntryView entry);
/// `view 2 {n1 n2 n3-down} down n3`.
[[nodiscard]] std::string text_of(const gms::model::View& view);
[[nodiscard]] std::string text_of(const gms::core::MessageBody& body);
/// The message's kind and number, enough to tell it from its neighbours.
[[nodiscard]] std::string headline_of(const gms::core::Message& message);
[[nodiscard]] std::string text_of(const gms::model::PersistRequest& request);
/// Empty for an event that scripts do not show.
[[nodiscard]] std::string text_of(const gms::core::TraceEvent& event);
[[nodiscard]] std::string text_of(const gms::core::Completed& completed);
[[nodiscard]] std::string text_of(const gms::model::Delivery& delivery);
[[nodiscard]] std::string text_of(const gms::core::Status& status);
[[nodiscard]] std::string text_of(const gms::core::PeerStatus& peer);

}  // namespace golden
