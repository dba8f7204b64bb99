// JSON and CBOR (RFC 8259, RFC 8949) for the values of log formats.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace evenkeel::rules {

// One value of a log line, before it is written.
struct LogValue {
  enum class Kind : std::uint8_t {
    none,  // there is no value: null
    boolean,
    integer,
    text,
    bytes,  // text, but CBOR may write it as a byte string
    raw,    // encoded already
  };
  Kind kind = Kind::none;
  std::int64_t number = 0;
  std::string_view text;
};

// Text that is not UTF-8 is read as Latin-1, byte by byte, so that every line stays valid JSON.
void append_json(const LogValue& value, std::string& out);
// keep_bytes: Kind::bytes becomes a byte string.
void append_cbor(const LogValue& value, bool keep_bytes, std::string& out);

// A list of texts separated by blanks, as %hrl writes them, "-" standing for nothing.
void append_json_list(std::string_view words, std::string& out);
void append_cbor_list(std::string_view words, std::string& out);

inline constexpr char kCborMap = '\xbf';  // of no announced length; kCborEnd ends it
inline constexpr char kCborEnd = '\xff';

void append_hex(std::string_view bytes, std::string& out);

}  // namespace evenkeel::rules
