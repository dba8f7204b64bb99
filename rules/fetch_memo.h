// What expressions have yielded for the request at hand, so that many ACLs over one fetch read it once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/sample.h"

namespace evenkeel::http {
class HeaderBlock;
}

namespace evenkeel::rules {

// A small cache, one place for each expression number modulo its size: most configurations look at two or
// three things, and whoever looks at hundreds loses only the gain. It holds texts of expressions that have
// at most one value and depend on nothing but the request's head (can_remember). Texts are copies in the
// scratch: the message's own memory moves when rules add fields.
//
// It cannot be out of date: the head counts its changes and the scratch its resets, and an answer is given
// only as long as both are where they were. A rule that says which single field it changes (keep_but)
// leaves what reads others alone.
class FetchMemo {
 public:
  static constexpr std::size_t kLongest = 256;  // bytes; longer texts are read again instead of copied

  struct Entry {
    std::uint32_t number = 0;  // of the expression; 0: the place is free
    SampleType type = SampleType::none;
    enum class Kind : std::uint8_t { none, one, several } kind = Kind::none;  // `several` are not kept
    std::string_view text;
  };

  // Numbers begin at 1. The place of this expression, emptied if it held another one or an old answer.
  Entry& place_of(std::uint32_t number, const http::HeaderBlock& head, const Scratch& scratch) noexcept {
    if (!fits(head, scratch)) start(head, scratch);
    Entry& entry = entries_[number % kPlaces];
    if (entry.number != number) entry = Entry();
    return entry;
  }
  // What is kept now has read the fields of this set of bit_of().
  void note_fields(std::uint64_t bits) noexcept { fields_ |= bits; }

  // The state before an action, for keep_but().
  [[nodiscard]] bool fits(const http::HeaderBlock& head, const Scratch& scratch) const noexcept;
  // Since fits() was true, this field alone has changed, if anything.
  void keep_but(std::string_view field, const http::HeaderBlock& head) noexcept;
  // Head or scratch are others from now on, whatever they count.
  void forget() noexcept { head_ = nullptr; }

  // A set of one field name, in any case; different names may share a bit.
  static std::uint64_t bit_of(std::string_view name) noexcept;

 private:
  static constexpr std::size_t kPlaces = 8;
  void start(const http::HeaderBlock& head, const Scratch& scratch) noexcept;

  const http::HeaderBlock* head_ = nullptr;
  std::uint32_t revision_ = 0;
  std::uint32_t resets_ = 0;
  std::uint64_t fields_ = 0;
  std::array<Entry, kPlaces> entries_;
};

// Whether a fetch gives the same as long as the request's head does not change, and has no side effects.
bool can_remember_fetch(std::string_view name) noexcept;
// Whether a fetch alone, without converters, is not worth to be remembered.
bool is_cheap_fetch(std::string_view name) noexcept;
// Whether a converter looks at nothing but its input and its constant arguments.
bool can_remember_converter(std::string_view name) noexcept;
// The header fields that the fetch reads, as a set of FetchMemo::bit_of(). pre: can_remember_fetch(name).
std::uint64_t fields_of_fetch(std::string_view name, std::string_view first_argument) noexcept;

}  // namespace evenkeel::rules
