#include "health/protocol/mysql.h"

#include <cstddef>
#include <string>

#include "health/protocol.h"

namespace evenkeel::health {
namespace {

using Kind = CustomVerdict::Kind;

unsigned byte(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}

// One packet: 3 bytes of length, a sequence number, the payload. Takes it off the front; data() == nullptr
// while it is incomplete.
std::string_view take_packet(std::string_view& bytes) noexcept {
  if (bytes.size() < 4) return {};
  const std::size_t size = byte(bytes, 0) | byte(bytes, 1) << 8 | byte(bytes, 2) << 16;
  if (bytes.size() - 4 < size) return {};
  const std::string_view payload = bytes.substr(4, size);
  bytes.remove_prefix(4 + size);
  return payload;
}

CustomVerdict judge(std::string_view payload) {
  if (payload.empty() || byte(payload, 0) != 0xff) return {Kind::pass, CheckStatus::l7_ok, 0, {}};
  CustomVerdict error{Kind::fail, CheckStatus::l7_sts, 0, {}};
  if (payload.size() >= 3) {
    error.code = static_cast<int>(byte(payload, 1) | byte(payload, 2) << 8);
    error.text = first_line(payload.substr(3));
  }
  return error;
}

std::string packet(std::string_view payload, char sequence) {
  std::string out;
  out += static_cast<char>(payload.size() & 0xff);
  out += static_cast<char>(payload.size() >> 8 & 0xff);
  out += static_cast<char>(payload.size() >> 16 & 0xff);
  out += sequence;
  return out.append(payload);
}

// The login and COM_QUIT go out together: the check costs one round trip and the server ends in good order.
std::string login(std::string_view user, bool pre41) {
  using namespace std::string_literals;
  std::string payload;
  if (pre41) {
    payload =
        "\x00\x80"s       // capabilities: SECURE_CONNECTION
        "\x00\x00\x01"s;  // largest packet
  } else {
    payload =
        "\x00\x82\x00\x00"s    // capabilities: PROTOCOL_41, SECURE_CONNECTION
        "\x00\x80\x00\x01"s    // largest packet
        "!"s;                  // character set 33, utf8
    payload.append(23, '\0');  // reserved
  }
  payload.append(user);
  payload += '\0';
  payload += '\0';  // no password
  return packet(payload, 1) + packet("\x01"s, 0);
}

}  // namespace

CustomVerdict parse_mysql_greeting(std::string_view received, bool) {
  const std::string_view greeting = take_packet(received);
  if (greeting.data() == nullptr) return {};
  return judge(greeting);
}

CustomVerdict parse_mysql_login(std::string_view received, bool) {
  if (take_packet(received).data() == nullptr) return {};
  const std::string_view answer = take_packet(received);
  if (answer.data() == nullptr) return {};
  return judge(answer);
}

std::vector<CheckStep> mysql_steps(std::string_view user, bool pre41) {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.linger = true;
  std::vector<CheckStep> steps{connect};
  if (!user.empty()) steps.emplace_back(SendStep{.data = {login(user, pre41), nullptr}});
  ExpectStep greeting;
  greeting.kind = ExpectKind::custom;
  greeting.custom = parse_mysql_greeting;
  steps.emplace_back(greeting);
  if (!user.empty()) {
    ExpectStep answer;
    answer.kind = ExpectKind::custom;
    answer.custom = parse_mysql_login;
    steps.emplace_back(answer);
  }
  return steps;
}

}  // namespace evenkeel::health
