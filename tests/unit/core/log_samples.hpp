#pragma once

#include <string>
#include <vector>

#include "gms/core/entry_log.hpp"

namespace gms::core {

/// Commands of `epoch` after `previous`, one a body.
inline model::EntryRun commands(const model::ChainHead& previous, std::uint64_t epoch,
                                const std::vector<std::string>& bodies) {
  model::EntryRunBuilder builder;
  for (const std::string& body : bodies)
    builder.append(model::EntryKind::command, {model::as_bytes(body)});
  return builder.seal(previous, model::Epoch(epoch), previous.clock);
}

inline model::MemberId member(std::uint64_t number) {
  return {model::NodeId(number), model::Incarnation(1)};
}

/// The view `seq` of the members 1..voters, all up.
inline model::View view_of(std::uint64_t seq, std::uint64_t voters) {
  model::View view;
  view.seq = model::ViewSeq(seq);
  for (std::uint64_t i = 1; i <= voters; ++i) {
    view.members.push_back({member(i), "m" + std::to_string(i), "", ""});
    view.up.push_back(member(i));
  }
  return view;
}

inline model::EntryRun view_entry(const model::ChainHead& previous, std::uint64_t epoch,
                                  const model::View& view) {
  model::EntryRunBuilder builder;
  builder.append(model::EntryKind::view, {encode(view)});
  return builder.seal(previous, model::Epoch(epoch), previous.clock);
}

/// A log from the group's beginning, without entries.
inline EntryLog empty_log(std::size_t tail_bytes_max = 1 << 20) {
  return EntryLog({}, tail_bytes_max);
}

/// Appends commands of `epoch` that the order `order` makes durable.
inline void add(EntryLog& log, std::uint64_t epoch, const std::vector<std::string>& bodies,
                std::uint64_t order) {
  log.append(commands(log.head(), epoch, bodies), model::PersistSeq(order));
}

}  // namespace gms::core
