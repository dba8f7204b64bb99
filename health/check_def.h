// The definition of health checks, as configuration says it: per server (when, where, how tolerant) and per
// backend (what is said and expected). Immutable values, part of the snapshot; live state is elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/address.h"
#include "core/clock.h"
#include "core/regex.h"
#include "health/rise_fall.h"
#include "health/status.h"

namespace evenkeel::health {

class VipPath;

// ---- words that may hold a log-format expression
// --------------------------------------------------------------------

// What an expression inside a check can see. The rule engine downcasts nothing: it gets these names and the
// variables of the check (scopes "check" and "sess"), which live as long as the check runs.
struct CheckScope {
  std::string_view backend;
  std::string_view server;
  std::string_view received;                                         // what the server answered so far
  std::vector<std::pair<std::string, std::string>>* vars = nullptr;  // "check.port" -> "1234"
};

// A text that is sent, matched or reported. Literal unless an expander is set.
struct Template {
  std::string literal;
  std::function<void(const CheckScope&, std::string& out)> expand;  // appends

  void append_to(const CheckScope& scope, std::string& out) const {
    if (expand) {
      expand(scope, out);
    } else {
      out += literal;
    }
  }
  [[nodiscard]] bool empty() const noexcept { return literal.empty() && !expand; }
};

// Sets or unsets one variable; expr yields the value.
struct SetVarStep {
  std::string name;  // with its scope: "check.port"
  Template value;
  bool unset = false;
};

// ---- steps of a script
// ----------------------------------------------------------------------------------------------

// `tcp-check connect`, `http-check connect`.
struct ConnectStep {
  bool use_server_defaults =
      false;  // "default": what the server line says, where this step does not say otherwise
  std::optional<std::uint16_t> port;
  Template port_expr;           // when the port is an expression
  std::optional<Address> addr;  // port() 0: the one chosen otherwise
  bool send_proxy = false;
  bool via_socks4 = false;
  bool ssl = false;
  std::string sni;
  std::string alpn;
  std::string proto;
  bool linger = false;    // close in good order instead of with a reset
  bool datagram = false;  // UDP
  bool implicit = false;  // not written in the configuration; errors then name no step
  std::string comment;
};

// `tcp-check send`, `send-lf`, `send-binary`, `send-binary-lf`.
struct SendStep {
  Template data;
  bool hex = false;  // data expands to hexadecimal digits that stand for the bytes (send-binary-lf)
  std::string comment;
};

// `http-check send` and the request line of `option httpchk`.
struct HttpSendStep {
  std::string method = "OPTIONS";
  Template uri{"/", nullptr};
  std::string version = "HTTP/1.0";
  std::vector<std::pair<std::string, Template>> headers;
  Template body;
  bool send_state = false;  // add X-Haproxy-Server-State
  bool implicit = false;
  std::string comment;
};

enum class ExpectKind : std::uint8_t {
  string,  // also string-lf
  rstring,
  binary,  // also binary-lf
  rbinary,
  http_status,
  http_rstatus,
  http_header,  // hdr and fhdr
  http_body,    // string, string-lf of http-check
  http_rbody,   // rstring of http-check
  custom,       // a preset's own parser, named by ExpectStep::custom
};

struct StatusRange {
  int low = 0;
  int high = 0;
};

// How a header name or value is compared.
enum class TextMatch : std::uint8_t { none, exact, prefix, suffix, substring, regex };

struct HeaderPattern {
  TextMatch name_match = TextMatch::exact;  // names ignore case, except with a regex
  Template name;
  std::optional<Regex> name_regex;
  TextMatch value_match = TextMatch::none;  // none: the header only has to be there
  Template value;
  std::optional<Regex> value_regex;
  bool full = false;  // fhdr: the whole value; hdr: each element of the comma separated list
};

// What a preset's parser says about the bytes so far.
struct CustomVerdict {
  enum class Kind : std::uint8_t { need_more, pass, fail } kind = Kind::need_more;
  CheckStatus status = CheckStatus::l7_ok;  // for pass and fail
  int code = 0;                             // 0: none
  std::string text;                         // last_chk; may be empty
};
// Never sees more than tune.bufsize bytes. eof: nothing follows.
using CustomParser = std::function<CustomVerdict(std::string_view received, bool eof)>;

// `tcp-check expect`, `http-check expect`.
struct ExpectStep {
  ExpectKind kind = ExpectKind::string;
  bool negate = false;
  Template pattern;            // string, binary (the bytes themselves), body
  bool hex = false;            // pattern expands to hexadecimal digits (binary-lf)
  std::optional<Regex> regex;  // the r-variants
  std::vector<StatusRange> codes;
  HeaderPattern header;
  CustomParser custom;
  bool silence_passes = false;  // of custom: that nothing came until the end is for it to judge
  Millis patience = 0;          // that long without bytes is the end, too; 0: the time of the check
  int min_recv = -1;            // -1: not set; 0: whatever came is conclusive
  CheckStatus ok_status = CheckStatus::unknown;     // unknown: the default of the kind (L7OK)
  CheckStatus error_status = CheckStatus::unknown;  // unknown: L7RSP; L7STS for HTTP statuses
  CheckStatus tout_status = CheckStatus::l7_tout;
  Template on_success;
  Template on_error;
  Template status_code;  // expands to a number
  bool implicit = false;
  std::string comment;
};

// `tcp-check comment`: names the steps behind it in reports until the next comment.
struct CommentStep {
  std::string text;
};

using CheckStep = std::variant<ConnectStep, SendStep, HttpSendStep, ExpectStep, CommentStep, SetVarStep>;

// ---- one backend
// ----------------------------------------------------------------------------------------------------

enum class CheckProtocol : std::uint8_t {
  tcp,  // nothing but a connection; also `option tcp-check` without rules
  tcp_check,
  http,
  mysql,
  pgsql,
  redis,
  smtp,
  ldap,
  ssl_hello,
  spop,
  udp,
  dns,
  external,
};
// "tcp-check", "httpchk", "mysql-check", ...: the word after `option`; "tcp" for the plain one.
std::string_view to_string(CheckProtocol protocol) noexcept;

// What `check` means in one backend. Shared by all its servers.
struct BackendCheck {
  CheckProtocol protocol = CheckProtocol::tcp;
  std::vector<CheckStep> steps;  // complete and in order, implicit ones included; empty for tcp and external
  bool disable_on_404 = false;
  std::string external_command;
  std::string external_path;  // PATH of the child
  bool log_health_checks = false;
  Millis timeout_check = 0;    // 0: not set
  Millis timeout_connect = 0;  // 0: not set
};

// ---- one server
// -----------------------------------------------------------------------------------------------------

enum class Observe : std::uint8_t { none, layer4, layer7 };

// `agent-check`.
struct AgentDef {
  bool enabled = false;
  Millis inter = 2000;
  std::uint16_t port = 0;
  std::optional<Address> addr;  // default: the server's
  std::string addr_name;        // as written, when it has to be resolved
  std::string send;             // what we say first; may be empty
};

// The check words of a `server` line, defaults merged in.
struct CheckDef {
  bool enabled = false;
  CheckIntervals intervals;
  int rise = 2;
  int fall = 3;
  InitState init_state = InitState::none;
  std::uint16_t port = 0;       // 0: not set, the server's port
  std::optional<Address> addr;  // not set: the server's address
  std::string addr_name;        // as written, when it has to be resolved
  bool send_proxy = false;      // check-send-proxy
  bool ssl = false;             // check-ssl
  bool no_ssl = false;          // no-check-ssl
  std::string sni;              // check-sni
  std::string alpn;             // check-alpn
  std::string proto;            // check-proto
  bool via_socks4 = false;
  std::shared_ptr<VipPath> via;  // `check-via vip`; null: to the server's own address
  Observe observe = Observe::none;
  int error_limit = 10;
  OnError on_error = OnError::fail_check;
  AgentDef agent;
};

// Whether connections of the check reuse the server's own encapsulation (send-proxy, ssl): only as long as
// the check goes where traffic goes (configuration manual 5.2, "check").
inline bool checks_service_port(const CheckDef& def) noexcept {
  return def.port == 0 && !def.addr.has_value() && def.addr_name.empty();
}

}  // namespace evenkeel::health
