#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/mutation.hpp"
#include "tests/fuzz/target.hpp"

// Runs targets without a fuzzer: over their corpus and seeded mutations of it, or over files.
// Usage: fuzz_replay TARGET MUTATIONS | TARGET FILE…; --write-corpus DIRECTORY writes all of them.

namespace {

using fuzz::Bytes;

constexpr std::uint64_t kSeed = 1;

int write_corpus(const std::filesystem::path& directory) {
  for (const fuzz::Target& target : fuzz::targets()) {
    const auto folder = directory / target.name;
    std::filesystem::create_directories(folder);
    std::size_t number = 0;
    for (const Bytes& input : target.corpus()) {
      std::ofstream file(folder / ("corpus-" + std::to_string(number++)), std::ios::binary);
      file.write(reinterpret_cast<const char*>(input.data()),
                 static_cast<std::streamsize>(input.size()));
    }
  }
  return EXIT_SUCCESS;
}

int run_file(const fuzz::Target& target, const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  fuzz::run(target, gms::model::as_bytes(content));
  return file ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_mutations(const fuzz::Target& target, std::size_t count) {
  const std::vector<Bytes> corpus = target.corpus();
  for (const Bytes& input : corpus) fuzz::run(target, input);
  fuzz::Mutation mutation(kSeed);
  for (std::size_t i = 0; i < count; ++i) fuzz::run(target, mutation.draw(corpus));
  std::printf("%zu inputs of the corpus and %zu others\n", corpus.size(), count);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count == 3 && std::string_view(arguments[1]) == "--write-corpus")
    return write_corpus(arguments[2]);
  const fuzz::Target* const target = argument_count < 3 ? nullptr : fuzz::find_target(arguments[1]);
  if (target == nullptr) {
    std::fprintf(stderr, "usage: fuzz_replay TARGET MUTATIONS|FILE..., targets:");
    for (const fuzz::Target& one : fuzz::targets())
      std::fprintf(stderr, " %.*s", static_cast<int>(one.name.size()), one.name.data());
    std::fputc('\n', stderr);
    return EXIT_FAILURE;
  }
  char* end = nullptr;
  const std::size_t mutations = std::strtoul(arguments[2], &end, 10);
  if (*end == '\0') return run_mutations(*target, mutations);
  int result = EXIT_SUCCESS;
  for (int i = 2; i < argument_count; ++i) result |= run_file(*target, arguments[i]);
  return result;
}
