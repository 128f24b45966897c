#pragma once

#include <functional>
#include <string_view>

#include "tests/lint/finding.hpp"
#include "tests/lint/source.hpp"

namespace lint {

/// Tells whether a path, relative to the project's root, is a file of the project.
using FileExists = std::function<bool(std::string_view path)>;

/// Checks a file's includes: the layers' arrows run downwards only, third-party headers stand where
/// they are allowed, a quoted path starts at the root and exists, a .cpp includes its own header
/// first.
void check_includes(const Source& source, const FileExists& exists, Findings& findings);

}  // namespace lint
