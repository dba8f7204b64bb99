// Memory for the texts that rules compute: a bump allocator that is emptied between rule sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace evenkeel::rules {

// One per worker suffices: rule sets run without suspension, and what must outlive them (variables, headers,
// captures) is copied by its owner. Memory is kept for reuse up to one block.
class Scratch {
 public:
  // The longest single text. Larger asks fail, so that a chain of expanding converters cannot eat the memory.
  static constexpr std::size_t kLimit = 1U << 20U;

  // n uninitialised bytes, or nullptr when n > kLimit. Valid until reset().
  char* take(std::size_t n) noexcept {
    if (n > left_ || next_ == nullptr) return grow(n);  // nothing is no failure: never null for n == 0
    char* result = next_;
    next_ += n;
    left_ -= n;
    return result;
  }
  // Gives back the tail of the newest take(): only `used` of its bytes stay taken.
  void shrink(const char* taken, std::size_t used) noexcept {
    const auto end = static_cast<std::size_t>(next_ - taken);
    next_ -= end - used;
    left_ += end - used;
  }
  // A copy of the text; empty when it is longer than kLimit.
  std::string_view copy(std::string_view text) noexcept {
    char* to = take(text.size());
    if (to == nullptr || text.empty()) return {};
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  void reset() noexcept;
  // Another number after every reset(): for those who keep views into the memory.
  [[nodiscard]] std::uint32_t resets() const noexcept { return resets_; }

 private:
  static constexpr std::size_t kBlock = 8192;
  char* grow(std::size_t n) noexcept;

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::uint32_t resets_ = 0;
};

}  // namespace evenkeel::rules
