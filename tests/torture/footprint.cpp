#include "tests/torture/footprint.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace tests::torture {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
/// Fewer say nothing.
constexpr std::size_t kSamplesMin = 40;
/// What may come and go.
constexpr std::uint64_t kMemorySlack = 16 * kMiB;
constexpr std::uint64_t kDiskSlack = 32 * kMiB;
constexpr std::uint64_t kDescriptorSlack = 24;

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t entries_in(const std::filesystem::path& directory) {
  std::error_code error;
  std::uint64_t entries = 0;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    ++entries;
  return entries;
}

/// Files come and go meanwhile.
std::uint64_t bytes_below(const std::filesystem::path& directory) {
  std::error_code error;
  std::uint64_t bytes = 0;
  for (std::filesystem::recursive_directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    const auto size = at->is_regular_file(ignored) ? at->file_size(ignored) : 0;
    if (!ignored) bytes += size;
  }
  return bytes;
}

/// Of the samples in [first, last).
std::uint64_t median_of(const std::vector<Footprint>& samples, std::size_t first, std::size_t last,
                        std::uint64_t Footprint::* figure) {
  std::vector<std::uint64_t> values;
  for (std::size_t i = first; i < last; ++i) values.push_back(samples[i].*figure);
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

Footprint footprint_of(const ProcessOf& process, const std::filesystem::path& directory) {
  Footprint out;
  out.memory_bytes = resident_bytes(process.pid);
  out.descriptors = entries_in("/proc/" + std::to_string(process.pid) + "/fd");
  out.disk_bytes = bytes_below(directory / "data");
  return out;
}

std::string growth_in(const std::string& name, const std::vector<Footprint>& samples) {
  if (samples.size() < kSamplesMin) return {};
  struct Figure {
    const char* name;
    std::uint64_t Footprint::* of;
    std::uint64_t slack;
  };
  std::string grown;
  const std::size_t third = samples.size() / 3;
  for (const Figure& figure : {Figure{"memory", &Footprint::memory_bytes, kMemorySlack},
                               Figure{"disk", &Footprint::disk_bytes, kDiskSlack},
                               Figure{"descriptors", &Footprint::descriptors, kDescriptorSlack}}) {
    const std::uint64_t before = median_of(samples, third, 2 * third, figure.of);
    const std::uint64_t after = median_of(samples, 2 * third, samples.size(), figure.of);
    if (after > before + before / 8 + figure.slack)
      grown += name + ": " + figure.name + " grew from " + std::to_string(before) + " to " +
               std::to_string(after) + "\n";
  }
  return grown;
}

FootprintWatch::FootprintWatch(const Observer& observer, const cluster::LocalGroup& group)
    : observer_(observer), group_(group), thread_([this] { watch(); }) {}

FootprintWatch::~FootprintWatch() {
  static_cast<void>(stop());
}

void FootprintWatch::watch() {
  const auto begun = std::chrono::steady_clock::now();
  while (!stopping_) {
    for (const ProcessOf& process : observer_.processes()) {
      if (process.state == ProcessState::stopped) continue;
      Footprint sample = footprint_of(process, group_.directory() / process.name);
      // One that has only just gone.
      if (sample.memory_bytes == 0) continue;
      sample.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      samples_[{process.name, process.pid}].push_back(sample);
    }
    std::this_thread::sleep_for(500ms);
  }
}

std::string FootprintWatch::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  std::string grown;
  for (const auto& [process, samples] : samples_) grown += growth_in(process.first, samples);
  return grown;
}

std::string FootprintWatch::report() const {
  const auto line = [](const Footprint& sample) {
    return std::to_string(static_cast<int>(sample.seconds)) + " s: memory " +
           std::to_string(sample.memory_bytes / kMiB) + " MiB, disk " +
           std::to_string(sample.disk_bytes / kMiB) + " MiB, descriptors " +
           std::to_string(sample.descriptors);
  };
  std::string text;
  for (const auto& [name, samples] : longest())
    text += name + " " + line(samples[samples.size() / 3]) + "; " + line(samples.back()) + "\n";
  return text;
}

std::map<std::string, FootprintWatch::Samples> FootprintWatch::longest() const {
  std::map<std::string, Samples> longest;
  for (const auto& [process, samples] : samples_)
    if (Samples& known = longest[process.first]; samples.size() > known.size()) known = samples;
  return longest;
}

double FootprintWatch::longest_life(const std::string& name) const {
  const auto all = longest();
  const auto found = all.find(name);
  if (found == all.end()) return 0;
  return found->second.back().seconds - found->second.front().seconds;
}

}  // namespace tests::torture
