#include "tests/exploration/variants.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "tests/exploration/packing.hpp"

namespace tests::exploration {
namespace {

/// Bounds in the order members, founders, epochs, log, floor.
constexpr auto kVariants = std::to_array<Variant>({
    {"spec", Breach::none, "the rules as they are", {3, 3, 3, 3, 1}, 0},
    {"view_before_own_commit",
     Breach::view_before_own_commit,
     "a leader changes the view before it has committed an entry of its epoch",
     {4, 4, 3, 1, 1},
     6},
    {"old_epoch_commit",
     Breach::old_epoch_commit,
     "a leader commits entries of earlier epochs by counting",
     {3, 3, 4, 1, 1},
     8},
    {"uncommitted_views",
     Breach::uncommitted_views,
     "a leader changes the view while the one before it is not committed",
     {4, 4, 2, 4, 1},
     10},
    {"large_changes",
     Breach::large_changes,
     "a view differs from the one before it in any number of voters",
     {4, 4, 2, 2, 1},
     8},
    {"view_at_commit",
     Breach::view_at_commit,
     "a view is in force where it is known to be committed",
     {4, 4, 2, 4, 1},
     17},
    {"election_by_committed_view",
     Breach::election_by_committed_view,
     "candidates ask the voters of the latest view that they know to be committed",
     {3, 3, 2, 3, 1},
     10},
    {"foreign_acknowledgements",
     Breach::foreign_acknowledgements,
     "acknowledgements of members outside the view count",
     {4, 4, 2, 3, 1},
     12},
    {"foreign_votes",
     Breach::foreign_votes,
     "votes of members outside the view count",
     {4, 3, 1, 0, 1},
     2},
    {"half_quorum",
     Breach::half_quorum,
     "half of an even number of voters is a quorum",
     {4, 4, 1, 0, 1},
     2},
    {"silent_eviction",
     Breach::silent_eviction,
     "a leader leaves whom it suspects out of its quorum, without a view",
     {3, 3, 2, 1, 1},
     4},
    {"no_log_comparison",
     Breach::no_log_comparison,
     "votes do not compare logs",
     {3, 3, 2, 1, 1},
     5},
    {"length_only", Breach::length_only, "votes compare the lengths of logs", {3, 3, 3, 1, 1}, 7},
    {"current_epoch",
     Breach::current_epoch,
     "votes compare the epochs that members are in, instead of those of their last entries",
     {3, 3, 3, 1, 1},
     6},
    {"lost_disk",
     Breach::lost_disk,
     "a member that lost its disk goes on under its old incarnation",
     {3, 3, 1, 0, 1},
     3},
    {"lost_disk_of_evicted",
     Breach::lost_disk_of_evicted,
     "a member that was evicted and lost its disk goes on under its old incarnation",
     {5, 5, 2, 3, 3},
     14},
    {"lost_tail",
     Breach::lost_tail,
     "a member loses the last entry that it acknowledged",
     {3, 3, 2, 1, 1},
     6},
    {"lost_vote", Breach::lost_vote, "a member forgets its vote", {3, 3, 1, 0, 1}, 3},
    {"lagging_view",
     Breach::lagging_view,
     "a leader counts by the view before the latest until it knows the latest committed",
     {4, 3, 3, 3, 1},
     15},
    {"commit_by_old_view",
     Breach::commit_by_old_view,
     "the entry of a view is counted by the view before it, which does no harm",
     {3, 3, 3, 3, 1},
     0},
});

constexpr auto kSmallSearches = std::to_array<CleanSearch>({
    {"spec", {3, 3, 4, 4, 1}},
    {"spec", {4, 4, 2, 5, 1}},
    {"spec", {4, 4, 4, 2, 1}},
    {"spec", {4, 3, 3, 3, 1}},
    {"spec", {5, 5, 3, 2, 1}},
    {"spec", {5, 5, 2, 3, 1}},
    {"spec", {5, 4, 2, 3, 3}},
    {"spec", {5, 3, 2, 3, 1}},
    {"commit_by_old_view", {3, 3, 4, 4, 1}},
    {"commit_by_old_view", {4, 4, 2, 5, 1}},
    {"commit_by_old_view", {4, 4, 3, 3, 1}},
    {"commit_by_old_view", {4, 3, 3, 3, 1}},
});

constexpr auto kLargeSearches = std::to_array<CleanSearch>({
    {"spec", {5, 5, 2, 4, 1}},
    {"spec", {5, 5, 3, 3, 1}},
    {"spec", {3, 3, 4, 5, 1}},
    {"spec", {5, 4, 3, 3, 1}},
    {"spec", {4, 3, 3, 4, 1}},
    {"spec", {4, 4, 3, 5, 1}},
    {"commit_by_old_view", {4, 4, 3, 5, 1}},
});

struct Field {
  std::string_view name;
  std::uint8_t Bounds::* value;
  std::uint8_t least;
  std::uint8_t most;
};

constexpr auto kFields = std::to_array<Field>({
    {"members", &Bounds::members, 1, kMembersMax},
    {"founders", &Bounds::founders, 1, kMembersMax},
    {"epochs", &Bounds::epochs, 1, kEpochsMax},
    {"log", &Bounds::log, 0, kLogMax},
    {"floor", &Bounds::floor, 1, kMembersMax},
});

bool parse_field(std::string_view text, Bounds& bounds) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return false;
  const auto field = std::ranges::find(kFields, text.substr(0, equals), &Field::name);
  if (field == kFields.end()) return false;
  const std::string_view digits = text.substr(equals + 1);
  std::uint8_t& value = bounds.*field->value;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() && value >= field->least &&
         value <= field->most;
}

}  // namespace

std::span<const Variant> variants() {
  return kVariants;
}

const Variant* find_variant(std::string_view name) {
  const auto found = std::ranges::find(kVariants, name, &Variant::name);
  return found == kVariants.end() ? nullptr : &*found;
}

std::span<const CleanSearch> small_searches() {
  return kSmallSearches;
}

std::span<const CleanSearch> large_searches() {
  return kLargeSearches;
}

std::string to_text(const Bounds& bounds) {
  std::string text;
  for (const Field& field : kFields) {
    if (!text.empty()) text += ',';
    text += std::string(field.name) + '=' + std::to_string(bounds.*field.value);
  }
  return text;
}

std::optional<Bounds> parse_bounds(std::string_view text) {
  Bounds bounds;
  bounds.founders = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    if (!parse_field(text.substr(0, comma), bounds)) return std::nullopt;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (bounds.founders == 0) bounds.founders = bounds.members;
  if (bounds.founders > bounds.members || !Packing(bounds).fits()) return std::nullopt;
  return bounds;
}

}  // namespace tests::exploration
