#include "health/protocol/ldap.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

enum class Ber { ok, short_of_bytes, wrong };

// Takes a tag and its length off the front. Long lengths (RFC 4511, 5.1: any definite form) up to four bytes.
Ber take_header(std::string_view& bytes, unsigned char tag, std::size_t& length) noexcept {
  if (bytes.empty()) return Ber::short_of_bytes;
  if (static_cast<unsigned char>(bytes[0]) != tag) return Ber::wrong;
  if (bytes.size() < 2) return Ber::short_of_bytes;
  const auto first = static_cast<unsigned char>(bytes[1]);
  std::size_t used = 2;
  length = first;
  if (first & 0x80) {
    const std::size_t count = first & 0x7f;
    if (count == 0 || count > 4) return Ber::wrong;
    if (bytes.size() < 2 + count) return Ber::short_of_bytes;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | static_cast<unsigned char>(bytes[2 + i]);
    used += count;
  }
  bytes.remove_prefix(used);
  return Ber::ok;
}

// An integer-like element of one byte (message 1, a result code).
Ber take_small(std::string_view& bytes, unsigned char tag, int& value) noexcept {
  std::size_t length = 0;
  const Ber header = take_header(bytes, tag, length);
  if (header != Ber::ok) return header;
  if (length != 1) return Ber::wrong;
  if (bytes.empty()) return Ber::short_of_bytes;
  value = static_cast<unsigned char>(bytes[0]);
  bytes.remove_prefix(1);
  return Ber::ok;
}

Ber read_bind(std::string_view bytes, int& code) noexcept {
  constexpr unsigned char kSequence = 0x30;
  constexpr unsigned char kInteger = 0x02;
  constexpr unsigned char kBindResponse = 0x61;
  constexpr unsigned char kEnumerated = 0x0a;
  std::size_t length = 0;
  if (const Ber step = take_header(bytes, kSequence, length); step != Ber::ok) return step;
  if (bytes.size() < length) {
    // Judge what is there all the same: junk must not cost the whole timeout.
    int id = 0;
    std::string_view rest = bytes;
    const Ber peek = take_small(rest, kInteger, id);
    return peek == Ber::wrong || (peek == Ber::ok && id != 1) ? Ber::wrong : Ber::short_of_bytes;
  }
  // Inside a complete message, missing bytes are a lie of its lengths.
  bytes = bytes.substr(0, length);
  int id = 0;
  if (take_small(bytes, kInteger, id) != Ber::ok || id != 1) return Ber::wrong;
  if (take_header(bytes, kBindResponse, length) != Ber::ok || bytes.size() < length) return Ber::wrong;
  return take_small(bytes, kEnumerated, code) == Ber::ok ? Ber::ok : Ber::wrong;
}

}  // namespace

CustomVerdict parse_ldap_bind(std::string_view received, bool) {
  int code = 0;
  switch (read_bind(received, code)) {
    case Ber::short_of_bytes:
      return {};
    case Ber::wrong:
      return {Kind::fail, CheckStatus::l7_rsp, 0, "Not LDAPv3 protocol"};
    case Ber::ok:
      break;
  }
  if (code == 0) return {Kind::pass, CheckStatus::l7_ok, 0, {}};
  return {Kind::fail, CheckStatus::l7_sts, code, "See RFC: http://tools.ietf.org/html/rfc4511#section-4.1.9"};
}

std::vector<CheckStep> ldap_steps() {
  using namespace std::string_literals;
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.implicit = true;
  const std::string bind =
      "\x30\x0c"s      // LDAPMessage
      "\x02\x01\x01"s  // messageID 1
      "\x60\x07"s      // BindRequest
      "\x02\x01\x03"s  // version 3
      "\x04\x00"s      // name: anonymous
      "\x80\x00"s;     // simple, no password
  ExpectStep answer;
  answer.kind = ExpectKind::custom;
  answer.custom = parse_ldap_bind;
  return {connect, SendStep{.data = {bind, nullptr}}, answer};
}

}  // namespace evenkeel::health
