#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "kvstore/storage/state_exchange.hpp"

namespace kvstore::storage {

using SourceResult = gms::model::Result<std::unique_ptr<gms::model::StateSource>>;

/// Asks for a state; get() waits for it.
inline std::future<SourceResult> begin_take(StateExchange& from) {
  auto promise = std::make_shared<std::promise<SourceResult>>();
  auto taken = promise->get_future();
  from.take([promise](SourceResult source) { promise->set_value(std::move(source)); });
  return taken;
}

/// Copies a source to a sink and finishes that, in chunks of an odd size.
inline void copy_state(gms::model::StateSource& from, gms::model::StateSink& to) {
  std::vector<std::byte> chunk(9973);
  for (std::size_t part = 0; part < from.parts().size(); ++part) {
    std::uint64_t at = 0;
    while (at < from.parts()[part].bytes) {
      const auto read = from.read(part, at, chunk);
      ASSERT_TRUE(read.has_value()) << read.error().detail;
      ASSERT_GT(*read, 0U);
      const auto written = to.write(part, at, gms::model::ByteSpan(chunk.data(), *read));
      ASSERT_TRUE(written.has_value()) << written.error().detail;
      at += *read;
    }
  }
  const auto finished = to.finish();
  ASSERT_TRUE(finished.has_value()) << finished.error().detail;
}

/// What is in a directory, sorted.
inline std::vector<std::string> names_in(const std::filesystem::path& directory) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    out.push_back(entry.path().filename().string());
  std::ranges::sort(out);
  return out;
}

}  // namespace kvstore::storage
