#include <unistd.h>

#include <iostream>

#include "client/kvctl/command.hpp"
#include "client/kvctl/context.hpp"
#include "client/kvctl/exporter.hpp"
#include "client/kvctl/importer.hpp"
#include "client/kvctl/input.hpp"

namespace kvctl {
namespace {

using client::Error;
using client::ErrorCode;
using client::Result;

/// A line on a terminal that counts up.
class Progress {
 public:
  explicit Progress(const Context& context)
      : shown_(!context.quiet() && isatty(STDERR_FILENO) == 1) {}
  ~Progress() {
    if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t count) const {
    if (shown_) std::cerr << "\r" << count << " keys" << std::flush;
  }

 private:
  bool shown_;
};

/// The error with how far the import came.
Error stopped(const Error& error, Importer& importer) {
  const std::uint64_t written = importer.settle();
  if (!importer.has_begun()) return {error.code, error.detail + ". Not applied"};
  const std::string extent = std::to_string(written) + " keys written; to import all again is safe";
  if (written > 0) return partly_done(error, extent);
  return {error.code, error.detail + ". " + extent};
}

Result<std::uint64_t> import_from(Input& input, Context& context, PairFormat format) {
  // Each write may wait for longer than a first answer may take.
  if (auto known = context.client().members(); !known)
    return Error{known.error().code, known.error().detail + ". Not applied"};
  const Progress progress(context);
  Importer importer(context.transfer_client(), format,
                    context.settings().timeout.value_or(Importer::kDeadlineDefault));
  auto count = importer.run(input.stream(), [&](std::uint64_t written) { progress.show(written); });
  if (count) return count;
  const auto unread = input.failure();
  return stopped(unread ? *unread : count.error(), importer);
}

Result<ExitCode> run_import(Context& context) {
  const auto format = parse_pair_format(context.arguments().text("format"));
  if (!format) return format.error();
  auto input = Input::open(context.arguments().text("FILE"));
  if (!input) return Error{input.error().code, input.error().detail + ". Not applied"};
  const auto count = import_from(*input, context, *format);
  if (!count) return count.error();
  context.note(std::to_string(*count) + " keys written");
  return ExitCode::done;
}

Result<ExitCode> run_export(Context& context) {
  const auto format = parse_pair_format(context.arguments().text("format"));
  if (!format) return format.error();
  const Progress progress(context);
  Exporter exporter(context.transfer_client(), *format);
  const auto count = exporter.run(context.arguments().text("prefix"), std::cout,
                                  [&](std::uint64_t fetched) { progress.show(fetched); });
  if (!count) return count.error();
  return ExitCode::done;
}

}  // namespace

std::vector<Command> bulk_commands() {
  const Option format{"--format", OptionKind::text, "jsonl or tsv", "jsonl"};
  return {
      {"import",
       "Write all pairs of a file, each exactly once",
       Effect::writes_many,
       {{"FILE", "One pair a line; - for standard input"}},
       {format},
       run_import},
      {"export",
       "Print all pairs in key order, as of one moment",
       Effect::reads,
       {},
       {format, {"--prefix", OptionKind::text, "Only keys that begin with this", ""}},
       run_export},
  };
}

}  // namespace kvctl
