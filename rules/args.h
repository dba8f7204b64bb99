// Arguments of fetches and converters: "(name,2,'a b')".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace evenkeel::rules {

struct Arg {
  std::string text;
  std::int64_t number = 0;  // where the signature asks for an integer
};

// The arguments as the catalog's signature typed them, and what `prepare` made of them at load.
struct Args {
  std::vector<Arg> list;
  std::shared_ptr<const void> prepared;  // a compiled regex, a map, ...: known to the function that uses it

  [[nodiscard]] std::size_t size() const noexcept { return list.size(); }
  [[nodiscard]] std::string_view text(std::size_t i) const noexcept {
    return i < list.size() ? std::string_view(list[i].text) : std::string_view();
  }
  [[nodiscard]] std::int64_t number(std::size_t i, std::int64_t otherwise) const noexcept {
    return i < list.size() && !list[i].text.empty() ? list[i].number : otherwise;
  }
  template <class T>
  [[nodiscard]] const T& as() const noexcept {
    return *static_cast<const T*>(prepared.get());
  }
};

// Splits an argument list at its commas. `text` begins right after the opening parenthesis; on success `used`
// counts the bytes up to and including the closing one. Quotes ('...' literally, "..." with backslash
// escapes) protect commas and parentheses, a backslash outside of quotes protects the next byte, parentheses
// nest (manual 2.2, 7.3).
Result<std::vector<std::string>, std::string> split_args(std::string_view text, std::size_t& used);

// Types the arguments by a signature: 's' a text, 'i' an integer; '[' begins the optional ones; '*' repeats
// the letter before it. An empty text is an absent optional argument.
Result<Args, std::string> type_args(std::vector<std::string> texts, std::string_view signature);

}  // namespace evenkeel::rules
