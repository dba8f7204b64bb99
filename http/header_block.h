// The header fields of one message: where their text is, not copies of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/header_id.h"

namespace evenkeel::http {

// A piece of text by offset: into the buffer that the message was read into, or into the message's own arena.
struct TextRef {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  bool in_arena = false;
};

struct HeaderEntry {
  static constexpr std::uint8_t kNameInArena = 1;
  static constexpr std::uint8_t kValueInArena = 2;
  // In the buffer stands exactly "name: value\r\n" with the name in lower case: may be copied as it is.
  static constexpr std::uint8_t kVerbatim = 4;

  std::uint32_t name_offset = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t value_length = 0;
  std::uint16_t name_length = 0;
  HeaderId id = HeaderId::other;
  std::uint8_t flags = 0;
};

// An ordered list of fields. Names are in lower case, values have no leading or trailing whitespace.
//
// Parsed text stays in the read buffer, which the block does not own: rebase() tells where it is now, and
// detach() copies everything so that the buffer may go. Added and changed text lives in an arena that keeps
// its capacity over clear(), so a reused block allocates nothing in its steady state. Views that the block
// hands out are valid until the next change of the block or of the buffer.
class HeaderBlock {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  void clear() noexcept {
    entries_.clear();
    arena_.clear();
    present_ = 0;
    ++revision_;
  }
  // Another number after every change of what the message says, the start line that shares the arena
  // included; moving its bytes is none. For those who keep what they have read.
  [[nodiscard]] std::uint32_t revision() const noexcept { return revision_; }
  // The buffer has moved (or is given for the first time); offsets are relative to its first byte.
  void rebase(const char* buffer) noexcept { buffer_ = buffer; }
  // Copies all text that is still in the buffer into the arena.
  void detach();

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] const HeaderEntry& entry(std::size_t i) const noexcept { return entries_[i]; }
  [[nodiscard]] HeaderId id(std::size_t i) const noexcept { return entries_[i].id; }
  [[nodiscard]] std::string_view name(std::size_t i) const noexcept {
    const HeaderEntry& e = entries_[i];
    return {base(e.flags & HeaderEntry::kNameInArena) + e.name_offset, e.name_length};
  }
  [[nodiscard]] std::string_view value(std::size_t i) const noexcept {
    const HeaderEntry& e = entries_[i];
    return {base(e.flags & HeaderEntry::kValueInArena) + e.value_offset, e.value_length};
  }

  // False: certainly absent, at the price of one bit test.
  [[nodiscard]] bool may_have(HeaderSet any_of) const noexcept { return (present_ & any_of) != 0; }
  [[nodiscard]] bool has(HeaderId id) const noexcept { return find(id) != npos; }
  // The index of the first field at or after `from`; npos when there is none. Names compare without case.
  [[nodiscard]] std::size_t find(HeaderId id, std::size_t from = 0) const noexcept;
  [[nodiscard]] std::size_t find(std::string_view name, std::size_t from = 0) const noexcept;
  // The index of the n-th field (1: first; -1: last) of that name; npos when there are fewer.
  [[nodiscard]] std::size_t nth(std::string_view name, int n) const noexcept;
  // The value of the first such field; data() is null when there is none.
  [[nodiscard]] std::string_view get(HeaderId id) const noexcept;
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t count(HeaderId id) const noexcept;

  // Appends a field. Name and value may be views into this very block.
  void add(std::string_view name, std::string_view value);
  void add(HeaderId id, std::string_view value) { add(to_string(id), value); }
  // Leaves exactly one field of that name, at the end, as `http-request set-header` does.
  void set(std::string_view name, std::string_view value);
  void set(HeaderId id, std::string_view value) { set(to_string(id), value); }
  void replace_value(std::size_t i, std::string_view value);
  void remove(std::size_t i) {
    ++revision_;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  // Returns how many went.
  std::size_t remove_all(HeaderId id) noexcept;
  std::size_t remove_all(std::string_view name) noexcept;

  // For parsers: appends a field whose text is in the buffer.
  void push_parsed(const HeaderEntry& entry) {
    entries_.push_back(entry);
    present_ |= set_of(entry.id);
    ++revision_;
  }
  [[nodiscard]] HeaderEntry& entry_for_parser(std::size_t i) noexcept {
    ++revision_;
    return entries_[i];
  }
  void reserve(std::size_t fields) { entries_.reserve(fields); }

  // Other text of the message that shares buffer and arena (method, target, reason).
  [[nodiscard]] std::string_view text(TextRef ref) const noexcept {
    return {base(ref.in_arena) + ref.offset, ref.length};
  }
  TextRef store(std::string_view text);

 private:
  [[nodiscard]] const char* base(bool in_arena) const noexcept { return in_arena ? arena_.data() : buffer_; }
  std::uint32_t append_both(std::string_view a, std::string_view b);

  const char* buffer_ = "";
  std::vector<HeaderEntry> entries_;
  std::string arena_;
  std::uint32_t revision_ = 0;
  HeaderSet present_ = 0;  // never forgets a removed field: an upper bound
};

// ASCII case-insensitive equality.
bool iequals(std::string_view a, std::string_view b) noexcept;
// Without leading and trailing spaces and tabs.
std::string_view trim_ows(std::string_view text) noexcept;

// The elements of a comma-separated list (RFC 9110 section 5.6.1), trimmed, empty ones left out. Commas
// inside of quoted strings do not separate.
//   ListReader list(value); std::string_view token; while (list.next(token)) ...
class ListReader {
 public:
  explicit ListReader(std::string_view value) noexcept : rest_(value) {}
  bool next(std::string_view& element) noexcept;

 private:
  std::string_view rest_;
};

// Whether the comma-separated list has this token, in any case.
bool list_has_token(std::string_view list, std::string_view token) noexcept;

}  // namespace evenkeel::http
