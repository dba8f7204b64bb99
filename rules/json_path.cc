#include "rules/json_path.h"

#include <array>

#include "rules/text.h"

namespace evenkeel::rules {
namespace {

// Reads forward only; `at` never passes the end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  void skip_space() noexcept {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) noexcept {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // A string with its quotes; empty: there is none, or it never closes.
  std::string_view string() noexcept {
    skip_space();
    if (peek() != '"') return {};
    const std::size_t from = at_++;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) {
      at_ = text_.size();
      return {};
    }
    ++at_;
    return text_.substr(from, at_ - from);
  }
  // Any value with its bytes; empty: broken, or too deep.
  std::string_view value() noexcept {
    skip_space();
    const std::size_t from = at_;
    if (peek() == '"') return string();
    if (peek() != '{' && peek() != '[') return scalar();
    std::array<char, JsonPath::kMaxDepth> closers;  // of the brackets that are open
    std::size_t depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        if (string().empty()) return {};
        continue;
      }
      if (c == '{' || c == '[') {
        if (depth == closers.size()) return {};
        closers[depth++] = c == '{' ? '}' : ']';
      } else if (c == '}' || c == ']') {
        if (closers[--depth] != c) return {};
      }
      ++at_;
    } while (depth > 0 && at_ < text_.size());
    return depth == 0 ? text_.substr(from, at_ - from) : std::string_view();
  }

 private:
  std::string_view scalar() noexcept {
    const std::size_t from = at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool part = text::is_digit(c) || (text::lower(c) >= 'a' && text::lower(c) <= 'z') || c == '-' ||
                        c == '+' || c == '.';
      if (!part) break;
      ++at_;
    }
    const std::string_view word = text_.substr(from, at_ - from);
    return json::kind_of(word) == json::Kind::none ? std::string_view() : word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Whether the quoted name of a member is this one. Escapes are only undone where there are any.
bool same_name(std::string_view quoted, std::string_view name) {
  const std::string_view inside = quoted.substr(1, quoted.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return inside == name;
  std::string plain;
  return json::unquote(quoted, plain) && plain == name;
}

// Moves to the member or element; false: there is none.
bool enter_member(Scanner& scanner, std::string_view name) {
  if (!scanner.accept('{')) return false;
  do {
    const std::string_view key = scanner.string();
    if (key.empty() || !scanner.accept(':')) return false;
    if (same_name(key, name)) return true;
    if (scanner.value().empty()) return false;
  } while (scanner.accept(','));
  return false;
}
bool enter_element(Scanner& scanner, std::size_t index) {
  if (!scanner.accept('[')) return false;
  for (std::size_t i = 0; i < index; ++i) {
    if (scanner.value().empty() || !scanner.accept(',')) return false;
  }
  return true;
}

void put_utf8(std::uint32_t code, std::string& out) {
  const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0U | (code >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | (code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Four hexadecimal digits; -1: there are not.
std::int32_t unit_at(std::string_view text, std::size_t at) noexcept {
  if (at + 4 > text.size()) return -1;
  std::int32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = text::hex_value(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace

Result<JsonPath, std::string> JsonPath::parse(std::string_view text) {
  JsonPath path;
  if (text.empty() || text.front() != '$') return std::string("a JSON path begins with '$'");
  std::size_t at = 1;
  while (at < text.size()) {
    Step step;
    if (text[at] == '.') {
      for (++at; at < text.size() && text[at] != '.' && text[at] != '['; ++at) {
        if (text[at] == '\\' && at + 1 < text.size()) ++at;
        step.name += text[at];
      }
      if (step.name.empty()) return std::string("a name is missing after '.' in the JSON path");
    } else if (text[at] == '[') {
      const std::size_t end = text.find(']', at);
      std::int64_t index = 0;
      step.is_index = true;
      for (++at; at < end && at < text.size() && text::is_digit(text[at]) && index < 1'000'000; ++at)
        index = index * 10 + (text[at] - '0');
      if (end == std::string_view::npos || at != end || text[at - 1] == '[')
        return std::string("an index of the JSON path must be a number in brackets, as in '[3]'");
      step.index = static_cast<std::size_t>(index);
      ++at;
    } else {
      return "the JSON path cannot go on with '" + std::string(text.substr(at)) + "': write .name or [index]";
    }
    path.steps_.push_back(std::move(step));
  }
  return path;
}

std::string_view JsonPath::find(std::string_view json) const noexcept {
  Scanner scanner(json);
  for (const Step& step : steps_) {
    if (!(step.is_index ? enter_element(scanner, step.index) : enter_member(scanner, step.name))) return {};
  }
  return scanner.value();
}

namespace json {

Kind kind_of(std::string_view value) noexcept {
  if (value.empty()) return Kind::none;
  const char c = value.front();
  if (c == '"') return Kind::string;
  if (c == '[') return Kind::array;
  if (c == '{') return Kind::object;
  if (value == "true" || value == "false") return Kind::boolean;
  if (value == "null") return Kind::null;
  return text::is_digit(c) || (c == '-' && value.size() > 1 && text::is_digit(value[1])) ? Kind::number
                                                                                         : Kind::none;
}

bool unquote(std::string_view value, std::string& out) {
  const std::string_view inside = value.substr(1, value.size() - 2);
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      out += inside[i];
      continue;
    }
    if (++i == inside.size()) return false;
    static constexpr std::string_view kLetters = "\"\\/bfnrt";
    static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (const std::size_t plain = kLetters.find(inside[i]); plain != std::string_view::npos) {
      out += kMeant[plain];
      continue;
    }
    if (inside[i] != 'u') return false;
    std::int32_t unit = unit_at(inside, i + 1);
    if (unit < 0) return false;
    i += 4;
    auto code = static_cast<std::uint32_t>(unit);
    const bool pair = code >= 0xd800 && code < 0xdc00 && inside.substr(i + 1, 2) == "\\u";
    if (pair) unit = unit_at(inside, i + 3);
    if (pair && unit >= 0xdc00 && unit < 0xe000) {
      code = 0x10000U + ((code - 0xd800U) << 10U) + (static_cast<std::uint32_t>(unit) - 0xdc00U);
      i += 6;
    }
    // Half of a pair is no character: it becomes the one that stands for what cannot be shown.
    put_utf8(code >= 0xd800 && code < 0xe000 ? 0xfffdU : code, out);
  }
  return true;
}

}  // namespace json
}  // namespace evenkeel::rules
