#include "core/buffer.h"

#include "core/poison.h"

namespace evenkeel {

BufferPool::~BufferPool() {
  for (char* block : free_) delete[] block;
}

char* BufferPool::take() {
  ++in_use_;
  if (!free_.empty()) {
    char* block = free_.back();
    free_.pop_back();
    poison(block, block_size_);
    return block;
  }
  return new char[block_size_];
}

void BufferPool::give(char* block) noexcept {
  --in_use_;
  if (free_.size() >= keep_) {
    delete[] block;
    return;
  }
  if (free_.capacity() == 0) free_.reserve(keep_);  // once: later push_backs cannot throw
  free_.push_back(block);
}

}  // namespace evenkeel
