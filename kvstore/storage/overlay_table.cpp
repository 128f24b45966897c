#include "kvstore/storage/overlay_table.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <type_traits>

#include "gms/model/buffer.hpp"
#include "kvstore/storage/row_format.hpp"

namespace kvstore::storage {
namespace {

/// What a row of a map takes besides what it holds: three links and a colour.
constexpr std::size_t kMapLinkBytes = 32;

static_assert(std::is_trivially_destructible_v<OverlayVersion>);

}  // namespace

void* OverlayTable::Blocks::do_allocate(std::size_t bytes, std::size_t alignment) {
  void* const block = std::pmr::new_delete_resource()->allocate(bytes, alignment);
  gms::model::prefer_huge_pages({static_cast<std::byte*>(block), bytes});
  return block;
}

void OverlayTable::Blocks::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  std::pmr::new_delete_resource()->deallocate(block, bytes, alignment);
}

void OverlayTable::put(std::string_view key, const std::optional<api::Versioned>& row, ChangeSeq at,
                       ChangeSeq snapshot) {
  Rows::value_type* const known = index_.find(key);
  if (known != nullptr) renew(known->second, snapshot);
  OverlayVersion& version = known != nullptr ? known->second : insert(key);
  version.at = at;
  store(version, row);
  changed_bytes_ += key.size() + version.size;
}

OverlayVersion& OverlayTable::insert(std::string_view key) {
  const auto place = rows_.emplace(keep(key), OverlayVersion{}).first;
  index_.add(*place);
  bytes_ += kMapLinkBytes + sizeof(Rows::value_type);
  return place->second;
}

void OverlayTable::renew(OverlayVersion& version, ChangeSeq snapshot) {
  if (version.at > snapshot) return;
  // The snapshot may see what is there: it stays, behind the new version.
  void* const to = take_memory(sizeof(OverlayVersion), alignof(OverlayVersion));
  const auto* const older = new (to) OverlayVersion(version);
  version = {};
  version.older = older;
}

void OverlayTable::store(OverlayVersion& version, const std::optional<api::Versioned>& row) {
  const std::size_t size = row ? kRowHeadBytes + row->value.size() : 0;
  if (size > version.capacity) {
    // A row that outgrew its place once does so again, such as a session's: it gets some room.
    const std::size_t capacity = version.capacity == 0 ? size : size + size / 4;
    version.bytes = take_memory(capacity, 1);
    version.capacity = static_cast<std::uint32_t>(capacity);
  }
  version.size = static_cast<std::uint32_t>(size);
  if (row) store_row(*row, version.bytes);
}

void OverlayTable::set_applied(gms::model::Index applied, gms::model::ByteSpan record) {
  applied_.applied = applied;
  applied_.record.assign(record.begin(), record.end());
  changed_bytes_ += record.size();
}

std::byte* OverlayTable::take_memory(std::size_t bytes, std::size_t alignment) {
  bytes_ += bytes;
  return static_cast<std::byte*>(memory_.allocate(bytes, alignment));
}

std::string_view OverlayTable::keep(std::string_view key) {
  std::byte* const to = take_memory(key.size(), 1);
  std::memcpy(to, key.data(), key.size());
  return gms::model::as_text({to, key.size()});
}

const OverlayVersion* version_at(const OverlayVersion& newest, ChangeSeq at) {
  const OverlayVersion* version = &newest;
  while (version != nullptr && version->at > at) version = version->older;
  return version;
}

}  // namespace kvstore::storage
