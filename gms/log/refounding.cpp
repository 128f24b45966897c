#include "gms/log/refounding.hpp"

#include <algorithm>

namespace gms::log {
namespace {

using model::Epoch;
using model::Error;
using model::ErrorCode;
using model::Member;
using model::PersistRequest;
using model::PersistSeq;
using model::RestoredState;
using model::Result;
using model::View;

/// The member as the newest view with it has it.
Member known_as(const RestoredState& state, const Refounding& founding) {
  const model::MemberId& self = state.identity.self;
  const auto& views = state.log.views;
  const auto newest = std::find_if(views.rbegin(), views.rend(),
                                   [&](const auto& placed) { return placed.view.has_voter(self); });
  if (newest != views.rend()) return *newest->view.find(self);
  if (const Member* at_base = state.log.base.view.view.find(self)) return *at_base;
  return {self, state.identity.name, founding.address, founding.info};
}

View founding_view(const RestoredState& state, const Refounding& founding) {
  const model::RecoveredLog& log = state.log;
  const View& before = log.views.empty() ? log.base.view.view : log.views.back().view;
  View view;
  view.seq = before.seq.next();
  view.members = {known_as(state, founding)};
  view.up = {state.identity.self};
  view.floor = before.floor;
  view.voters_max = before.voters_max;
  view.cause = model::ViewCause::bootstrap;
  view.subject = state.identity.self;
  return view;
}

}  // namespace

Result<model::Identity> refound(FileSystem& files, const std::string& directory,
                                const Refounding& founding, const LogOptions& options) {
  auto recovered = LogStore::recover(files, directory, options);
  if (!recovered) return recovered.error();
  const RestoredState& state = recovered->state;
  const model::ChainHead& head = state.log.head;
  if (state.identity.group.is_none() || head.position.index == model::Index())
    return Error{ErrorCode::conflict, directory + " has joined no group yet"};

  if (known_as(state, founding).peer_address.empty())
    return Error{ErrorCode::invalid_argument, "the member needs an address that others reach"};
  const Epoch epoch = std::max(state.hard_state.epoch, head.position.epoch).next();
  model::EntryRunBuilder view;
  view.append(model::EntryKind::view, {model::encode(founding_view(state, founding))});
  PersistRequest request;
  request.seq = PersistSeq(1);
  request.group = founding.group;
  request.hard_state = model::HardState{epoch, state.identity.self};
  // Nobody is left whose state could be better.
  if (state.state_diverged) request.state_diverged = false;
  request.entries.push_back(view.seal(head, epoch, head.clock));
  if (auto written = recovered->store->write({&request, 1}); !written) return written.error();
  if (auto sealed = recovered->store->seal(); !sealed) return sealed.error();
  return model::Identity{founding.group, state.identity.self, state.identity.name};
}

}  // namespace gms::log
