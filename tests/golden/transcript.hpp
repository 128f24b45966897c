#pragma once

#include <string>
#include <utility>
#include <vector>

namespace golden {

/// How much of what happens a script shows.
enum class Detail { nothing, events, everything };

/// What a command's effects read like, line by line.
class Transcript {
 public:
  void show(Detail detail) { shown_ = detail; }
  [[nodiscard]] Detail shown() const { return shown_; }

  /// Something that a user of the library could notice.
  void event(const std::string& line) {
    if (shown_ != Detail::nothing) add(line);
  }
  /// Something between the parts.
  void detail(const std::string& line) {
    if (shown_ == Detail::everything) add(line);
  }
  /// Shown whatever was asked for: an answer to the script, or an error in it.
  void add(const std::string& line) {
    // Without the lines between, what follows from what cannot be shown.
    lines_.push_back(std::string(shown_ == Detail::everything ? 2 * depth_ : 0, ' ') + line);
  }
  /// What comes next follows from the line before, until leave().
  void enter() { ++depth_; }
  void leave() { --depth_; }

  [[nodiscard]] std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  Detail shown_ = Detail::everything;
  std::size_t depth_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace golden
