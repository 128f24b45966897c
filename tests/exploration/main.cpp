#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <string>

#include "tests/exploration/search.hpp"
#include "tests/exploration/variants.hpp"
#include "tests/exploration/walk.hpp"
#include "tests/exploration/words.hpp"

namespace {

using namespace tests::exploration;

/// What the command line asks for.
struct Request {
  std::string variant = "spec";
  std::string bounds;
  bool all = false;
  bool list = false;
  std::size_t states_max = kStatesMax;
  std::uint64_t walks = 0;
  std::uint64_t seed = 1;
  std::size_t steps = 100;
};

/// Measures what this process took of its processor, so that it does not matter what else runs.
class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return static_cast<double>(std::clock() - begin_) / CLOCKS_PER_SEC;
  }

 private:
  std::clock_t begin_ = std::clock();
};

void print_heading(std::string_view variant, const Bounds& bounds) {
  std::printf("%-27s %-47s ", std::string(variant).c_str(), to_text(bounds).c_str());
  std::fflush(stdout);
}

/// Returns 0 if the search ended as `steps` says (0: no violation; nothing: either way), else 1.
int run_search(const Variant& variant, const Bounds& bounds, std::optional<std::size_t> steps,
               std::size_t states_max) {
  const Model model(bounds, variant.breach);
  print_heading(variant.name, bounds);
  const Stopwatch time;
  const SearchResult result = search(model, states_max);
  std::printf("%10zu states %3zu deep %6.1f s %5zu MiB  ", result.states, result.depth,
              time.seconds(), result.bytes >> 20);
  if (result.gave_up) {
    std::printf("gave up\n");
    return 1;
  }
  if (!result.counterexample) {
    std::printf("no violation\n");
    return steps.value_or(0) == 0 ? 0 : 1;
  }
  std::printf("%s", describe(model, *result.counterexample).c_str());
  const std::size_t found = result.counterexample->actions.size();
  return steps.value_or(found) == found ? 0 : 1;
}

/// At bounds of the caller's own, a broken variant may be found or not; the rules may not break.
int search_one(const Request& request, const Variant& variant) {
  if (request.bounds.empty())
    return run_search(variant, variant.bounds, variant.steps, request.states_max);
  const auto bounds = parse_bounds(request.bounds);
  if (!bounds) {
    std::fprintf(stderr, "error: --bounds takes such as %s, and not too large\n",
                 to_text(variant.bounds).c_str());
    return 2;
  }
  std::optional<std::size_t> steps;
  if (variant.steps == 0) steps = 0;
  return run_search(variant, *bounds, steps, request.states_max);
}

int search_all(const Request& request) {
  int failed = 0;
  for (const CleanSearch& planned : large_searches()) {
    failed |= run_search(*find_variant(planned.variant), planned.bounds, 0, request.states_max);
    std::fflush(stdout);
  }
  return failed;
}

/// Walks are freer than searches: five members, four epochs, eight entries, and all actions.
int walk_about(const Request& request, const Variant& variant) {
  Bounds bounds{5, 5, 4, kLogMax, variant.bounds.floor};
  const Model model(bounds, variant.breach, Listing::all);
  print_heading(variant.name, bounds);
  const Stopwatch time;
  std::uint64_t violations = 0;
  for (std::uint64_t i = 0; i < request.walks; ++i)
    if (walk(model, request.seed + i, request.steps)) ++violations;
  std::printf("%llu walks %6.1f s  %llu with a violation, %.3f %%\n",
              static_cast<unsigned long long>(request.walks), time.seconds(),
              static_cast<unsigned long long>(violations),
              100.0 * static_cast<double>(violations) / static_cast<double>(request.walks));
  return variant.steps == 0 && violations > 0 ? 1 : 0;
}

int list_variants() {
  for (const Variant& variant : variants())
    std::printf("%-27s %2zu  %s\n", std::string(variant.name).c_str(), variant.steps,
                std::string(variant.description).c_str());
  return 0;
}

int run(const Request& request) {
  if (request.list) return list_variants();
  if (request.all) return search_all(request);
  const Variant* variant = find_variant(request.variant);
  if (variant == nullptr) {
    std::fprintf(stderr, "error: there is no variant '%s'; see --list\n", request.variant.c_str());
    return 2;
  }
  return request.walks > 0 ? walk_about(request, *variant) : search_one(request, *variant);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Searches all states of an abstract model of the protocol, within bounds, for a violation.");
  Request request;
  app.add_option("--variant", request.variant, "The rules, or one way to break them")
      ->capture_default_str();
  app.add_option("--bounds", request.bounds,
                 "members=4,founders=3,epochs=3,log=4,floor=1; the variant's own if left out");
  app.add_flag("--all", request.all, "Run the large searches; takes minutes and gigabytes");
  app.add_flag("--list", request.list, "List the variants, with their shortest counterexamples");
  app.add_option("--states-max", request.states_max, "Give up at so many states")
      ->capture_default_str();
  app.add_option("--walks", request.walks, "Take so many random walks instead");
  app.add_option("--seed", request.seed, "Of the first walk")->capture_default_str();
  app.add_option("--steps", request.steps, "Of a walk")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(request);
}
