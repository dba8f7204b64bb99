#include "health/protocol/udp.h"

namespace evenkeel::health {

using Kind = CustomVerdict::Kind;

CustomVerdict judge_udp_reply(std::string_view datagram, const UdpCheckDef& def) {
  const auto fail = [](std::string text) {
    return CustomVerdict{Kind::fail, CheckStatus::l7_rsp, 0, std::move(text)};
  };
  if (!def.wants_reply()) {
    if (datagram.empty()) return {Kind::pass, CheckStatus::l4_ok, 0, "not refused"};
    return {Kind::pass, CheckStatus::l7_ok, 0, {}};
  }
  if (datagram.size() < def.min_reply)
    return fail("reply of " + std::to_string(datagram.size()) + " bytes is shorter than " +
                std::to_string(def.min_reply));
  if (def.max_reply && datagram.size() > *def.max_reply)
    return fail("reply of " + std::to_string(datagram.size()) + " bytes is longer than " +
                std::to_string(*def.max_reply));
  if (def.expect && datagram.find(*def.expect) == std::string_view::npos)
    return fail("reply without what is expected");
  return {Kind::pass, CheckStatus::l7_ok, 0, {}};
}

std::vector<CheckStep> udp_steps(const UdpCheckDef& def) {
  ConnectStep connect;
  connect.use_server_defaults = true;
  connect.implicit = true;
  connect.datagram = true;
  ExpectStep answer;
  answer.kind = ExpectKind::custom;
  answer.custom = [def](std::string_view received, bool) { return judge_udp_reply(received, def); };
  if (!def.wants_reply()) {
    answer.silence_passes = true;
    answer.patience = kUdpRefusalWait;
  }
  return {connect, SendStep{.data = {def.send, nullptr}}, answer};
}

}  // namespace evenkeel::health
