#include "health/protocol/pgsql.h"

#include <cstddef>
#include <string>

#include "health/protocol.h"

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

// Type, length, and the severity field of an error; enough to tell an error from the rest.
constexpr std::size_t kTypeAndLength = 5;
// An authentication request with its 32 bit method.
constexpr std::size_t kAuthentication = 9;

std::string startup(std::string_view user) {
  using namespace std::string_literals;
  std::string body =
      "\x00\x03\x00\x00"s  // protocol 3.0
      "user\0"s;
  body.append(user);
  body += "\0\0"s;
  const auto size = body.size() + 4;
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  return out + body;
}

// The methods with which a server may begin: ok, KerberosV5, passwords, SCM, GSS, SSPI, SASL.
bool opens_authentication(unsigned method) noexcept { return method <= 10 && method != 1 && method != 8; }

}  // namespace

CustomVerdict parse_pgsql_error(std::string_view received, bool eof) {
  if (received.size() < kTypeAndLength && !eof) return {};
  if (received.front() != 'E') return {Kind::pass, CheckStatus::l7_ok, 0, {}};
  CustomVerdict error{Kind::fail, CheckStatus::l7_rsp, 0, {}};
  constexpr std::size_t kSeverity = kTypeAndLength + 1;  // behind the field's type, 'S'
  if (received.size() > kSeverity) error.text = first_line(received.substr(kSeverity));
  return error;
}

CustomVerdict parse_pgsql_authentication(std::string_view received, bool eof) {
  if (received.size() < kAuthentication && !eof) return {};
  bool ok = received.size() >= kAuthentication && received[0] == 'R';
  for (const std::size_t zero : {1, 2, 3, 5, 6, 7}) ok = ok && received[zero] == '\0';
  if (ok && opens_authentication(static_cast<unsigned char>(received[8]))) {
    return {Kind::pass, CheckStatus::l7_ok, 0, "PostgreSQL server is ok"};
  }
  return {Kind::fail, CheckStatus::l7_sts, 0, "PostgreSQL unknown error"};
}

std::vector<CheckStep> pgsql_steps(std::string_view user) {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.linger = true;
  ExpectStep error;
  error.kind = ExpectKind::custom;
  error.custom = parse_pgsql_error;
  ExpectStep authentication;
  authentication.kind = ExpectKind::custom;
  authentication.custom = parse_pgsql_authentication;
  return {connect, SendStep{.data = {startup(user), nullptr}}, error, authentication};
}

}  // namespace evenkeel::health
