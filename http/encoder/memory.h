// Counts what compression libraries allocate.
#pragma once

#include <cstddef>

namespace evenkeel::http {

// What one encoder has allocated; the sum over all of them is encoder_memory_in_use().
class MemoryGauge {
 public:
  MemoryGauge() = default;
  MemoryGauge(const MemoryGauge&) = delete;
  MemoryGauge& operator=(const MemoryGauge&) = delete;
  ~MemoryGauge() { set(0); }

  // Null when there is no memory.
  void* allocate(std::size_t bytes) noexcept;
  void release(void* block) noexcept;
  // For libraries that tell their size instead of asking for blocks.
  void set(std::size_t bytes) noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

}  // namespace evenkeel::http
