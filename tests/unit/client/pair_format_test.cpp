#include "client/kvctl/pair_format.hpp"

#include <gtest/gtest.h>

#include <random>

#include "client/kvctl/text.hpp"

namespace kvctl {
namespace {

using client::ErrorCode;

constexpr PairFormat kFormats[] = {PairFormat::jsonl, PairFormat::tsv};

TEST(PairFormat, WritesJsonLinesCanonically) {
  EXPECT_EQ(format_pair("a", "b", PairFormat::jsonl), R"({"key":"a","value":"b"})");
  EXPECT_EQ(format_pair("q\"\\/", "\b\f\n\r\t\x01\x1f", PairFormat::jsonl),
            R"({"key":"q\"\\/","value":"\b\f\n\r\t\u0001\u001f"})");
  EXPECT_EQ(format_pair("grün", "\x7f", PairFormat::jsonl),
            "{\"key\":\"grün\",\"value\":\"\x7f\"}");
}

TEST(PairFormat, WritesBytesThatAreNotUtf8InBase64) {
  EXPECT_EQ(format_pair("\xff", "plain", PairFormat::jsonl),
            R"({"key_b64":"/w==","value":"plain"})");
  EXPECT_EQ(format_pair("k", "\xc3", PairFormat::jsonl), R"({"key":"k","value_b64":"ww=="})");
}

TEST(PairFormat, WritesTabSeparatedLinesCanonically) {
  EXPECT_EQ(format_pair("a\tb", "c\nd\r\\\x01\xff ü", PairFormat::tsv),
            "a\\tb\tc\\nd\\r\\\\\\x01\\xff ü");
}

TEST(PairFormat, ReadsWhatOthersWrite) {
  const auto pair = parse_pair(R"( { "value" : "caf\u00e9 \ud83d\ude00" , "key" : "\u0061\/" } )",
                               PairFormat::jsonl);
  ASSERT_TRUE(pair) << pair.error().detail;
  EXPECT_EQ(*pair, (KeyAndValue{"a/", "café 😀"}));
  EXPECT_EQ(parse_pair("k\\x4A\t", PairFormat::tsv).value_or(KeyAndValue{}),
            (KeyAndValue{"kJ", ""}));
}

TEST(PairFormat, RefusesLinesThatAreNotPairs) {
  for (const char* line :
       {"", "{}", "[]", "nonsense", R"({"key":"a"})", R"({"key":1,"value":"b"})",
        R"({"key":"a","key_b64":"YQ==","value":"b"})", R"({"key_b64":"a","value":"b"})",
        R"({"key_b64":"????","value":"b"})", "{\"key\":\"\xff\",\"value\":\"\"}"}) {
    const auto pair = parse_pair(line, PairFormat::jsonl);
    ASSERT_FALSE(pair) << line;
    EXPECT_EQ(pair.error().code, ErrorCode::invalid_argument);
  }
  for (const char* line : {"", "a", "a\tb\tc", "a\\\tb", "a\t\\q", "a\t\\x1", "a\t\\xgg"})
    EXPECT_FALSE(parse_pair(line, PairFormat::tsv)) << line;
}

TEST(PairFormat, BringsRandomBytesBack) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const auto bytes = [&] {
      std::string out(random() % 40, '\0');
      // Half of them of a few characters that are escaped or form UTF-8.
      const std::string few = "\t\n\r\\\"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\x7f\x01";
      const bool any = random() % 2 == 0;
      for (char& c : out) c = any ? static_cast<char>(random()) : few[random() % few.size()];
      return out;
    };
    const KeyAndValue pair{bytes(), bytes()};
    for (const PairFormat format : kFormats) {
      const std::string line = format_pair(pair.key, pair.value, format);
      EXPECT_EQ(line.find('\n'), std::string::npos);
      EXPECT_TRUE(is_utf8(line));
      const auto read = parse_pair(line, format);
      ASSERT_TRUE(read) << line << ": " << read.error().detail;
      EXPECT_EQ(*read, pair);
      EXPECT_EQ(format_pair(read->key, read->value, format), line);
    }
  }
}

TEST(Text, TellsUtf8FromOtherBytes) {
  for (const char* good : {"", "a", "ü", "€", "😀", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xff"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Text, ShortensAtCharacters) {
  EXPECT_EQ(shortened("grün", 4), "grün");
  EXPECT_EQ(shortened("grüner", 4), "grü…");
}

TEST(Text, BringsBase64Back) {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  for (const char* bad : {"Zg", "Zg=", "====", "Z===", "Zm9v\n", "Zg==Zg=="})
    EXPECT_FALSE(from_base64(bad)) << bad;
}

}  // namespace
}  // namespace kvctl
