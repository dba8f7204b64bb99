// An index from byte strings to numbers: a flat hash table over one arena, made at load and only read
// afterwards.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel::rules {

// About 20 bytes a key and the key's own bytes; std::unordered_map needs four times that, which a map file of
// a million lines would feel.
class BytesIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Keeps the first number given for a key; later ones are ignored.
  void add(std::string_view key, std::uint32_t number);
  [[nodiscard]] std::uint32_t find(std::string_view key) const noexcept { return find<false>(key); }
  // In an index of keys in lower case: as if the text were in lower case, too.
  [[nodiscard]] std::uint32_t find_folded(std::string_view text) const noexcept { return find<true>(text); }
  [[nodiscard]] bool has_length(std::size_t length) const noexcept {
    return std::find(lengths_.begin(), lengths_.end(), length) != lengths_.end();
  }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::string_view key(std::size_t i) const noexcept {
    return {bytes_.data() + entries_[i].offset, entries_[i].length};
  }
  [[nodiscard]] std::uint32_t number(std::size_t i) const noexcept { return entries_[i].number; }
  // The different lengths of the keys, longest first: a prefix search asks once for each.
  [[nodiscard]] const std::vector<std::uint32_t>& lengths() const noexcept { return lengths_; }

 private:
  struct Entry {
    std::uint64_t offset;
    std::uint32_t length;
    std::uint32_t number;
  };
  template <bool kFold>
  [[nodiscard]] std::uint32_t find(std::string_view key) const noexcept;
  template <bool kFold>
  [[nodiscard]] std::size_t slot_of(std::string_view key) const noexcept;
  void grow();

  static constexpr std::size_t kLinear = 4;  // up to so many keys a plain comparison is cheaper than a hash

  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // entry number + 1, 0 is free; a power of two long
  std::vector<std::uint32_t> lengths_;
};

}  // namespace evenkeel::rules
