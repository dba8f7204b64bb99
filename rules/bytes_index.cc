#include "rules/bytes_index.h"

#include <functional>

#include "rules/pattern_hash.h"

namespace evenkeel::rules {

namespace {

template <bool kFold>
bool same(std::string_view key, std::string_view text) noexcept {
  return kFold ? equal_folded(key, text) : key == text;
}

}  // namespace

template <bool kFold>
std::size_t BytesIndex::slot_of(std::string_view key) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash_bytes<kFold>(key) & mask;
  while (slots_[at] != 0 && !same<kFold>(this->key(slots_[at] - 1), key)) at = (at + 1) & mask;
  return at;
}

void BytesIndex::grow() {
  slots_.assign(std::max<std::size_t>(16, slots_.size() * 2), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i)
    slots_[slot_of<false>(key(i))] = static_cast<std::uint32_t>(i + 1);
}

void BytesIndex::add(std::string_view key, std::uint32_t number) {
  if (slots_.size() < 2 * (entries_.size() + 1)) grow();
  const std::size_t slot = slot_of<false>(key);
  if (slots_[slot] != 0) return;
  entries_.push_back({bytes_.size(), static_cast<std::uint32_t>(key.size()), number});
  bytes_.append(key);
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  const auto length = static_cast<std::uint32_t>(key.size());
  const auto at = std::lower_bound(lengths_.begin(), lengths_.end(), length, std::greater<>());
  if (at == lengths_.end() || *at != length) lengths_.insert(at, length);
}

template <bool kFold>
std::uint32_t BytesIndex::find(std::string_view key) const noexcept {
  if (entries_.size() <= kLinear) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (same<kFold>(this->key(i), key)) return entries_[i].number;
    }
    return kNone;
  }
  const std::uint32_t found = slots_[slot_of<kFold>(key)];
  return found == 0 ? kNone : entries_[found - 1].number;
}

template std::uint32_t BytesIndex::find<false>(std::string_view key) const noexcept;
template std::uint32_t BytesIndex::find<true>(std::string_view key) const noexcept;

}  // namespace evenkeel::rules
