#pragma once

#include <span>

#include "tests/linearizability/checker.hpp"
#include "tests/linearizability/list_history.hpp"

namespace tests::linearizability {

/// Checks lists by what a list that only grows at its end must look like, without a search and
/// without any index of the service. For each key:
///
///  * every read is a prefix of the longest one, which has no element twice;
///  * an element in it was appended by somebody, to this key, and neither by an append that
///    `failed` nor by one whose condition was false [D5];
///  * an acknowledged append is in every read that began after it had returned, and in no read that
///    returned before it was called; one of unknown outcome in none of these either;
///  * of two appends of which one returned before the other was called, the first stands first;
///  * a read that began after another had returned is not shorter.
///
/// `inconclusive` says that an acknowledged append was never read after it: nothing tells whether
/// it was lost. Time grows with the square of the operations of a key. Thread rule: any.
[[nodiscard]] CheckResult check_lists(std::span<const ListOperation> history);

}  // namespace tests::linearizability
