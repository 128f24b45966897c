#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tests::cluster {

/// What a program said and how it ended.
struct Finished {
  /// Its exit code; -1 when a signal or the time limit ended it.
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs `arguments[0]` with the rest, `input` on its standard input, and waits for its end, at most
/// `limit`; then it is killed.
[[nodiscard]] Finished run_program(const std::vector<std::string>& arguments,
                                   const std::string& input = {},
                                   std::chrono::seconds limit = std::chrono::seconds(120));

/// A program that runs beside the test; what it says goes to a file. It is killed with the object,
/// if it still runs. One thread.
class Background {
 public:
  /// Whether the program has a pipe to read from, or nothing.
  enum class Input { none, piped };

  Background(const std::vector<std::string>& arguments, std::filesystem::path output,
             Input input = Input::none);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Gives it something to read, waiting until it has taken that. Nothing when it has ended.
  void write(std::string_view text) const;
  /// It has nothing more to read.
  void end_input();

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// What it has said so far.
  [[nodiscard]] std::string said() const;
  /// Waits until it has said `text`; false when it has not by then.
  [[nodiscard]] bool wait_until_said(std::string_view text, std::chrono::milliseconds limit) const;
  /// Its exit code, 128 more than a signal that ended it; nothing when it still runs by then.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds limit);

 private:
  std::filesystem::path output_;
  pid_t pid_ = -1;
  int input_ = -1;
  std::optional<int> ended_;
};

/// Sets a variable of the environment, of this process and those it starts, while it lives.
class Variable {
 public:
  Variable(std::string name, const std::string& value);
  ~Variable();
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

/// The memory that a process has, which tests hold against a bound. Zero in a build with a
/// sanitizer: its runtime takes memory of its own, and keeps what was freed.
[[nodiscard]] std::uint64_t resident_bytes(pid_t process);

/// How many times as long a test under load waits for a member, or how many times fewer of its
/// answers are enough: more than once in a build with a sanitizer.
[[nodiscard]] int patience();

/// A new, empty directory of its own in the one for temporary files, or in `parent`.
[[nodiscard]] std::filesystem::path fresh_directory(const std::filesystem::path& parent = {});
[[nodiscard]] std::string content_of(const std::filesystem::path& path);

/// The path of a program of this build, such as kvctl.
[[nodiscard]] std::string built(const std::string& name);
/// The directory of the sources.
[[nodiscard]] std::filesystem::path sources();

}  // namespace tests::cluster
