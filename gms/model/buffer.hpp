#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace gms::model {

/// Asks that memory which was not touched yet lie in huge pages, as far as it holds whole ones.
/// Memory of less than a few megabytes is left as it is, and so is all where the kernel does not
/// leave the choice to programs. What the memory holds is not changed.
void prefer_huge_pages(std::span<std::byte> memory);

/// Room for so many bytes, which are not set, with prefer_huge_pages(). To touch fresh memory for
/// the first time takes longer than to copy to it; of a large piece that is most of the time that
/// filling it takes.
[[nodiscard]] std::shared_ptr<std::byte[]> make_buffer(std::size_t bytes);

}  // namespace gms::model
