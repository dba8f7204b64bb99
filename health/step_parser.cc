#include "health/step_parser.h"

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "health/script.h"

namespace evenkeel::health {
namespace {

using conf::Args;

std::optional<Template> compiled(const FormatCompiler& compile, std::string_view text, Args& args) {
  auto result = compile(text);
  if (result) return *result;
  args.error(result.error());
  return std::nullopt;
}

std::optional<Regex> regex(Args& args) {
  const auto pattern = args.required("a regular expression");
  if (!pattern) return std::nullopt;
  auto result = Regex::compile(*pattern, false);
  if (result) return *result;
  args.error("regex '" + std::string(*pattern) + "' is invalid: " + result.error());
  return std::nullopt;
}

std::optional<std::string> binary(Args& args) {
  const auto digits = args.required("a series of hexadecimal digits");
  if (!digits) return std::nullopt;
  std::string bytes;
  if (unhex(*digits, bytes)) return bytes;
  args.error("'" + std::string(*digits) + "' is not an even number of hexadecimal digits");
  return std::nullopt;
}

void comment_option(Args& args, std::string& into) {
  if (const auto text = args.required("a comment")) into = *text;
}

// ---- connect
// --------------------------------------------------------------------------------------------------------

void connect_port(CheckSection& section, ConnectStep& step, Args& args) {
  const auto word = args.required("a port or an expression");
  if (!word) return;
  const bool number = word->find_first_not_of("0123456789") == std::string_view::npos;
  if (!number) {
    if (auto expression = compiled(section.expression, *word, args)) {
      step.port_expr = std::move(*expression);
      unsigned constant = 0;
      const std::string& text = step.port_expr.literal;
      if (!step.port_expr.expand &&
          std::from_chars(text.data(), text.data() + text.size(), constant).ec == std::errc() &&
          constant > 0 && constant <= 65535) {
        step.port = static_cast<std::uint16_t>(constant);
      }
    }
    return;
  }
  unsigned value = 0;
  std::from_chars(word->data(), word->data() + word->size(), value);
  if (value < 1 || value > 65535) {
    args.error("port " + std::string(*word) + " is outside of 1 to 65535");
    return;
  }
  step.port = static_cast<std::uint16_t>(value);
}

void connect_option(CheckSection& section, Ruleset set, ConnectStep& step, Args& args) {
  if (args.accept("default")) {
    step.use_server_defaults = true;
  } else if (args.accept("port")) {
    connect_port(section, step, args);
  } else if (args.accept("addr")) {
    if (const auto spec = args.address({.port_zero = true, .name = false})) step.addr = spec->numeric;
  } else if (args.accept("send-proxy")) {
    step.send_proxy = true;
  } else if (args.accept("linger")) {
    step.linger = true;
  } else if (args.accept("comment")) {
    comment_option(args, step.comment);
  } else if (args.accept("proto")) {
    const std::string_view fits = set == Ruleset::http ? "h1" : "none";
    if (const auto name = args.required("a protocol")) {
      if (*name == fits) {
        step.proto = *name;
      } else {
        args.error("'proto " + std::string(*name) + "' is not supported in this check, only '" +
                   std::string(fits) + "'");
      }
    }
  } else {
    const std::string_view word = args.peek();
    const bool known = word == "ssl" || word == "sni" || word == "alpn" || word == "via-socks4";
    args.error_here(known ? "known HAProxy keyword '" + std::string(word) + "', not supported by Evenkeel yet"
                          : "'" + std::string(word) +
                                "' is not one of addr, alpn, comment, default, linger, port, " +
                                "proto, send-proxy, sni, ssl, via-socks4");
    args.skip();
  }
}

std::optional<CheckStep> connect_rule(CheckSection& section, Ruleset set, Args& args) {
  ConnectStep step;
  while (!args.at_end() && !args.failed()) connect_option(section, set, step, args);
  return step;
}

// ---- send
// -----------------------------------------------------------------------------------------------------------

std::optional<CheckStep> tcp_send_rule(CheckSection& section, std::string_view kind, Args& args) {
  SendStep step;
  if (kind == "send-binary") {
    auto bytes = binary(args);
    if (!bytes) return std::nullopt;
    step.data.literal = std::move(*bytes);
  } else {
    const auto text = args.required("what to send");
    if (!text) return std::nullopt;
    if (kind == "send") {
      step.data.literal = *text;
    } else if (auto format = compiled(section.format, *text, args)) {
      step.data = std::move(*format);
      step.hex = kind == "send-binary-lf";
    }
  }
  if (args.accept("comment")) comment_option(args, step.comment);
  return step;
}

void http_send_option(CheckSection& section, HttpSendStep& step, Args& args) {
  const auto format = [&](Template& into) {
    const auto text = args.required("a value");
    if (!text) return;
    if (auto value = compiled(section.format, *text, args)) into = std::move(*value);
  };
  const auto literal = [&](std::string& into) {
    if (const auto text = args.required("a value")) into = *text;
  };
  if (args.accept("meth")) {
    literal(step.method);
  } else if (args.accept("uri")) {
    step.uri.expand = nullptr;
    literal(step.uri.literal);
  } else if (args.accept("uri-lf")) {
    format(step.uri);
  } else if (args.accept("ver")) {
    literal(step.version);
  } else if (args.accept("hdr")) {
    const auto name = args.required("a header name and a value");
    if (!name) return;
    Template value;
    const std::string kept(*name);
    format(value);
    step.headers.emplace_back(kept, std::move(value));
  } else if (args.accept("body")) {
    step.body.expand = nullptr;
    literal(step.body.literal);
  } else if (args.accept("body-lf")) {
    format(step.body);
  } else if (args.accept("comment")) {
    comment_option(args, step.comment);
  } else {
    args.error_here("'" + std::string(args.peek()) +
                    "' is not one of body, body-lf, comment, hdr, meth, uri, uri-lf, ver");
    args.skip();
  }
}

// What would break out of the request line or the header has no place in it.
bool writable(const HttpSendStep& step) {
  const auto clean = [](std::string_view text, std::string_view forbidden) {
    return text.find_first_of(forbidden) == std::string_view::npos;
  };
  bool ok =
      clean(step.method, " \t\r\n") && clean(step.uri.literal, " \t\r\n") && clean(step.version, " \t\r\n");
  for (const auto& [name, value] : step.headers)
    ok = ok && clean(name, " \t\r\n:") && clean(value.literal, "\r\n");
  return ok;
}

std::optional<CheckStep> http_send_rule(CheckSection& section, Args& args) {
  // The first send completes the request of the "option httpchk" line; further ones begin from nothing.
  bool first = true;
  for (const CheckStep& rule : section.http_rules)
    first = first && !std::holds_alternative<HttpSendStep>(rule);
  HttpSendStep said;
  said.implicit = first;  // until finish() has merged the line into it
  said.method.clear();
  said.uri.literal.clear();
  said.version.clear();
  while (!args.at_end() && !args.failed()) http_send_option(section, said, args);
  if (!writable(said)) args.error("spaces, line ends or a colon would break the request apart");
  return said;
}

// ---- expect
// ---------------------------------------------------------------------------------------------------------

using enum CheckStatus;

bool status_option(Args& args, CheckStatus& into, std::initializer_list<CheckStatus> allowed) {
  const auto word = args.required("a status");
  if (!word) return false;
  const auto status = status_from_code(*word);
  std::string names;
  for (const CheckStatus one : allowed) {
    if (status == one) {
      into = one;
      return true;
    }
    names += (names.empty() ? "" : ", ") + std::string(code(one));
  }
  args.error("'" + std::string(*word) + "' is not one of " + names);
  return false;
}

std::optional<std::vector<StatusRange>> status_ranges(std::string_view list) {
  std::vector<StatusRange> ranges;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view part = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (part.empty()) continue;
    StatusRange range;
    const char* const end = part.data() + part.size();
    const auto low = std::from_chars(part.data(), end, range.low);
    if (low.ec != std::errc() || range.low < 0) return std::nullopt;
    range.high = range.low;
    if (low.ptr != end) {
      if (*low.ptr != '-') return std::nullopt;
      const auto high = std::from_chars(low.ptr + 1, end, range.high);
      if (high.ec != std::errc() || high.ptr != end || range.high < range.low) return std::nullopt;
    }
    ranges.push_back(range);
  }
  return ranges;
}

// One side of hdr: "name [-m meth] x", "value-lf y".
bool header_side(CheckSection& section, Args& args, bool format, bool lower_name, TextMatch& match,
                 Template& text, std::optional<Regex>& by_regex) {
  match = TextMatch::exact;
  if (args.accept("-m")) {
    constexpr TextMatch kMethods[] = {TextMatch::exact, TextMatch::prefix, TextMatch::suffix,
                                      TextMatch::substring, TextMatch::regex};
    const auto index = args.one_of({"str", "beg", "end", "sub", "reg"});
    if (!index) return false;
    match = kMethods[*index];
  }
  if (match == TextMatch::regex) {
    if (format) {
      args.error("a log-format string cannot be a regular expression");
      return false;
    }
    const auto pattern = args.required("a regular expression");
    if (!pattern) return false;
    auto result = Regex::compile(*pattern, lower_name);
    if (!result) args.error("regex '" + std::string(*pattern) + "' is invalid: " + result.error());
    if (result) by_regex = *result;
    return by_regex.has_value();
  }
  const auto word = args.required("a pattern");
  if (!word) return false;
  if (!format) {
    text.literal = *word;
    return true;
  }
  auto value = compiled(section.format, *word, args);
  if (value) text = std::move(*value);
  return value.has_value();
}

bool header_pattern(CheckSection& section, ExpectStep& step, Args& args) {
  HeaderPattern& header = step.header;
  const bool name_format = args.peek() == "name-lf";
  if (!name_format && args.peek() != "name") {
    args.error_here("a header is matched by 'name' or 'name-lf' first");
    return false;
  }
  args.skip();
  if (!header_side(section, args, name_format, true, header.name_match, header.name, header.name_regex))
    return false;
  const bool value_format = args.peek() == "value-lf";
  if (!value_format && args.peek() != "value") return true;
  args.skip();
  return header_side(section, args, value_format, false, header.value_match, header.value,
                     header.value_regex);
}

std::optional<ExpectKind> match_kind(Ruleset set, std::string_view word) noexcept {
  const bool http = set == Ruleset::http;
  if (word == "string" || word == "string-lf") return http ? ExpectKind::http_body : ExpectKind::string;
  if (word == "rstring") return http ? ExpectKind::http_rbody : ExpectKind::rstring;
  if (http) {
    if (word == "status") return ExpectKind::http_status;
    if (word == "rstatus") return ExpectKind::http_rstatus;
    if (word == "hdr" || word == "fhdr") return ExpectKind::http_header;
    return std::nullopt;
  }
  if (word == "binary" || word == "binary-lf") return ExpectKind::binary;
  if (word == "rbinary") return ExpectKind::rbinary;
  return std::nullopt;
}

bool read_pattern(CheckSection& section, ExpectStep& step, std::string_view word, Args& args) {
  switch (step.kind) {
    case ExpectKind::rstring:
    case ExpectKind::rbinary:
    case ExpectKind::http_rstatus:
    case ExpectKind::http_rbody:
      step.regex = regex(args);
      return step.regex.has_value();
    case ExpectKind::http_header:
      step.header.full = word == "fhdr";
      return header_pattern(section, step, args);
    case ExpectKind::http_status: {
      const auto list = args.required("a list of status codes");
      if (!list) return false;
      auto ranges = status_ranges(*list);
      if (!ranges) args.error("'" + std::string(*list) + "' is not a list of status codes and ranges");
      if (ranges) step.codes = std::move(*ranges);
      return ranges.has_value();
    }
    default:
      break;
  }
  if (word == "binary") {
    auto bytes = binary(args);
    if (bytes) step.pattern.literal = std::move(*bytes);
    return bytes.has_value();
  }
  const auto text = args.required("a pattern");
  if (!text) return false;
  if (word == "string") {
    step.pattern.literal = *text;
    return true;
  }
  step.hex = word == "binary-lf";
  auto format = compiled(section.format, *text, args);
  if (format) step.pattern = std::move(*format);
  return format.has_value();
}

// True when the word was an option of expect.
bool expect_option(CheckSection& section, ExpectStep& step, Args& args) {
  const auto text = [&](Template& into, const FormatCompiler& compile) {
    const auto word = args.required("a value");
    if (!word) return;
    if (auto value = compiled(compile, *word, args)) into = std::move(*value);
  };
  if (args.accept("min-recv")) {
    if (const auto value = args.integer(-1, std::numeric_limits<int>::max()))
      step.min_recv = static_cast<int>(*value);
  } else if (args.accept("comment")) {
    comment_option(args, step.comment);
  } else if (args.accept("ok-status")) {
    status_option(args, step.ok_status, {l7_ok, l7_okc, l6_ok, l4_ok});
  } else if (args.accept("error-status")) {
    status_option(args, step.error_status, {l7_okc, l7_rsp, l7_sts, l6_rsp, l4_con});
  } else if (args.accept("tout-status")) {
    status_option(args, step.tout_status, {l7_tout, l6_tout, l4_tout});
  } else if (args.accept("on-success")) {
    text(step.on_success, section.format);
  } else if (args.accept("on-error")) {
    text(step.on_error, section.format);
  } else if (args.accept("status-code")) {
    text(step.status_code, section.expression);
  } else {
    return false;
  }
  return true;
}

std::optional<CheckStep> expect_rule(CheckSection& section, Ruleset set, Args& args) {
  ExpectStep step;
  bool matched = false;
  while (!args.at_end() && !args.failed()) {
    if (expect_option(section, step, args)) continue;
    bool negate = false;
    std::string_view word = args.peek();
    while (word.starts_with('!')) {
      negate = !negate;
      word.remove_prefix(1);
      if (!word.empty()) continue;
      args.skip();
      word = args.peek();
    }
    const auto kind = match_kind(set, word);
    if (!kind || matched) {
      args.error_here(matched && kind
                          ? std::string("only one pattern is possible in one rule")
                          : "'" + std::string(word) + "' is neither an option nor a match of 'expect'");
      return std::nullopt;
    }
    const std::string kept(word);
    args.skip();
    step.kind = *kind;
    step.negate = negate;
    matched = true;
    if (!read_pattern(section, step, kept, args)) return std::nullopt;
  }
  if (!matched && !args.failed()) args.error_here("a pattern to match is missing");
  return step;
}

// ---- variables
// ------------------------------------------------------------------------------------------------------

std::optional<CheckStep> var_rule(CheckSection& section, std::string_view word, Args& args) {
  const auto open = word.find('(');
  const std::string_view action = word.substr(0, open);
  std::string_view name = word.substr(open + 1);
  if (!name.ends_with(')')) {
    args.error("'" + std::string(action) + "' wants a variable in parentheses");
    return std::nullopt;
  }
  name.remove_suffix(1);
  const auto dot = name.find('.');
  const std::string_view scope = name.substr(0, dot);
  if (dot == std::string_view::npos || dot + 1 == name.size() || name.find(',') != std::string_view::npos ||
      (scope != "check" && scope != "sess" && scope != "txn" && scope != "req" && scope != "res")) {
    args.error("variable '" + std::string(name) +
               "' is not supported in a check: its scope has to be check or sess");
    return std::nullopt;
  }
  SetVarStep step;
  step.name = name;
  step.unset = action == "unset-var";
  if (step.unset) return step;
  std::string text;
  for (const conf::Word& part : args.rest()) text += (text.empty() ? "" : " ") + part.text;
  if (text.empty()) {
    args.error_here("a value is missing");
    return std::nullopt;
  }
  auto value = compiled(action == "set-var" ? section.expression : section.format, text, args);
  if (!value) return std::nullopt;
  step.value = std::move(*value);
  return step;
}

bool is_var_action(std::string_view word) noexcept {
  return word.starts_with("set-var(") || word.starts_with("set-var-fmt(") || word.starts_with("unset-var(");
}

std::optional<CheckStep> rule(CheckSection& section, Ruleset set, Args& args) {
  const std::string word(args.next());
  if (word == "connect") return connect_rule(section, set, args);
  if (word == "expect") return expect_rule(section, set, args);
  if (word == "comment") {
    const auto text = args.required("a comment");
    return text ? std::optional<CheckStep>(CommentStep{std::string(*text)}) : std::nullopt;
  }
  if (is_var_action(word)) return var_rule(section, word, args);
  if (set == Ruleset::http && word == "send") return http_send_rule(section, args);
  if (set == Ruleset::tcp &&
      (word == "send" || word == "send-lf" || word == "send-binary" || word == "send-binary-lf")) {
    return tcp_send_rule(section, word, args);
  }
  args.error((word.empty() ? std::string("a rule is missing: ") : "'" + word + "' is not one of ") +
             (set == Ruleset::tcp ? "comment, connect, expect, send, send-lf, send-binary, send-binary-lf, "
                                  : "comment, connect, disable-on-404, expect, send, send-state, ") +
             "set-var(), set-var-fmt(), unset-var()");
  return std::nullopt;
}

}  // namespace

void parse_rule(CheckSection& section, Ruleset set, conf::Args& args) {
  const bool http = set == Ruleset::http;
  std::vector<CheckStep>& rules = http ? section.http_rules : section.tcp_rules;
  bool& inherited = http ? section.inherited_http : section.inherited_tcp;
  if (std::exchange(inherited, false)) rules.clear();
  if (section.rules_place.line == 0) section.rules_place = args.statement().location();
  auto step = rule(section, set, args);
  if (step && !args.failed()) rules.push_back(std::move(*step));
}

void split_version(HttpSendStep& request) {
  std::string_view rest = request.version;
  const auto line_end = rest.find("\r\n");
  if (line_end == std::string_view::npos) return;
  const std::string version(rest.substr(0, line_end));
  rest.remove_prefix(line_end + 2);
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
    if (line.empty()) {
      request.body.literal = rest;
      break;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    request.headers.emplace_back(std::string(line.substr(0, colon)), Template{std::string(value), nullptr});
  }
  request.version = version;
}

}  // namespace evenkeel::health
