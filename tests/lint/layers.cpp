#include "tests/lint/layers.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

namespace lint {
namespace {

/// Where a file may be included from. A path ends in `/` for a folder with all below it, in `*` for
/// everything that starts so; else it is one folder's own files.
struct Arrows {
  std::string_view layer;
  std::vector<std::string_view> allowed;
};

/// The layers of docs/architecture.md from the bottom up. Each may also include itself.
const std::vector<Arrows>& arrows() {
  static const std::vector<Arrows> kArrows = {
      {"gms/model", {}},
      {"gms/core", {"gms/model"}},
      {"gms/wire", {"gms/core", "gms/model"}},
      {"gms/log", {"gms/model"}},
      {"gms/net", {"gms/core", "gms/wire", "gms/log", "gms/model"}},
      {"gms", {"gms/"}},
      {"gms/examples", {"gms", "gms/model"}},
      // Snapshot files are written and read by way of the log's port of files.
      {"kvstore/api", {"gms/model", "gms/wire/frame*", "gms/log/file_system*"}},
      {"kvstore/storage", {"kvstore/api", "gms/model"}},
      {"kvstore/replica", {"kvstore/storage", "kvstore/api", "gms/model"}},
      {"kvstore/server",
       {"kvstore/replica", "kvstore/storage", "kvstore/api", "gms", "gms/model", "gms/wire/frame*",
        "gms/core/config*", "gms/core/status*", "gms/core/trace*",
        // Its offline commands look at a directory without a group.
        "gms/log/inspection*", "gms/log/posix_file_system*"}},
      {"client", {"kvstore/api", "gms/model", "gms/wire/frame*"}},
      {"client/kvctl",
       {"client", "kvstore/api", "gms/model", "gms/wire/frame*", "gms/log/posix_file_system*"}},
      {"client/examples", {"client", "kvstore/api", "gms/model"}},
      {"tests/", {"gms/", "kvstore/", "client/"}},
      {"benchmarks/", {"gms/", "kvstore/", "client/"}},
  };
  return kArrows;
}

/// Which files may include a library's headers. `files` are shell patterns with `*` only.
struct Library {
  std::string_view name;
  std::vector<std::string_view> headers;
  std::vector<std::string_view> files;
};

const std::vector<Library>& libraries() {
  static const std::vector<Library> kLibraries = {
      {"Boost.JSON", {"boost/json*"}, {"client/kvctl/*", "kvstore/server/*"}},
      {"Boost.Asio",
       {"boost/*"},
       {"gms/net/*", "gms/group*", "gms/examples/*", "kvstore/server/*", "client/*"}},
      {"RocksDB", {"rocksdb/*"}, {"kvstore/storage/rocks_*"}},
      {"cereal", {"cereal/*"}, {"*_codec.cpp", "gms/wire/*archive.hpp"}},
      {"CLI11", {"CLI/*"}, {"kvstore/server/*.cpp", "client/kvctl/*"}},
      {"xxHash", {"xxhash.h", "xxh3.h", "xxh_x86dispatch.h"}, {"*_hash.cpp", "*digest*.cpp"}},
      {"ISA-L", {"isa-l*", "crc.h"}, {"*crc32c.cpp"}},
      {"Abseil", {"absl/*"}, {"kvstore/storage/*"}},
      {"spdlog", {"spdlog/*", "fmt/*"}, {"kvstore/server/*"}},
      {"corosync", {"corosync/*"}, {}},
      {"GoogleTest", {"gtest/*", "gmock/*"}, {}},
      {"Google Benchmark", {"benchmark/*"}, {}},
      {"POSIX",
       {"sys/*", "netinet/*", "arpa/*", "linux/*", "malloc.h", "unistd.h", "fcntl.h", "signal.h",
        "poll.h", "spawn.h", "dirent.h", "netdb.h", "pthread.h", "time.h", "dlfcn.h", "sched.h"},
       // What is said to the kernel of memory and threads is no input or output.
       {"gms/model/background.cpp", "gms/model/buffer.cpp", "gms/log/*", "gms/net/*", "gms/group*",
        "gms/examples/*", "kvstore/storage/rocks_*", "kvstore/server/*", "client/*"}},
  };
  return kLibraries;
}

/// Matches with `*` as any text.
bool matches(std::string_view pattern, std::string_view text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= text.size(); ++at)
    if (matches(rest, text.substr(at))) return true;
  return false;
}

bool matches_any(std::span<const std::string_view> patterns, std::string_view text) {
  return std::ranges::any_of(patterns, [&](auto pattern) { return matches(pattern, text); });
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

/// True when `place`, as of Arrows, has the file at `path`.
bool has(std::string_view place, std::string_view path) {
  if (place.ends_with('/')) return path.starts_with(place);
  if (place.ends_with('*')) return matches(place, path);
  return folder_of(path) == place;
}

const Arrows* arrows_of(std::string_view path) {
  const auto found = std::ranges::find_if(
      arrows(), [&](const Arrows& candidate) { return has(candidate.layer, path); });
  return found == arrows().end() ? nullptr : &*found;
}

bool is_test(const Source& source) {
  return source.is_under("tests") || source.is_under("benchmarks");
}

void check_arrow(const Source& source, const Include& include, Findings& findings) {
  const Arrows* from = arrows_of(source.path());
  if (from == nullptr) {
    findings.push_back({source.path(), include.line, "layer", "stands in no known layer"});
    return;
  }
  const bool allowed =
      has(from->layer, include.path) ||
      std::ranges::any_of(from->allowed, [&](auto place) { return has(place, include.path); });
  if (!allowed)
    findings.push_back({source.path(), include.line, "layer",
                        std::string(from->layer) + " may not include " + include.path});
}

/// The archive that the codecs share carries cereal in a header, so that header is theirs alone.
void check_archive(const Source& source, const Include& include, Findings& findings) {
  if (!include.path.ends_with("archive.hpp") || is_test(source)) return;
  if (!source.path().ends_with("_codec.cpp"))
    findings.push_back({source.path(), include.line, "library",
                        include.path + " carries cereal: for *_codec.cpp alone"});
}

void check_quoted(const Source& source, const Include& include, const FileExists& exists,
                  Findings& findings) {
  if (!exists(include.path)) {
    findings.push_back({source.path(), include.line, "include-path",
                        include.path + " does not exist below the project's root"});
    return;
  }
  check_arrow(source, include, findings);
  check_archive(source, include, findings);
}

void check_library(const Source& source, const Include& include, Findings& findings) {
  if (include.path.find_first_of("/.") == std::string::npos) return;
  const auto library = std::ranges::find_if(
      libraries(), [&](const Library& l) { return matches_any(l.headers, include.path); });
  if (library == libraries().end()) {
    findings.push_back(
        {source.path(), include.line, "library", include.path + " is of no known library"});
  } else if (!is_test(source) && !matches_any(library->files, source.path())) {
    findings.push_back(
        {source.path(), include.line, "library",
         include.path + ": " + std::string(library->name) + " is not for this file"});
  }
}

void check_own_header(const Source& source, const FileExists& exists, Findings& findings) {
  if (!source.path().ends_with(".cpp")) return;
  const std::string own = source.path().substr(0, source.path().size() - 4) + ".hpp";
  if (!exists(own)) return;
  if (source.includes().empty() || source.includes().front().path != own)
    findings.push_back({source.path(), 1, "own-header", "does not include " + own + " first"});
}

}  // namespace

void check_includes(const Source& source, const FileExists& exists, Findings& findings) {
  for (const Include& include : source.includes()) {
    if (include.quoted)
      check_quoted(source, include, exists, findings);
    else
      check_library(source, include, findings);
  }
  check_own_header(source, exists, findings);
}

}  // namespace lint
