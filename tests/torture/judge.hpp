#pragma once

#include <string>

#include "tests/linearizability/history_file.hpp"

namespace tests::torture {

/// What the three checkers say of a recording.
struct Judgement {
  /// By the indexes that the service gave, against real time.
  std::string witness = "ok";
  /// By the search for an order, key by key; of lists too, as registers of their last elements.
  std::string search = "ok";
  /// By what a list that grows at its end must look like.
  std::string lists = "ok";
  /// Empty when all three agree that it is right; otherwise what they found.
  std::string detail;

  [[nodiscard]] bool is_clean() const { return witness == "ok" && search == "ok" && lists == "ok"; }
};

[[nodiscard]] Judgement judge(const linearizability::Recording& recording);

}  // namespace tests::torture
