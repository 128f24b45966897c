#include "gms/log/directories.hpp"

#include <utility>

namespace gms::log {
namespace {

using model::ErrorCode;
using model::Result;

std::string without_slashes_behind(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

std::string parent_of(std::string path) {
  path = without_slashes_behind(std::move(path));
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> make_directory_durably(FileSystem& files, std::string path) {
  path = without_slashes_behind(std::move(path));
  const auto made = files.make_directory(path);
  if (!made && made.error().code != ErrorCode::conflict) return made;
  // One that is there already may be of a try that came no further.
  return files.sync_directory(parent_of(path));
}

}  // namespace gms::log
