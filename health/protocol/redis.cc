#include "health/protocol/redis.h"

#include <string>

#include "health/protocol.h"

namespace evenkeel::health {

using Kind = CustomVerdict::Kind;

CustomVerdict parse_redis_pong(std::string_view received, bool eof) {
  if (received.find("+PONG\r\n") != std::string_view::npos) {
    return {Kind::pass, CheckStatus::l7_ok, 0, "Redis server is ok"};
  }
  if (!eof) return {};
  return {Kind::fail, CheckStatus::l7_sts, 0, std::string(first_line(received))};
}

std::vector<CheckStep> redis_steps() {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.implicit = true;
  ExpectStep pong;
  pong.kind = ExpectKind::custom;
  pong.custom = parse_redis_pong;
  pong.error_status = CheckStatus::l7_sts;
  return {connect, SendStep{.data = {"*1\r\n$4\r\nPING\r\n", nullptr}}, pong};
}

}  // namespace evenkeel::health
