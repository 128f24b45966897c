#include "tests/cluster/records.hpp"

#include <array>
#include <random>

namespace tests::cluster {
namespace {

constexpr std::array<std::string_view, 16> kWords{
    "library", "multicast", "\"quoted\"", "C:\\path\\to", "a\ttab",           "naïve",
    "Łukasz",  "中文",      "emoji 🙂",   "</script>",    "100% \\n literal", "\x01\x1f\x7f",
    "bell\b",  "feed\f",    "return\r",   "plain"};

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::string name(std::size_t number) {
    std::string text;
    for (int letters = 0; letters < 6; ++letters) text += static_cast<char>('a' + random_() % 26);
    return text + (random_() % 2 == 0 ? "-dev" : "+") + std::to_string(number);
  }

  std::string record(const std::string& name) {
    std::string text = "Package: " + name + "\nDescription: " + words(8) + "\n";
    for (std::uint64_t lines = random_() % 20; lines > 0; --lines) text += " " + words(10) + "\n";
    return text;
  }

 private:
  std::string words(std::uint64_t most) {
    std::string text;
    for (std::uint64_t count = 1 + random_() % most; count > 0; --count) {
      text += kWords[random_() % kWords.size()];
      text += ' ';
    }
    return text;
  }

  std::mt19937_64 random_;
};

void append_string(std::string_view text, std::string& out) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char letter : text) {
    const auto value = static_cast<unsigned char>(letter);
    if (const std::size_t at = kShort.find(letter); at != std::string_view::npos) {
      out += '\\';
      out += kLetters[at];
    } else if (value < 0x20) {
      out += "\\u00";
      out += kDigits[value / 16];
      out += kDigits[value % 16];
    } else {
      out += letter;
    }
  }
  out += '"';
}

}  // namespace

Records package_records(std::size_t count, std::uint64_t seed) {
  Writer writer(seed);
  Records records;
  for (std::size_t number = 0; number < count; ++number) {
    const std::string name = writer.name(number);
    records.emplace(name, writer.record(name));
  }
  return records;
}

std::string jsonl_line(std::string_view key, std::string_view value) {
  std::string line = "{\"key\":";
  append_string(key, line);
  line += ",\"value\":";
  append_string(value, line);
  return line + "}\n";
}

std::string jsonl(const Records& records) {
  std::string text;
  for (const auto& [key, value] : records) text += jsonl_line(key, value);
  return text;
}

}  // namespace tests::cluster
