#pragma once

#include <boost/json/object.hpp>

#include "client/kvctl/load.hpp"

namespace kvctl {

/// A report's figures, named and in the units that docs/benchmarks.md gives. All are whole numbers:
/// every reader of JSON understands those alike.
[[nodiscard]] boost::json::object figures_of(const LoadPlan& plan, const LoadReport& report);

}  // namespace kvctl
