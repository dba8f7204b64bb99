#include "backends/proxy_keywords.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "rules/action/reply_spec.h"
#include "rules/keywords.h"

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;

void mode(ProxyDraft& draft, Args& args) {
  if (args.accept("haterm") || args.accept("spop")) {
    args.error("known HAProxy keyword, not supported by Evenkeel yet: 'mode " +
               args.statement().words[1].text + "'");
    return;
  }
  if (args.peek() == "health") {
    args.error_here("'mode health' does not exist any more, answer with a rule in 'mode http'")
        .modern("http-request return status 200");
    return;
  }
  if (const auto word = args.one_of({"tcp", "http", "udp", "log"})) {
    draft.common.mode = *word == 1 ? Mode::http : Mode::tcp;
    draft.common.datagram = *word == 2;
    draft.common.takes_logs = *word == 3;
    draft.mode_given = true;
  }
}

void id(ProxyDraft& draft, Args& args) {
  const auto value = args.integer(1, INT32_MAX);
  if (!value) return;
  draft.common.id = static_cast<std::uint32_t>(*value);
  draft.common.forced_id = true;
  draft.places["id"] = args.location();
}

void guid(ProxyDraft& draft, Args& args) {
  const auto value = args.required("a globally unique identifier");
  if (!value) return;
  if (value->size() > 127) {
    args.error("a guid has at most 127 characters");
    return;
  }
  draft.common.guid = *value;
  draft.places["guid"] = args.location();
}

void description(ProxyDraft& draft, Args& args) {
  if (!args.required("a text")) return;
  draft.common.description = args.statement().words[1].text;
  for (const conf::Word& word : args.rest()) draft.common.description += " " + word.text;
}

void disabled(ProxyDraft& draft, Args&) { draft.common.disabled = true; }
void unpublished(ProxyDraft& draft, Args&) { draft.common.unpublished = true; }
void enabled(ProxyDraft& draft, Args&) { draft.common.disabled = false; }

// ---- timeouts

template <Millis Timeouts::*Field>
void timeout(ProxyDraft& draft, Args& args) {
  if (args.at_end()) {
    args.error_here("'" + args.keyword() + "' expects a duration (in milliseconds unless it has a unit)");
    return;
  }
  const auto value = args.duration_ms();
  if (!value) return;
  draft.common.timeouts.*Field = *value;
}

// ---- error answers

void errorfile(ProxyDraft& draft, Args& args) { read_error_file(draft.errors, *draft.services, args); }

std::string redirection(int status, std::string_view url) {
  std::string reply = status == 303 ? "HTTP/1.1 303 See Other\r\n" : "HTTP/1.1 302 Found\r\n";
  reply += "cache-control: no-cache\r\ncontent-length: 0\r\nlocation: ";
  reply.append(url).append("\r\n\r\n");
  return reply;
}

std::optional<int> error_status(Args& args) {
  const auto status = args.integer(100, 999);
  if (!status) return std::nullopt;
  if (!is_error_status(*status)) {
    args.error("status code '" + std::to_string(*status) + "' has no error answer that could be replaced");
    return std::nullopt;
  }
  return static_cast<int>(*status);
}

template <int Redirect>
void errorloc(ProxyDraft& draft, Args& args) {
  const auto status = error_status(args);
  if (!status) return;
  const auto url = args.required("a status code and a URL");
  if (!url) return;
  draft.errors.push_back({*status,
                          std::make_shared<const std::string>(redirection(Redirect, *url)),
                          {},
                          args.location(),
                          nullptr});
}

void errorfiles(ProxyDraft& draft, Args& args) {
  const auto name = args.required("the name of an http-errors section");
  if (!name) return;
  const std::string section(*name);
  const conf::Location where = args.location();
  if (args.at_end()) draft.errors.push_back({0, nullptr, section, where, nullptr});
  while (!args.at_end()) {
    const auto status = error_status(args);
    if (!status) return;
    draft.errors.push_back({*status, nullptr, section, where, nullptr});
  }
}

// http-error (manual 4.2): the answer is described as that of a `return` rule.
void http_error(ProxyDraft& draft, Args& args) {
  const conf::Location where = args.location();
  std::vector<std::string_view> words;
  const std::size_t from = args.position();
  for (const conf::Word& word : args.rest()) words.emplace_back(word.text);
  rules::Words cursor(words);
  rules::AclTable no_acls;
  const rules::Places places =
      rules::at(rules::Place::fe_http_request) | rules::at(rules::Place::be_http_request) |
      rules::at(rules::Place::fe_http_response) | rules::at(rules::Place::be_http_response);
  rules::ActionEnv env{*draft.services->rules, no_acls, rules::Phase::http_request, places, {}};
  auto spec = rules::action::ReplySpec::parse(cursor, env, 0, false);
  const auto refuse = [&](std::size_t word, const std::string& message) {
    args.diagnostics().error(args.statement().at(from + word), message);
  };
  if (!spec) return refuse(spec.error().word, spec.error().message);
  if (!cursor.done()) return refuse(cursor.position(), "an error answer has no condition");
  if (spec->status() == 0) return refuse(0, "'http-error' needs a 'status <code>'");
  if (!is_error_status(spec->status())) {
    return refuse(
        0, "status code '" + std::to_string(spec->status()) + "' has no error answer that could be replaced");
  }
  for (const rules::RuleError& doubt : draft.services->rules->warnings)
    args.diagnostics().warn(args.statement().at(from + doubt.word), doubt.message);
  draft.services->rules->warnings.clear();
  ErrorEntry entry{spec->status(), nullptr, {}, where, nullptr, false};
  if (const auto file = spec->whole_message()) {
    entry.reply = file;
  } else if (spec->is_standard()) {
    entry.section = spec->http_errors();
    entry.reset = entry.section.empty();
  } else {
    entry.made = std::make_shared<const rules::action::ReplySpec>(std::move(*spec));
  }
  draft.errors.push_back(std::move(entry));
}

// ---- unique ids

void unique_id_format(ProxyDraft& draft, Args& args) {
  const auto format = args.required("a log format string");
  if (!format) return;
  auto compiled =
      rules::compile_format(args.statement(), 1, *draft.services->rules, at(rules::Place::fe_http_request),
                            rules::LogFormat::Use::log, args.diagnostics());
  if (!compiled) return;
  draft.common.unique_id_format = *format;
  draft.common.unique_id = std::make_shared<const rules::LogFormat>(std::move(*compiled));
}

void unique_id_header(ProxyDraft& draft, Args& args) {
  const auto header = args.required("a header name");
  if (!header) return;
  draft.common.unique_id_header = *header;
}

// ---- TCP keep-alive times

template <KeepAliveDef ProxyDef::*Side, int KeepAliveDef::*Field>
void keep_alive_seconds(ProxyDraft& draft, Args& args) {
  const auto value = args.duration_ms(conf::TimeUnit::s);
  if (value) (draft.common.*Side).*Field = static_cast<int>((*value + 999) / 1000);
}

template <KeepAliveDef ProxyDef::*Side>
void keep_alive_count(ProxyDraft& draft, Args& args) {
  const auto value = args.integer(0, 127);
  if (value) (draft.common.*Side).count = static_cast<int>(*value);
}

constexpr unsigned kAll = conf::kProxiesAndDefaults;
constexpr unsigned kFront = conf::kFrontendsAndDefaults;
constexpr unsigned kBack = conf::kBackendsAndDefaults;

constexpr std::array kKeywords = {
    Keyword<ProxyDraft>{"mode", kAll, false, mode},
    Keyword<ProxyDraft>{"id", conf::kProxies, false, id},
    Keyword<ProxyDraft>{"guid", conf::kProxies, false, guid},
    Keyword<ProxyDraft>{"description", conf::kProxies, false, description},
    Keyword<ProxyDraft>{"be-unpublished", conf::kBackends, false, unpublished},
    Keyword<ProxyDraft>{"disabled", kAll, false, disabled},
    Keyword<ProxyDraft>{"enabled", kAll, false, enabled},
    Keyword<ProxyDraft>{"timeout check", kBack, false, timeout<&Timeouts::check>},
    Keyword<ProxyDraft>{"timeout client", kFront, false, timeout<&Timeouts::client>},
    Keyword<ProxyDraft>{"timeout client-fin", kFront, false, timeout<&Timeouts::client_fin>},
    Keyword<ProxyDraft>{"timeout connect", kBack, false, timeout<&Timeouts::connect>},
    Keyword<ProxyDraft>{"timeout http-keep-alive", kAll, false, timeout<&Timeouts::http_keep_alive>},
    Keyword<ProxyDraft>{"timeout http-request", kAll, false, timeout<&Timeouts::http_request>},
    Keyword<ProxyDraft>{"timeout queue", kBack, false, timeout<&Timeouts::queue>},
    Keyword<ProxyDraft>{"timeout server", kBack, false, timeout<&Timeouts::server>},
    Keyword<ProxyDraft>{"timeout server-fin", kBack, false, timeout<&Timeouts::server_fin>},
    Keyword<ProxyDraft>{"timeout tarpit", kAll, false, timeout<&Timeouts::tarpit>},
    Keyword<ProxyDraft>{"timeout tunnel", kBack, false, timeout<&Timeouts::tunnel>},
    Keyword<ProxyDraft>{"errorfile", kAll, false, errorfile},
    Keyword<ProxyDraft>{"errorfiles", kAll, false, errorfiles},
    Keyword<ProxyDraft>{"errorloc", kAll, false, errorloc<302>},
    Keyword<ProxyDraft>{"errorloc302", kAll, false, errorloc<302>},
    Keyword<ProxyDraft>{"errorloc303", kAll, false, errorloc<303>},
    Keyword<ProxyDraft>{"http-error", kAll, false, http_error},
    Keyword<ProxyDraft>{"unique-id-format", kAll, false, unique_id_format},
    Keyword<ProxyDraft>{"unique-id-header", kAll, false, unique_id_header},
    Keyword<ProxyDraft>{"clitcpka-cnt", kFront, false, keep_alive_count<&ProxyDef::client_keep_alive>},
    Keyword<ProxyDraft>{"clitcpka-idle", kFront, false,
                        keep_alive_seconds<&ProxyDef::client_keep_alive, &KeepAliveDef::idle_s>},
    Keyword<ProxyDraft>{"clitcpka-intvl", kFront, false,
                        keep_alive_seconds<&ProxyDef::client_keep_alive, &KeepAliveDef::interval_s>},
    Keyword<ProxyDraft>{"srvtcpka-cnt", kBack, false, keep_alive_count<&ProxyDef::server_keep_alive>},
    Keyword<ProxyDraft>{"srvtcpka-idle", kBack, false,
                        keep_alive_seconds<&ProxyDef::server_keep_alive, &KeepAliveDef::idle_s>},
    Keyword<ProxyDraft>{"srvtcpka-intvl", kBack, false,
                        keep_alive_seconds<&ProxyDef::server_keep_alive, &KeepAliveDef::interval_s>},
};

}  // namespace

bool is_error_status(std::int64_t status) noexcept {
  constexpr std::array<int, 21> kStatuses = {200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 414,
                                             421, 422, 425, 429, 431, 500, 501, 502, 503, 504};
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

void read_error_file(std::vector<ErrorEntry>& errors, const LoadServices& services, Args& args) {
  const auto status = error_status(args);
  if (!status) return;
  const auto path = args.required("a status code and a file");
  if (!path) return;
  auto text = services.read_file(std::string(*path));
  if (!text) {
    args.error("cannot read the error file '" + std::string(*path) + "': " + text.error());
    return;
  }
  if (!text->empty() && !text->starts_with("HTTP/")) {
    args.error("the error file '" + std::string(*path) +
               "' is not a complete HTTP response: it has to begin with a "
               "status line such as 'HTTP/1.0 " +
               std::to_string(*status) + " ...'");
    return;
  }
  errors.push_back(
      {*status, std::make_shared<const std::string>(std::move(*text)), {}, args.location(), nullptr});
}

std::span<const Keyword<ProxyDraft>> proxy_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::backends
