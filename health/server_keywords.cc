// check, inter, rise, fall, port, addr, agent-check, observe, ...: configuration manual 5.2.
#include <array>
#include <cstdint>
#include <limits>

#include "health/keywords.h"

namespace evenkeel::health {
namespace {

using conf::Args;

constexpr std::int64_t kMaxCount = std::numeric_limits<int>::max() / 2;  // rise + fall has to fit an int

// A delay above zero.
void delay(Args& args, Millis& into) {
  const auto value = args.duration_ms();
  if (!value) return;
  if (*value == 0) {
    args.error("invalid value 0 in '" + args.keyword() + "', a delay has to be greater than 0");
    return;
  }
  into = *value;
}

void count(Args& args, int& into) {
  if (const auto value = args.integer(1, kMaxCount)) into = static_cast<int>(*value);
}

void port(Args& args, std::uint16_t& into) {
  if (const auto value = args.integer(0, 65535)) into = static_cast<std::uint16_t>(*value);
}

void address(Args& args, std::optional<Address>& numeric, std::string& name) {
  const auto spec = args.address({.port_zero = true});
  if (!spec) return;
  numeric = spec->numeric;
  name = spec->numeric ? std::string() : spec->host;
}

void check(CheckDef& def, Args&) { def.enabled = true; }
void no_check(CheckDef& def, Args&) { def.enabled = false; }
void inter(CheckDef& def, Args& args) { delay(args, def.intervals.inter); }
void fastinter(CheckDef& def, Args& args) { delay(args, def.intervals.fastinter); }
void downinter(CheckDef& def, Args& args) { delay(args, def.intervals.downinter); }
void rise(CheckDef& def, Args& args) { count(args, def.rise); }
void fall(CheckDef& def, Args& args) { count(args, def.fall); }
void check_port(CheckDef& def, Args& args) { port(args, def.port); }
// "addr" is where the agent is asked as well, unless agent-addr says otherwise.
void addr(CheckDef& def, Args& args) {
  address(args, def.addr, def.addr_name);
  if (!def.agent.addr && def.agent.addr_name.empty()) {
    def.agent.addr = def.addr;
    def.agent.addr_name = def.addr_name;
  }
}
void send_proxy(CheckDef& def, Args&) { def.send_proxy = true; }
void no_send_proxy(CheckDef& def, Args&) { def.send_proxy = false; }

// h1 is what HTTP checks speak anyway, none what the others do; see why_unusable().
void proto(CheckDef& def, Args& args) {
  constexpr std::string_view kNames[] = {"h1", "none"};
  if (const auto index = args.one_of({"h1", "none"})) def.proto = kNames[*index];
}

void nothing(CheckDef&, Args&) {}

void agent_check(CheckDef& def, Args&) { def.agent.enabled = true; }
void no_agent_check(CheckDef& def, Args&) { def.agent.enabled = false; }
void agent_inter(CheckDef& def, Args& args) { delay(args, def.agent.inter); }
void agent_port(CheckDef& def, Args& args) { port(args, def.agent.port); }
void agent_addr(CheckDef& def, Args& args) { address(args, def.agent.addr, def.agent.addr_name); }
void agent_send(CheckDef& def, Args& args) {
  if (const auto text = args.required("a string")) def.agent.send = *text;
}

void observe(CheckDef& def, Args& args) {
  if (const auto mode = args.one_of({"none", "layer4", "layer7"})) def.observe = static_cast<Observe>(*mode);
}
void error_limit(CheckDef& def, Args& args) { count(args, def.error_limit); }
void on_error(CheckDef& def, Args& args) {
  if (const auto mode = args.one_of({"fastinter", "fail-check", "sudden-death", "mark-down"})) {
    def.on_error = static_cast<OnError>(*mode);
  }
}
void init_state(CheckDef& def, Args& args) {
  if (const auto state = args.one_of({"none", "fully-up", "up", "down", "fully-down"})) {
    def.init_state = static_cast<InitState>(*state);
  }
}

constexpr std::array<conf::Keyword<CheckDef>, kServerKeywordCount> kWords = {{
    {"check", conf::kAnySection, false, check, "check the health of the server"},
    {"no-check", conf::kAnySection, false, no_check, "do not, whatever default-server says"},
    {"inter", conf::kAnySection, false, inter, "delay between checks"},
    {"fastinter", conf::kAnySection, false, fastinter, "delay between checks while the state is in question"},
    {"downinter", conf::kAnySection, false, downinter, "delay between checks while the server is down"},
    {"rise", conf::kAnySection, false, rise, "successes that bring a server up"},
    {"fall", conf::kAnySection, false, fall, "failures that take a server down"},
    {"port", conf::kAnySection, false, check_port, "port to check"},
    {"addr", conf::kAnySection, false, addr, "address to check"},
    {"check-send-proxy", conf::kAnySection, false, send_proxy, "send a PROXY header with checks"},
    {"no-check-send-proxy", conf::kAnySection, false, no_send_proxy, "do not send one"},
    {"check-proto", conf::kAnySection, false, proto, "protocol of check connections"},
    // Without TLS and connection reuse in checks, these describe what happens.
    {"no-check-ssl", conf::kAnySection, false, nothing, "no TLS for checks"},
    {"no-check-sni-auto", conf::kAnySection, false, nothing, "no automatic SNI for checks"},
    {"no-check-reuse-pool", conf::kAnySection, false, nothing, "no reuse of idle connections for checks"},
    {"agent-check", conf::kAnySection, false, agent_check, "ask an agent beside the server"},
    {"no-agent-check", conf::kAnySection, false, no_agent_check, "do not ask it"},
    {"agent-inter", conf::kAnySection, false, agent_inter, "delay between questions to the agent"},
    {"agent-port", conf::kAnySection, false, agent_port, "port of the agent"},
    {"agent-addr", conf::kAnySection, false, agent_addr, "address of the agent"},
    {"agent-send", conf::kAnySection, false, agent_send, "what the agent is told first"},
    {"observe", conf::kAnySection, false, observe, "let traffic judge the server, too"},
    {"error-limit", conf::kAnySection, false, error_limit, "consecutive errors of traffic that count"},
    {"on-error", conf::kAnySection, false, on_error, "what they do"},
    {"init-state", conf::kAnySection, false, init_state, "state before the first check"},
}};

}  // namespace

std::span<const conf::Keyword<CheckDef>, kServerKeywordCount> server_keywords() noexcept { return kWords; }

std::string why_unusable(const CheckDef& def, const BackendCheck& backend) {
  if (def.agent.enabled && def.agent.port == 0) return "'agent-check' needs an 'agent-port'";
  if (!def.enabled || def.proto.empty()) return {};
  const bool http = backend.protocol == CheckProtocol::http;
  if (http != (def.proto == "h1")) {
    return "'check-proto " + def.proto + "' does not fit " +
           (http ? "an HTTP check" : "a check that does not speak HTTP");
  }
  return {};
}

}  // namespace evenkeel::health
