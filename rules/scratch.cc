#include "rules/scratch.h"

#include <algorithm>

namespace evenkeel::rules {

char* Scratch::grow(std::size_t n) noexcept {
  if (n > kLimit) return nullptr;
  const std::size_t size = std::max(n, kBlock);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
  next_ = blocks_.back().get() + n;
  left_ = size - n;
  return blocks_.back().get();
}

void Scratch::reset() noexcept {
  ++resets_;
  if (blocks_.empty()) return;
  // The first block may be an oversized one; its extra length is forgotten rather than tracked.
  blocks_.resize(1);
  next_ = blocks_.front().get();
  left_ = kBlock;
}

}  // namespace evenkeel::rules
