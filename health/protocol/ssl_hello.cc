#include "health/protocol/ssl_hello.h"

#include <cstddef>
#include <ctime>
#include <string>

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

void put(std::string& out, std::size_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

// The SSLv3 cipher suites of RFC 6101, appendix A.6, and the first AES ones of RFC 3268.
std::string ciphers() {
  std::string out;
  for (std::size_t suite = 0x01; suite <= 0x1b; ++suite) put(out, suite, 2);
  for (std::size_t suite = 0x2f; suite <= 0x3a; ++suite) put(out, suite, 2);
  return out;
}

// now: seconds since the epoch, the first half of the client's "random".
std::string client_hello(std::time_t now) {
  std::string hello("\x03\x00", 2);  // SSL 3.0
  put(hello, static_cast<std::size_t>(now), 4);
  hello += "EVENKEELCHECK\nEVENKEELCHECK\n";  // 28 bytes; a server's log then says who was there
  put(hello, 0, 1);                           // no session
  const std::string suites = ciphers();
  put(hello, suites.size(), 2);
  hello += suites;
  hello += std::string("\x01\x00", 2);  // no compression

  std::string record("\x16\x03\x00", 3);  // handshake, SSL 3.0
  put(record, hello.size() + 4, 2);
  put(record, 1, 1);  // client hello
  put(record, hello.size(), 3);
  return record + hello;
}

}  // namespace

CustomVerdict parse_ssl_hello(std::string_view received, bool eof) {
  constexpr std::size_t kRecordHeader = 5;
  if (received.size() < kRecordHeader && !eof) return {};
  const bool ssl = received.front() == 0x15 || received.front() == 0x16;  // alert, handshake
  if (ssl) return {Kind::pass, CheckStatus::l6_ok, 0, {}};
  return {Kind::fail, CheckStatus::l6_rsp, 0, {}};
}

std::vector<CheckStep> ssl_hello_steps() {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.implicit = true;
  SendStep hello;
  hello.data.expand = [](const CheckScope&, std::string& out) { out += client_hello(std::time(nullptr)); };
  ExpectStep answer;
  answer.kind = ExpectKind::custom;
  answer.custom = parse_ssl_hello;
  answer.ok_status = CheckStatus::l6_ok;
  answer.error_status = CheckStatus::l6_rsp;
  answer.tout_status = CheckStatus::l6_tout;
  return {connect, hello, answer};
}

}  // namespace evenkeel::health
