// Looks one value up in a JSON text (RFC 8259) by a path of the form $.name[3].other (the subset of RFC 9535
// that names exactly one place).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace evenkeel::rules {

class JsonPath {
 public:
  // "$", then ".name" and "[index]" in any order; a backslash protects the next byte of a name ("$.my\.key").
  // The error says what is wrong.
  static Result<JsonPath, std::string> parse(std::string_view text);

  // The value's own bytes: a string with its quotes, an array with its brackets. Empty: not there, or the
  // text is no JSON as far as it had to be read. Reads each byte once, nests at most kMaxDepth deep, and
  // looks no further than the value.
  [[nodiscard]] std::string_view find(std::string_view json) const noexcept;

  static constexpr std::size_t kMaxDepth = 128;

 private:
  struct Step {
    bool is_index = false;
    std::size_t index = 0;
    std::string name;
  };
  std::vector<Step> steps_;
};

namespace json {

enum class Kind : std::uint8_t { none, string, number, boolean, null, array, object };
// What a value that JsonPath found is, judged by its first byte.
Kind kind_of(std::string_view value) noexcept;
// The text that a JSON string stands for, without quotes and escapes, appended to `out`; characters beyond
// ASCII come out as UTF-8. False: a broken escape.
bool unquote(std::string_view value, std::string& out);

}  // namespace json
}  // namespace evenkeel::rules
