#pragma once

#include <string>

#include "tests/torture/stopping/stop_plan.hpp"

namespace tests::torture {

/// Makes points of this process's system calls, which the linker leads past here:
///
/// | point | when |
/// |---|---|
/// | `client_request` | something has come from a client, and nobody has looked at it |
/// | `client_reply` | before something is sent to a client |
/// | `peer_send` | before something is sent to a member, over the link for messages |
/// | `state_send` | before a part of a snapshot is sent to a member |
/// | `log_sync`, `log_synced` | before and after a sync of the log |
///
/// A member is told apart by its own ports, which the command line has. `plan` outlives all calls.
void watch_system_calls(StopPlan& plan, int client_port, int peer_port);

}  // namespace tests::torture
