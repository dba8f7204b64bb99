// option tcp-check, option httpchk, tcp-check ..., http-check ..., external-check ...: configuration
// manual 4.2.
#include <array>
#include <random>
#include <utility>

#include "health/keywords.h"
#include "health/protocol/http.h"
#include "health/protocol/ldap.h"
#include "health/protocol/mysql.h"
#include "health/protocol/pgsql.h"
#include "health/protocol/redis.h"
#include "health/protocol/smtp.h"
#include "health/protocol/spop.h"
#include "health/protocol/ssl_hello.h"
#include "health/protocol/tcp.h"
#include "health/script.h"
#include "health/step_parser.h"

namespace evenkeel::health {
namespace {

using conf::Args;

void option_tcp_check(CheckSection& section, Args&) { section.protocol = CheckProtocol::tcp_check; }
void option_redis(CheckSection& section, Args&) { section.protocol = CheckProtocol::redis; }
void option_ldap(CheckSection& section, Args&) { section.protocol = CheckProtocol::ldap; }
void option_ssl_hello(CheckSection& section, Args&) { section.protocol = CheckProtocol::ssl_hello; }
void option_spop(CheckSection& section, Args&) { section.protocol = CheckProtocol::spop; }
void option_external(CheckSection& section, Args&) { section.protocol = CheckProtocol::external; }

void option_httpchk(CheckSection& section, Args& args) {
  section.protocol = CheckProtocol::http;
  HttpSendStep line;
  std::array<std::string, 3> words;
  std::size_t count = 0;
  while (count < words.size() && !args.at_end()) words[count++] = std::string(args.next());
  if (count == 1) line.uri.literal = words[0];
  if (count >= 2) {
    line.method = words[0];
    line.uri.literal = words[1];
  }
  if (count == 3) {
    line.version = words[2];
    split_version(line);
    if (line.version != words[2]) {
      std::string modern = "http-check send";
      for (const auto& [name, value] : line.headers) modern += " hdr " + name + " \"" + value.literal + "\"";
      if (!line.body.empty()) modern += " body \"" + line.body.literal + "\"";
      args.warn("headers or a body behind the version of 'option httpchk' are an old form")
          .modern("option httpchk " + line.method + ' ' + line.uri.literal + ' ' + line.version + " + " +
                  modern);
    }
  }
  section.http_line = std::move(line);
}

void option_mysql(CheckSection& section, Args& args) {
  section.protocol = CheckProtocol::mysql;
  section.user.clear();
  section.mysql_pre41 = false;
  if (args.at_end()) return;
  if (!args.expect_word("user")) return;
  const auto user = args.required("a user name");
  if (!user) return;
  section.user = *user;
  if (args.at_end()) return;
  if (const auto version = args.one_of({"post-41", "pre-41"})) section.mysql_pre41 = *version == 1;
}

void option_pgsql(CheckSection& section, Args& args) {
  section.protocol = CheckProtocol::pgsql;
  if (!args.expect_word("user")) return;
  if (const auto user = args.required("a user name")) section.user = *user;
}

// "HELO" alone, without a domain, is what nothing is: HAProxy takes both words or none.
void option_smtp(CheckSection& section, Args& args) {
  section.protocol = CheckProtocol::smtp;
  section.smtp_hello = "HELO";
  section.smtp_domain = "localhost";
  const std::string hello(args.next());
  const std::string domain(args.next());
  if (domain.empty()) return;
  if (hello == "EHLO") section.smtp_hello = hello;
  section.smtp_domain = domain;
}

std::optional<std::string> bytes_of_hex(Args& args) {
  const auto digits = args.required("hexadecimal digits");
  if (!digits) return std::nullopt;
  std::string bytes;
  if (unhex(*digits, bytes) && !bytes.empty()) return bytes;
  args.error("'" + std::string(*digits) + "' is no sequence of pairs of hexadecimal digits");
  return std::nullopt;
}

std::optional<std::string> text_of(Args& args) {
  const auto text = args.required("a string");
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

// option udp-check [send <string>|send-binary <hex>] [require-reply] [min-reply <n>] [max-reply <n>]
//   [expect string <string>|expect binary <hex>]. Evenkeel's own; what it can do is keepalived's UDP_CHECK.
void option_udp(CheckSection& section, Args& args) {
  section.protocol = CheckProtocol::udp;
  UdpCheckDef def;
  while (!args.at_end() && !args.failed()) {
    if (args.accept("send")) {
      if (auto text = text_of(args)) def.send = std::move(*text);
    } else if (args.accept("send-binary")) {
      if (auto bytes = bytes_of_hex(args)) def.send = std::move(*bytes);
    } else if (args.accept("require-reply")) {
      def.require_reply = true;
    } else if (args.accept("min-reply")) {
      if (const auto n = args.integer(0, 65507)) def.min_reply = static_cast<std::size_t>(*n);
    } else if (args.accept("max-reply")) {
      if (const auto n = args.integer(0, 65507)) def.max_reply = static_cast<std::size_t>(*n);
    } else if (args.accept("expect")) {
      const auto kind = args.one_of({"string", "binary"});
      if (kind) def.expect = *kind == 0 ? text_of(args) : bytes_of_hex(args);
    } else {
      args.error_here("'option udp-check' does not know '" + std::string(args.peek()) +
                      "', only send, send-binary, require-reply, min-reply, max-reply and expect");
      args.rest();
    }
  }
  if (def.max_reply && def.min_reply > *def.max_reply) args.error("'min-reply' is more than 'max-reply'");
  section.udp = std::move(def);
}

// option dns-check [type <type>] [name <name>]. Evenkeel's own; keepalived's is DNS_CHECK.
void option_dns(CheckSection& section, Args& args) {
  section.protocol = CheckProtocol::dns;
  DnsQuestion question;
  while (!args.at_end() && !args.failed()) {
    if (args.accept("type")) {
      const auto word = args.required("a type of records, such as SOA or AAAA");
      if (!word) return;
      const auto type = dns_type(*word);
      if (!type) {
        args.error("'" + std::string(*word) + "' is no type of DNS records; any of them is TYPE<number>");
        return;
      }
      question.type = *type;
    } else if (args.accept("name")) {
      const auto name = args.required("a domain name");
      if (!name) return;
      if (dns_name(*name).empty()) {
        args.error("'" + std::string(*name) + "' is no domain name");
        return;
      }
      question.name = *name;
    } else {
      args.error_here("'option dns-check' does not know '" + std::string(args.peek()) +
                      "', only type and name");
      args.rest();
    }
  }
  // Who cannot see the question does not know its number, nor the port that it comes from.
  question.id = static_cast<std::uint16_t>(std::random_device()());
  section.dns = std::move(question);
}

void option_log_health_checks(CheckSection& section, Args& args) {
  section.log_health_checks = !args.negated();
}

void external_command(CheckSection& section, Args& args) {
  section.external_place = args.statement().location();
  if (const auto command = args.required("a command")) section.external_command = *command;
}
void external_path(CheckSection& section, Args& args) {
  section.external_place = args.statement().location();
  if (const auto path = args.required("a path")) section.external_path = *path;
}

void tcp_check(CheckSection& section, Args& args) { parse_rule(section, Ruleset::tcp, args); }
void http_check(CheckSection& section, Args& args) { parse_rule(section, Ruleset::http, args); }
void disable_on_404(CheckSection& section, Args&) { section.disable_on_404 = true; }
void send_state(CheckSection& section, Args&) { section.send_state = true; }

constexpr unsigned kWhere = conf::kBackendsAndDefaults;
constexpr conf::Keyword<CheckSection> kWords[] = {
    {"option tcp-check", kWhere, false, option_tcp_check, "check by the tcp-check rules"},
    {"option httpchk", kWhere, false, option_httpchk, "check by HTTP requests"},
    {"option mysql-check", kWhere, false, option_mysql, "check by a MySQL login"},
    {"option pgsql-check", kWhere, false, option_pgsql, "check by a PostgreSQL login"},
    {"option redis-check", kWhere, false, option_redis, "check by a Redis PING"},
    {"option smtpchk", kWhere, false, option_smtp, "check by an SMTP dialogue"},
    {"option ldap-check", kWhere, false, option_ldap, "check by an LDAPv3 bind"},
    {"option ssl-hello-chk", kWhere, false, option_ssl_hello, "check by an SSLv3 hello"},
    {"option spop-check", kWhere, false, option_spop, "check by an SPOP handshake"},
    {"option udp-check", kWhere, false, option_udp, "check by a datagram and its answer"},
    {"option dns-check", kWhere, false, option_dns, "check by a question to a DNS server"},
    {"option external-check", kWhere, false, option_external, "check by running a command"},
    {"option log-health-checks", kWhere, true, option_log_health_checks,
     "log every change of a check's result"},
    {"external-check command", kWhere, false, external_command, "the command to run"},
    {"external-check path", kWhere, false, external_path, "the PATH that it gets"},
    {"tcp-check", kWhere, false, tcp_check, "a step of option tcp-check"},
    {"http-check", kWhere, false, http_check, "a step of option httpchk"},
    {"http-check disable-on-404", kWhere, false, disable_on_404, "404 means: no new load, please"},
    {"http-check send-state", kWhere, false, send_state, "tell servers how they are seen"},
};

// The connect of a script that has any must come before everything that needs a connection.
bool begins_with_connect(const std::vector<CheckStep>& rules) {
  bool any = false;
  bool first = false;
  bool acted = false;
  for (const CheckStep& step : rules) {
    if (std::holds_alternative<CommentStep>(step) || std::holds_alternative<SetVarStep>(step)) continue;
    if (std::holds_alternative<ConnectStep>(step)) {
      any = true;
      first = first || !acted;
    }
    acted = true;
  }
  return !any || first;
}

// The sends of http-check carry only what was said; the first one is completed by the line, others by
// HAProxy's defaults.
std::vector<CheckStep> completed(std::vector<CheckStep> rules, const HttpSendStep& line) {
  for (CheckStep& step : rules) {
    auto* send = std::get_if<HttpSendStep>(&step);
    if (send == nullptr) continue;
    const HttpSendStep base = send->implicit ? line : HttpSendStep{};
    send->implicit = false;
    if (send->method.empty()) send->method = base.method;
    if (send->uri.empty()) send->uri = base.uri;
    if (send->version.empty()) send->version = base.version;
    if (send->body.empty()) send->body = base.body;
    send->headers.insert(send->headers.begin(), base.headers.begin(), base.headers.end());
  }
  return rules;
}

}  // namespace

Result<Template, std::string> literal_format(std::string_view text) {
  Template out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 1 >= text.size() || text[i + 1] != '%') {
        return {boost::system::in_place_error, "log-format expression '" + std::string(text.substr(i)) +
                                                   "' is not supported in health checks yet"};
      }
      ++i;
    }
    out.literal += text[i];
  }
  return out;
}

Result<Template, std::string> constant_expression(std::string_view text) {
  for (const std::string_view fetch : {"str(", "int(", "bool("}) {
    if (!text.starts_with(fetch) || !text.ends_with(')')) continue;
    const std::string_view inner = text.substr(fetch.size(), text.size() - fetch.size() - 1);
    if (inner.find_first_of("(),") == std::string_view::npos) return Template{std::string(inner), nullptr};
  }
  return {boost::system::in_place_error,
          "sample expression '" + std::string(text) + "' is not supported in health checks yet"};
}

CheckSection CheckSection::inherit() const {
  CheckSection own = *this;
  own.inherited_tcp = !tcp_rules.empty();
  own.inherited_http = !http_rules.empty();
  own.rules_place = {};
  own.external_place = {};
  return own;
}

BackendCheck CheckSection::finish(const std::string& proxy, const conf::Location& where,
                                  conf::Diagnostics& diagnostics) const {
  BackendCheck check;
  check.protocol = protocol;
  check.disable_on_404 = disable_on_404;
  check.log_health_checks = log_health_checks;
  const conf::Location& rules_at = rules_place.line != 0 ? rules_place : where;
  const auto warn_unused = [&](const std::vector<CheckStep>& rules, bool inherited, CheckProtocol needs,
                               const char* word, const char* option) {
    if (rules.empty() || inherited || protocol == needs) return;
    diagnostics.warn(rules_at, "proxy '" + proxy + "' has " + word + " rules without '" + option +
                                   "': they are without effect");
  };
  warn_unused(tcp_rules, inherited_tcp, CheckProtocol::tcp_check, "tcp-check", "option tcp-check");
  warn_unused(http_rules, inherited_http, CheckProtocol::http, "http-check", "option httpchk");
  const auto require_connect = [&](const std::vector<CheckStep>& rules, const char* word) {
    if (begins_with_connect(rules)) return;
    diagnostics.error(rules_at,
                      std::string("the first rule must be a '") + word +
                          " connect' when there is one, only comments and variables may stand before it");
  };
  switch (protocol) {
    case CheckProtocol::tcp:
      check.steps = tcp_steps();
      break;
    case CheckProtocol::tcp_check:
      require_connect(tcp_rules, "tcp-check");
      check.steps = with_connect(tcp_rules);
      break;
    case CheckProtocol::http:
      require_connect(http_rules, "http-check");
      check.steps = http_steps(http_line, completed(http_rules, http_line), send_state);
      break;
    case CheckProtocol::mysql:
      check.steps = mysql_steps(user, mysql_pre41);
      break;
    case CheckProtocol::pgsql:
      check.steps = pgsql_steps(user);
      break;
    case CheckProtocol::redis:
      check.steps = redis_steps();
      break;
    case CheckProtocol::smtp:
      check.steps = smtp_steps(smtp_hello, smtp_domain);
      break;
    case CheckProtocol::ldap:
      check.steps = ldap_steps();
      break;
    case CheckProtocol::ssl_hello:
      check.steps = ssl_hello_steps();
      break;
    case CheckProtocol::spop:
      check.steps = spop_steps();
      break;
    case CheckProtocol::udp:
      check.steps = udp_steps(udp);
      break;
    case CheckProtocol::dns:
      check.steps = dns_steps(dns);
      break;
    case CheckProtocol::external:
      if (external_command.empty()) {
        diagnostics.error(where,
                          "proxy '" + proxy + "': 'option external-check' needs an 'external-check command'");
      }
      break;
  }
  check.external_command = external_command;
  check.external_path = external_path;
  if (protocol != CheckProtocol::external && external_place.line != 0) {
    diagnostics.warn(external_place, "'external-check' is without effect in proxy '" + proxy +
                                         "' without 'option external-check'");
  }
  return check;
}

std::span<const conf::Keyword<CheckSection>> proxy_keywords() noexcept { return kWords; }

}  // namespace evenkeel::health
