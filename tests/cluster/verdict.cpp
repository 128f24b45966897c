#include "tests/cluster/verdict.hpp"

#include <algorithm>

#include "tests/linearizability/checker.hpp"
#include "tests/linearizability/witness.hpp"

namespace tests::cluster {
namespace {

std::string wrong_with_order(const linearizability::History& history) {
  std::string wrong;
  const auto checked = linearizability::check_linearizability(history);
  if (checked.verdict != linearizability::Verdict::linearizable) wrong += checked.detail + "\n";
  if (const auto order = linearizability::check_real_time_order(history)) wrong += *order + "\n";
  return wrong;
}

}  // namespace

std::string wrong_with_own_keys(const LocalGroup& group, const OwnKeys& own_keys) {
  std::string wrong;
  for (const std::string& key : own_keys.doubled) wrong += key + " was written twice\n";
  client::Options options;
  options.endpoints = group.endpoints();
  client::Client client(options);
  for (const auto& [key, value] : own_keys.acknowledged) {
    const auto got = client.get(key);
    if (!got)
      wrong += key + ": " + got.error().detail + "\n";
    else if (!*got)
      wrong += key + " was acknowledged and is lost\n";
    else if ((*got)->bytes != value)
      wrong += key + " is not as it was written\n";
  }
  return wrong;
}

std::string wrong_with(const LocalGroup& group, const Recorder& recorder) {
  std::string wrong = wrong_with_order(recorder.history());
  wrong += wrong_with_own_keys(group, recorder.book().own_keys());
  const Finished verified = group.kvctl({"verify", "--deep"});
  if (verified.exit_code != 0) wrong += verified.out + verified.err;
  return wrong;
}

std::chrono::milliseconds longest_pause(const linearizability::History& history) {
  std::vector<linearizability::Moment> ends;
  for (const auto& operation : history)
    if (operation.outcome == linearizability::Outcome::ok) ends.push_back(operation.returned);
  std::ranges::sort(ends);
  linearizability::Moment pause = 0;
  for (std::size_t i = 1; i < ends.size(); ++i) pause = std::max(pause, ends[i] - ends[i - 1]);
  return std::chrono::milliseconds(pause / 1000);
}

}  // namespace tests::cluster
