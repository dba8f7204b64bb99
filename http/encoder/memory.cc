#include "http/encoder/memory.h"

#include <atomic>
#include <cstdlib>

#include "http/encoder.h"

namespace evenkeel::http {
namespace {

std::atomic<std::size_t> total{0};

// In front of each block stands its size; as long as the strictest alignment asks for.
constexpr std::size_t kPrefix = alignof(std::max_align_t);

}  // namespace

void* MemoryGauge::allocate(std::size_t bytes) noexcept {
  if (bytes > SIZE_MAX - kPrefix) return nullptr;
  auto* const block = static_cast<char*>(std::malloc(bytes + kPrefix));
  if (block == nullptr) return nullptr;
  *reinterpret_cast<std::size_t*>(block) = bytes;
  set(bytes_ + bytes);
  return block + kPrefix;
}

void MemoryGauge::release(void* block) noexcept {
  if (block == nullptr) return;
  char* const begin = static_cast<char*>(block) - kPrefix;
  set(bytes_ - *reinterpret_cast<std::size_t*>(begin));
  std::free(begin);
}

void MemoryGauge::set(std::size_t bytes) noexcept {
  total.fetch_add(bytes - bytes_, std::memory_order_relaxed);  // wraps where it shrinks
  bytes_ = bytes;
}

std::size_t encoder_memory_in_use() noexcept { return total.load(std::memory_order_relaxed); }

}  // namespace evenkeel::http
