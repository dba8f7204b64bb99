#include "http/header_block.h"

#include <algorithm>

#include "http/scan.h"

namespace evenkeel::http {

std::uint32_t HeaderBlock::append_both(std::string_view a, std::string_view b) {
  const std::size_t at = arena_.size();
  const std::size_t need = at + a.size() + b.size();
  if (need > arena_.capacity()) {
    // a and b may point into the arena: the old one must live until they have been copied.
    std::string bigger;
    bigger.reserve(std::max<std::size_t>(need * 2, 256));
    bigger.append(arena_).append(a).append(b);
    arena_.swap(bigger);
  } else {
    arena_.append(a).append(b);
  }
  return static_cast<std::uint32_t>(at);
}

TextRef HeaderBlock::store(std::string_view text) {
  ++revision_;
  return {append_both(text, {}), static_cast<std::uint32_t>(text.size()), true};
}

void HeaderBlock::detach() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    HeaderEntry& e = entries_[i];
    if (!(e.flags & HeaderEntry::kNameInArena)) e.name_offset = append_both(name(i), {});
    if (!(e.flags & HeaderEntry::kValueInArena)) e.value_offset = append_both(value(i), {});
    e.flags = HeaderEntry::kNameInArena | HeaderEntry::kValueInArena;
  }
}

std::size_t HeaderBlock::find(HeaderId id, std::size_t from) const noexcept {
  if ((present_ & set_of(id)) == 0) return npos;
  for (std::size_t i = from; i < entries_.size(); ++i) {
    if (entries_[i].id == id) return i;
  }
  return npos;
}

std::size_t HeaderBlock::find(std::string_view name, std::size_t from) const noexcept {
  const HeaderId id = header_id_of(name);
  if (id != HeaderId::other) return find(id, from);
  for (std::size_t i = from; i < entries_.size(); ++i) {
    if (entries_[i].name_length == name.size() && iequals(this->name(i), name)) return i;
  }
  return npos;
}

std::size_t HeaderBlock::nth(std::string_view name, int n) const noexcept {
  std::size_t found = npos;
  std::size_t i = find(name);
  while (i != npos && n != 0) {
    found = i;
    if (n > 0 && --n == 0) return found;
    i = find(name, i + 1);
  }
  if (n == -1) return found;
  if (n >= 0) return npos;
  // Counting from the end with n < -1 is rare: walk backwards.
  for (std::size_t k = entries_.size(); k-- > 0;) {
    if (iequals(this->name(k), name) && ++n == 0) return k;
  }
  return npos;
}

std::string_view HeaderBlock::get(HeaderId id) const noexcept {
  const std::size_t i = find(id);
  return i == npos ? std::string_view() : value(i);
}

std::string_view HeaderBlock::get(std::string_view name) const noexcept {
  const std::size_t i = find(name);
  return i == npos ? std::string_view() : value(i);
}

std::size_t HeaderBlock::count(HeaderId id) const noexcept {
  std::size_t n = 0;
  for (std::size_t i = find(id); i != npos; i = find(id, i + 1)) ++n;
  return n;
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  HeaderEntry e;
  e.name_length = static_cast<std::uint16_t>(name.size());
  e.value_length = static_cast<std::uint32_t>(value.size());
  e.name_offset = append_both(name, value);
  e.value_offset = e.name_offset + e.name_length;
  e.flags = HeaderEntry::kNameInArena | HeaderEntry::kValueInArena;
  for (std::size_t i = e.name_offset; i < e.value_offset; ++i) arena_[i] = to_lower(arena_[i]);
  e.id = header_id_of_lower({arena_.data() + e.name_offset, e.name_length});
  push_parsed(e);
}

void HeaderBlock::set(std::string_view name, std::string_view value) {
  // Appended first: both views may point at fields that are about to go.
  add(name, value);
  const HeaderEntry kept = entries_.back();
  entries_.pop_back();
  const std::string_view lower(arena_.data() + kept.name_offset, kept.name_length);
  if (kept.id != HeaderId::other) {
    remove_all(kept.id);
  } else {
    remove_all(lower);
  }
  entries_.push_back(kept);
}

void HeaderBlock::replace_value(std::size_t i, std::string_view value) {
  ++revision_;
  const std::uint32_t at = append_both(value, {});
  HeaderEntry& e = entries_[i];
  e.value_offset = at;
  e.value_length = static_cast<std::uint32_t>(value.size());
  e.flags = static_cast<std::uint8_t>((e.flags | HeaderEntry::kValueInArena) & ~HeaderEntry::kVerbatim);
}

std::size_t HeaderBlock::remove_all(HeaderId id) noexcept {
  if ((present_ & set_of(id)) == 0) return 0;
  ++revision_;
  return std::erase_if(entries_, [id](const HeaderEntry& e) { return e.id == id; });
}

std::size_t HeaderBlock::remove_all(std::string_view name) noexcept {
  const HeaderId id = header_id_of(name);
  if (id != HeaderId::other) return remove_all(id);
  ++revision_;
  return std::erase_if(entries_, [&](const HeaderEntry& e) {
    if (e.name_length != name.size()) return false;
    return iequals({base(e.flags & HeaderEntry::kNameInArena) + e.name_offset, e.name_length}, name);
  });
}

bool iequals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

std::string_view trim_ows(std::string_view text) noexcept {
  while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
  return text;
}

bool ListReader::next(std::string_view& element) noexcept {
  while (!rest_.empty()) {
    bool quoted = false;
    std::size_t i = 0;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] == '"') quoted = !quoted;
      if (quoted && rest_[i] == '\\') ++i;
      if (!quoted && i < rest_.size() && rest_[i] == ',') break;
    }
    i = std::min(i, rest_.size());
    element = trim_ows(rest_.substr(0, i));
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
    if (!element.empty()) return true;
  }
  return false;
}

bool list_has_token(std::string_view list, std::string_view token) noexcept {
  ListReader reader(list);
  std::string_view element;
  while (reader.next(element)) {
    if (iequals(element, token)) return true;
  }
  return false;
}

}  // namespace evenkeel::http
