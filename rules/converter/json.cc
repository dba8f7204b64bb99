// json([input code]): text as the inside of a JSON string (RFC 8259 section 7; manual 7.3.1).
#include <cstdint>

#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

struct Decoded {
  std::uint32_t code;
  std::size_t length;  // 0: not UTF-8
};

// One character of UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF).
Decoded decode(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : (first >= 0xe0 ? 3 : 2);
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {0, 0};
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0U) != 0x80U) return {0, 0};
    code = code << 6U | (next & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return {0, 0};
  return {code, length};
}

enum class Broken : std::uint8_t { fail, skip, stop };
struct Mode {
  bool utf8;
  Broken broken;
};

Mode mode_of(std::string_view name) noexcept {
  if (name == "ascii" || name.empty()) return {false, Broken::fail};
  if (name == "utf8" || name == "utf8s") return {true, name == "utf8" ? Broken::fail : Broken::skip};
  if (name == "utf8p") return {true, Broken::stop};
  return {true, Broken::skip};  // utf8ps
}
std::string prepare(Args& args, CompileEnv&) {
  const std::string_view name = args.text(0);
  if (name.empty() || name == "ascii" || name == "utf8" || name == "utf8s" || name == "utf8p" ||
      name == "utf8ps")
    return {};
  return "'" + std::string(name) + "' is no input code: ascii, utf8, utf8s, utf8p or utf8ps";
}

// Longest output: \uXXXX twice for one 4-byte character, six bytes for one byte.
char* put_unit(char* at, std::uint32_t unit) noexcept {
  *at++ = '\\';
  *at++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4)
    *at++ = "0123456789abcdef"[(unit >> static_cast<unsigned>(shift)) & 15U];
  return at;
}
char* put(char* at, std::uint32_t code) noexcept {
  static constexpr std::string_view kEscaped = "\"\\/\b\f\n\r\t";
  static constexpr std::string_view kLetters = "\"\\/bfnrt";
  const std::size_t special = code < 0x80 ? kEscaped.find(static_cast<char>(code)) : std::string_view::npos;
  if (special != std::string_view::npos) {
    *at++ = '\\';
    *at++ = kLetters[special];
    return at;
  }
  if (code >= 0x20 && code < 0x7f) {
    *at++ = static_cast<char>(code);
    return at;
  }
  if (code < 0x10000) return put_unit(at, code);
  at = put_unit(at, 0xd800U + ((code - 0x10000U) >> 10U));
  return put_unit(at, 0xdc00U + ((code - 0x10000U) & 0x3ffU));
}

bool run(const Args& args, EvalContext& ctx, Sample& sample) {
  const Mode mode = mode_of(args.text(0));
  char* const to = ctx.scratch->take(sample.text.size() * 6);
  if (to == nullptr) return false;
  char* at = to;
  std::string_view rest = sample.text;
  while (!rest.empty()) {
    const Decoded next = mode.utf8 ? decode(rest) : Decoded{static_cast<unsigned char>(rest[0]), 1};
    if (next.length == 0) {
      if (mode.broken == Broken::fail) return false;
      if (mode.broken == Broken::stop) break;
      rest.remove_prefix(1);
      continue;
    }
    at = put(at, next.code);
    rest.remove_prefix(next.length);
  }
  const auto size = static_cast<std::size_t>(at - to);
  ctx.scratch->shrink(to, size);
  sample.text = {to, size};
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"json", "[s", SampleType::str, SampleType::str, run, prepare},
};

}  // namespace

std::span<const ConverterSpec> json() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
