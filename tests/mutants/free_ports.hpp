#pragma once

namespace tests::mutants {

/// A base port for members of this machine, in the way of `kvctl local`: client ports follow it,
/// and peer ports follow it 100 later. Nobody listens there now. Processes begin to look at
/// different places, so that two that look at one time need not find the same. Throws when there is
/// none.
[[nodiscard]] int free_base_port();

}  // namespace tests::mutants
