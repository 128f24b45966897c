#include "gms/core/state_samples.hpp"

#include <algorithm>

#include "gms/core/quorum.hpp"

namespace gms::core {

using namespace model;

namespace {

std::optional<StateDigest> find(const std::deque<StateSample>& samples, Index index) {
  const auto at = std::ranges::lower_bound(samples, index, {}, &StateSample::index);
  if (at == samples.end() || at->index != index) return std::nullopt;
  return at->digest;
}

/// How an opinion compares with the leader's own samples.
struct Comparison {
  /// The newest index at which they agree, or agreed.
  std::optional<Index> agrees_at;
  /// Where they differ, oldest first.
  std::vector<StateSample> differs_at;
};

Comparison compare(const StateSamples& own, const StateOpinion& opinion) {
  Comparison out{opinion.agreed_at, {}};
  for (const StateSample& sample : opinion.samples) {
    const auto digest = own.at(sample.index);
    if (!digest) continue;
    if (*digest == sample.digest)
      out.agrees_at = std::max(out.agrees_at.value_or(sample.index), sample.index);
    else
      out.differs_at.push_back(sample);
  }
  return out;
}

std::size_t count_with_leader(std::span<const StateOpinion> opinions,
                              std::span<const Comparison> comparisons, Index index) {
  std::size_t count = 1;
  for (std::size_t i = 0; i < opinions.size(); ++i)
    if (opinions[i].voter && comparisons[i].agrees_at && *comparisons[i].agrees_at >= index)
      ++count;
  return count;
}

std::size_t count_with(std::span<const StateOpinion> opinions, const StateSample& sample) {
  return static_cast<std::size_t>(std::ranges::count_if(opinions, [&](const StateOpinion& one) {
    return one.voter && std::ranges::find(one.samples, sample) != one.samples.end();
  }));
}

}  // namespace

void StateSamples::add(const StateSample& sample) {
  if (!newest_.empty()) {
    const StateSample& last = newest_.back();
    if (sample.index <= last.index) return;
    if (interval_of(last.index) < interval_of(sample.index)) last_of_interval_.push_back(last);
  }
  newest_.push_back(sample);
  if (newest_.size() > samples_max_) newest_.pop_front();
  if (last_of_interval_.size() > samples_max_) last_of_interval_.pop_front();
}

void StateSamples::clear() {
  newest_.clear();
  last_of_interval_.clear();
}

std::optional<StateDigest> StateSamples::at(Index index) const {
  if (const auto found = find(newest_, index)) return found;
  return find(last_of_interval_, index);
}

std::vector<StateSample> StateSamples::report() const {
  if (newest_.empty()) return {};
  const std::size_t count = std::min(last_of_interval_.size(), kStateSamplesMax - 1);
  std::vector<StateSample> out(last_of_interval_.end() - static_cast<std::ptrdiff_t>(count),
                               last_of_interval_.end());
  out.push_back(newest_.back());
  return out;
}

StateJudgement judge(const StateSamples& own, std::span<const StateOpinion> opinions,
                     std::size_t keeping, Index from) {
  std::vector<Comparison> comparisons;
  for (const StateOpinion& opinion : opinions) comparisons.push_back(compare(own, opinion));
  // A group that rests may have no sample as late as that.
  const Index late = own.empty() ? from : std::min(from, own.newest_index());
  StateJudgement out;
  std::size_t with_leader = 1;
  for (std::size_t i = 0; i < opinions.size(); ++i) {
    const StateOpinion& opinion = opinions[i];
    const Comparison& comparison = comparisons[i];
    if (comparison.differs_at.empty()) {
      const bool agrees = !opinion.differed_at && comparison.agrees_at >= late;
      if (opinion.voter && agrees) ++with_leader;
      continue;
    }
    const Index now = comparison.differs_at.front().index;
    const Index first = std::min(now, opinion.differed_at.value_or(now));
    if (count_with_leader(opinions, comparisons, first) >= quorum(keeping)) {
      out.diverged.push_back({opinion.member, first});
      continue;
    }
    out.disputed.push_back({opinion.member, first});
    for (const StateSample& sample : comparison.differs_at)
      if (count_with(opinions, sample) >= quorum(keeping)) out.leader_diverged = sample.index;
  }
  out.leader_confirmed = with_leader >= quorum(keeping);
  return out;
}

}  // namespace gms::core
