// The words of the configuration that belong to health checks: server options, and lines of proxies.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/args.h"
#include "conf/keyword_table.h"
#include "core/result.h"
#include "health/check_def.h"
#include "health/protocol/dns.h"
#include "health/protocol/udp.h"

namespace evenkeel::health {

// ---- server lines
// ---------------------------------------------------------------------------------------------------

// "check", "inter", "agent-check", ...; also for default-server. What acts on the server itself
// (on-marked-down, slowstart, track) belongs to backends/.
inline constexpr std::size_t kServerKeywordCount = 25;
std::span<const conf::Keyword<CheckDef>, kServerKeywordCount> server_keywords() noexcept;

// The same table for a type that holds a CheckDef, so that one table can hold all options of a server line:
//   static const auto words = lift_server_keywords<ServerDef, &check_of>();   // CheckDef&
//   check_of(ServerDef&)
template <class Target, CheckDef& (*Get)(Target&)>
std::array<conf::Keyword<Target>, kServerKeywordCount> lift_server_keywords() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    const auto words = server_keywords();
    return std::array<conf::Keyword<Target>, kServerKeywordCount>{conf::Keyword<Target>{
        words[I].name, words[I].sections, words[I].negatable,
        [](Target& target, conf::Args& args) { server_keywords()[I].apply(Get(target), args); },
        words[I].doc}...};
  }(std::make_index_sequence<kServerKeywordCount>());
}

// What can be judged only when the whole line and its backend are known: a missing agent port, a check-proto
// that does not fit the check. Empty: nothing is wrong.
std::string why_unusable(const CheckDef& def, const BackendCheck& backend);

// ---- lines of proxies
// -----------------------------------------------------------------------------------------------

// Turns a log-format text, or a sample expression, into something that is evaluated during the check. The
// rule engine provides them; until it does, the ones below are used.
using FormatCompiler = std::function<Result<Template, std::string>(std::string_view text)>;
// Literal texts ("%%" is a percent sign); any other '%' is refused by name.
Result<Template, std::string> literal_format(std::string_view text);
// str(x), int(n), bool(b); anything else is refused by name.
Result<Template, std::string> constant_expression(std::string_view text);

// Everything that the lines of one proxy say about checks, until finish() makes a BackendCheck of it.
struct CheckSection {
  CheckProtocol protocol = CheckProtocol::tcp;
  std::vector<CheckStep> tcp_rules;
  std::vector<CheckStep> http_rules;
  HttpSendStep http_line;  // option httpchk
  bool disable_on_404 = false;
  bool send_state = false;
  bool log_health_checks = false;
  std::string user;  // mysql-check, pgsql-check
  bool mysql_pre41 = false;
  std::string smtp_hello = "HELO";
  std::string smtp_domain = "localhost";
  UdpCheckDef udp;
  DnsQuestion dns;
  std::string external_command;
  std::string external_path;
  conf::Location external_place;  // of "external-check command|path", for late warnings
  conf::Location rules_place;     // of the first own tcp-check or http-check rule
  bool inherited_tcp = false;     // the rules come from a defaults section and give way to the first own one
  bool inherited_http = false;
  FormatCompiler format = literal_format;
  FormatCompiler expression = constant_expression;

  // As a proxy begins that refers to a defaults section with these words.
  [[nodiscard]] CheckSection inherit() const;
  // Reports what cannot work together, with `where` (the proxy's header) for want of a better place.
  // timeout_* are left for the owner of these words.
  BackendCheck finish(const std::string& proxy, const conf::Location& where,
                      conf::Diagnostics& diagnostics) const;
};

std::span<const conf::Keyword<CheckSection>> proxy_keywords() noexcept;

}  // namespace evenkeel::health
