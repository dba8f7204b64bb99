#include "rules/log_encoding.h"

#include <algorithm>

#include "rules/text.h"

namespace evenkeel::rules {
namespace {

// The length of the UTF-8 character that begins here; 0: it is none (RFC 3629).
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_code(unsigned char byte, std::string& out) {
  out += "\\u00";
  out += text::kHex[byte >> 4U];
  out += text::kHex[byte & 15U];
}

void append_json_text(std::string_view text, std::string& out) {
  out += '"';
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = utf8_length(text);
    if (byte == '"' || byte == '\\') {
      out.append(1, '\\').append(1, text.front());
    } else if (byte < 0x20 || byte == 0x7f || length == 0) {
      append_code(byte, out);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

// The head of a CBOR item: major type and argument (RFC 8949 section 3).
void append_head(unsigned major, std::uint64_t argument, std::string& out) {
  const auto put = [&](unsigned info, unsigned bytes) {
    out += static_cast<char>(major << 5U | info);
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(argument >> (8 * i) & 0xffU);
  };
  if (argument < 24) return put(static_cast<unsigned>(argument), 0);
  if (argument <= 0xff) return put(24, 1);
  if (argument <= 0xffff) return put(25, 2);
  if (argument <= 0xffffffff) return put(26, 4);
  put(27, 8);
}

// Text strings have to be UTF-8.
void append_cbor_text(std::string_view text, std::string& out) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length != 0) {
      valid += text.substr(0, length);
    } else {
      const auto byte = static_cast<unsigned char>(text.front());
      valid += static_cast<char>(0xc0U | byte >> 6U);
      valid += static_cast<char>(0x80U | (byte & 0x3fU));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  append_head(3, valid.size(), out);
  out += valid;
}

template <class Append>
void for_each_word(std::string_view words, Append append) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    append(word == "-" ? std::string_view() : word);
  }
}

}  // namespace

void append_json(const LogValue& value, std::string& out) {
  switch (value.kind) {
    case LogValue::Kind::none:
      out += "null";
      return;
    case LogValue::Kind::boolean:
      out += value.number != 0 ? "true" : "false";
      return;
    case LogValue::Kind::integer:
      out += std::to_string(value.number);
      return;
    case LogValue::Kind::text:
    case LogValue::Kind::bytes:
      append_json_text(value.text, out);
      return;
    case LogValue::Kind::raw:
      out += value.text;
  }
}

void append_cbor(const LogValue& value, bool keep_bytes, std::string& out) {
  switch (value.kind) {
    case LogValue::Kind::none:
      out += '\xf6';
      return;
    case LogValue::Kind::boolean:
      out += value.number != 0 ? '\xf5' : '\xf4';
      return;
    case LogValue::Kind::integer:
      if (value.number >= 0) {
        append_head(0, static_cast<std::uint64_t>(value.number), out);
      } else {
        append_head(1, static_cast<std::uint64_t>(-1 - value.number), out);
      }
      return;
    case LogValue::Kind::bytes:
      if (keep_bytes) {
        append_head(2, value.text.size(), out);
        out += value.text;
        return;
      }
      [[fallthrough]];
    case LogValue::Kind::text:
      append_cbor_text(value.text, out);
      return;
    case LogValue::Kind::raw:
      out += value.text;
  }
}

void append_json_list(std::string_view words, std::string& out) {
  bool first = true;
  out += '[';
  for_each_word(words, [&](std::string_view word) {
    if (!first) out += ", ";
    first = false;
    append_json_text(word, out);
  });
  out += ']';
}

void append_cbor_list(std::string_view words, std::string& out) {
  out += '\x9f';
  for_each_word(words, [&](std::string_view word) { append_cbor_text(word, out); });
  out += kCborEnd;
}

void append_hex(std::string_view bytes, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += text::kHex[byte >> 4U];
    out += text::kHex[byte & 15U];
  }
}

}  // namespace evenkeel::rules
