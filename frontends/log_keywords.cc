#include "frontends/log_keywords.h"

#include <algorithm>
#include <array>

#include "frontends/log_profile.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;
using conf::SectionKind;

constexpr std::uint16_t kSyslogPort = 514;
constexpr Millis kOwnRingConnect = 1000;

// "tcp@127.0.0.1:514": a ring of its own with one server.
bool set_stream(LogDraft& draft, stats::LogTargetDef& target, std::string_view word, Args& args) {
  const auto spec = conf::parse_address(word, {.port_zero = true});
  if (!spec) return false;
  const std::vector<Address> found = conf::resolve(spec.value, draft.resolver);
  if (found.empty()) {
    args.error("'log': could not resolve address '" + std::string(word) + "'");
    return true;
  }
  stats::RingDef ring;
  ring.description = "created from a log target declared at " + args.location().to_string();
  ring.connect_timeout = kOwnRingConnect;
  ring.servers.push_back({std::string(word), found.front(), false});
  if (ring.servers[0].address.is_ip() && ring.servers[0].address.port() == 0)
    ring.servers[0].address.set_port(kSyslogPort);
  target.own_ring = std::make_shared<const stats::RingDef>(std::move(ring));
  return true;
}

// "127.0.0.1", "[::1]:515", "/dev/log", "abns@x", "loghost".
void set_address(LogDraft& draft, stats::LogTargetDef& target, std::string_view word, Args& args) {
  const auto spec = conf::parse_address(word, {.port_zero = true, .fd = true, .datagram = true});
  if (!spec) {
    args.error("'log': " + spec.error);
    return;
  }
  if (spec.value.kind == conf::AddressSpec::Kind::fd) {
    target.fd = spec.value.fd;
    return;
  }
  const std::vector<Address> found = conf::resolve(spec.value, draft.resolver);
  if (found.empty()) {
    args.error("'log': could not resolve address '" + std::string(word) + "'");
    return;
  }
  target.address = found.front();
  if (target.address.is_ip() && target.address.port() == 0) target.address.set_port(kSyslogPort);
}

void set_target(LogDraft& draft, stats::LogTargetDef& target, Args& args) {
  const std::string_view word = args.next();
  target.name = word;
  if (word == "stdout") {
    target.fd = 1;
  } else if (word == "stderr") {
    target.fd = 2;
  } else if (word.starts_with("ring@")) {
    target.ring = word.substr(5);
    draft.ring_uses.emplace_back(target.ring, args.location());
    if (target.ring.empty()) args.error("'log': 'ring@' expects the name of a ring");
  } else if (word.starts_with("tcp@") || word.starts_with("tcp4@") || word.starts_with("tcp6@")) {
    if (!set_stream(draft, target, word, args)) set_address(draft, target, word, args);
  } else if (word.starts_with("backend@")) {
    target.backend = word.substr(8);
    draft.backend_uses.emplace_back(target.backend, args.location());
    if (target.backend.empty()) args.error("'log': 'backend@' expects the name of a backend");
  } else {
    set_address(draft, target, word, args);
  }
}

void set_options(LogDraft& draft, stats::LogTargetDef& target, Args& args, bool& format_given) {
  while (!args.failed()) {
    if (args.accept("len")) {
      if (const auto length = args.integer(80, 65535))
        target.max_length = static_cast<std::uint32_t>(*length);
    } else if (args.accept("format")) {
      const std::string_view word = args.next();
      const auto format = stats::syslog_format(word);
      if (!format) {
        args.error("'log': unknown log format '" + std::string(word) +
                   "', known are rfc3164, rfc5424, local, priority, short, timed, iso and raw");
      } else {
        target.format = *format;
        format_given = true;
      }
    } else if (args.accept("sample")) {
      const std::string_view word = args.next();
      if (!stats::parse_sample(word, target)) {
        args.error("'log': '" + std::string(word) +
                   "' is not a sample of the form <low>[-<high>][,...]:<size>");
      }
    } else if (args.accept("profile")) {
      const auto name = args.required("the name of a log-profile section");
      if (!name) return;
      target.profile = *name;
      draft.profile_uses.emplace_back(target.profile, args.location());
    } else {
      return;
    }
  }
}

std::optional<int> read_level(Args& args) {
  const std::string_view word = args.next();
  const auto level = stats::syslog_level(word);
  if (!level) args.error("'log': unknown log level '" + std::string(word) + "'");
  return level;
}

void set_facility_and_levels(stats::LogTargetDef& target, Args& args) {
  const auto word = args.required("a facility");
  if (!word) return;
  const auto facility = stats::syslog_facility(*word);
  if (!facility) {
    args.error("'log': unknown log facility '" + std::string(*word) + "'");
    return;
  }
  target.facility = *facility;
  if (!args.at_end()) target.max_level = read_level(args).value_or(7);
  if (!args.at_end() && !args.failed()) target.min_level = read_level(args).value_or(0);
}

void log(LogDraft& draft, Args& args) {
  if (args.prefix() != conf::Prefix::none) {
    draft.def.targets.clear();
    draft.def.use_global = false;
    return;
  }
  if (args.at_end()) {
    args.error("'log' expects an address and a facility, or 'global'");
    return;
  }
  if (args.peek() == "global" && args.peek(1).empty()) {
    if (args.section() == SectionKind::global) {
      args.error_here(
          "'log global' refers to the 'log' lines of the 'global' section and cannot stand in it");
    }
    args.skip();
    draft.def.use_global = true;
    return;
  }
  stats::LogTargetDef target;
  bool format_given = false;
  set_target(draft, target, args);
  if (!args.failed()) set_options(draft, target, args, format_given);
  if (!args.failed()) set_facility_and_levels(target, args);
  if (!args.failed()) draft.def.targets.push_back(std::move(target));
}

void log_tag(LogDraft& draft, Args& args) {
  if (const auto tag = args.required("a tag for syslog")) draft.def.tag = *tag;
}

void log_send_hostname(LogDraft& draft, Args& args) {
  draft.send_hostname = true;
  draft.hostname = args.next();
}

// The last word on the format counts. Only in defaults is that worth a warning: proxies override those all
// the time.
void choose_format(LogDraft& draft, Args& args, stats::LogFormat format, std::string word) {
  if (args.section() == SectionKind::defaults && !draft.format_word.empty() && draft.format_word != word &&
      format != stats::LogFormat::plain)
    args.warn_here("'" + word + "' overrides previous '" + draft.format_word + "' in 'defaults' section.");
  draft.def.access.format = format;
  draft.format_at = args.location();
  draft.format_word = format == stats::LogFormat::plain ? std::string() : std::move(word);
}

void log_format(LogDraft& draft, Args& args) {
  if (!args.required("a log format string")) return;
  draft.custom = std::make_shared<const conf::Statement>(args.statement());
  choose_format(draft, args, stats::LogFormat::custom, "log-format");
}

void error_log_format(LogDraft& draft, Args& args) {
  if (!args.required("a log format string")) return;
  draft.custom_error = std::make_shared<const conf::Statement>(args.statement());
}

void log_format_sd(LogDraft& draft, Args& args) {
  if (!args.required("a log format string")) return;
  draft.structured = std::make_shared<const conf::Statement>(args.statement());
}

// log-steps <step>[,...]: the names of log-profile, and `all` (or `any`, as profiles call it).
void log_steps(LogDraft& draft, Args& args) {
  const auto list = args.required("a list of steps");
  if (!list) return;
  draft.def.steps = 0;
  for (std::string_view rest = *list; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.empty()) continue;
    if (word == "all" || word == "any") {
      draft.def.steps = (1U << stats::kLogSteps) - 1;
      continue;
    }
    const auto step = log_step(word);
    if (!step) {
      args.error("'log-steps': unknown step '" + std::string(word) + "', known are all, " + log_step_names());
      return;
    }
    draft.def.steps |= mask_of(*step);
  }
  if (draft.def.steps == 0) args.error("'log-steps' expects at least one step");
}

// "no option tcplog" goes back to the plain format; HAProxy refuses it.
template <stats::LogFormat format>
void format_option(LogDraft& draft, Args& args) {
  stats::LogFormat chosen = format;
  if (format == stats::LogFormat::http && args.accept("clf")) chosen = stats::LogFormat::clf;
  if (args.prefix() != conf::Prefix::none) chosen = stats::LogFormat::plain;
  choose_format(draft, args, chosen,
                format == stats::LogFormat::tcp     ? "option tcplog"
                : format == stats::LogFormat::https ? "option httpslog"
                                                    : "option httplog");
}

template <bool stats::AccessLogDef::*flag>
void flag_option(LogDraft& draft, Args& args) {
  draft.def.access.*flag = args.prefix() == conf::Prefix::none;
}

constexpr unsigned kEverywhere = conf::kProxiesAndDefaults | SectionKind::global;

constexpr std::array kKeywords{
    Keyword<LogDraft>{"log", kEverywhere, true, log, "where log lines go"},
    Keyword<LogDraft>{"log-steps", conf::kFrontendsAndDefaults, false, log_steps,
                      "at which moments of a session a line is written"},
    Keyword<LogDraft>{"log-tag", kEverywhere, false, log_tag, "the program's name in syslog headers"},
    Keyword<LogDraft>{"log-send-hostname", conf::mask_of(SectionKind::global), false, log_send_hostname,
                      "the host's name in syslog headers"},
    Keyword<LogDraft>{"log-format", conf::kFrontendsAndDefaults, false, log_format, "log lines of your own"},
    Keyword<LogDraft>{"error-log-format", conf::kFrontendsAndDefaults, false, error_log_format,
                      "lines of your own for connections that failed"},
    Keyword<LogDraft>{"option httplog", conf::kProxiesAndDefaults, true,
                      format_option<stats::LogFormat::http>, "log HTTP requests in detail"},
    Keyword<LogDraft>{"option httpslog", conf::kFrontendsAndDefaults, true,
                      format_option<stats::LogFormat::https>, "log HTTP requests with what TLS would tell"},
    Keyword<LogDraft>{"log-format-sd", conf::kFrontendsAndDefaults, false, log_format_sd,
                      "structured data of RFC 5424 in log lines"},
    Keyword<LogDraft>{"option tcplog", conf::kProxiesAndDefaults, true, format_option<stats::LogFormat::tcp>,
                      "log TCP sessions in detail"},
    Keyword<LogDraft>{"option dontlognull", conf::kFrontendsAndDefaults, true,
                      flag_option<&stats::AccessLogDef::dont_log_null>,
                      "no line for connections without data"},
    Keyword<LogDraft>{"option dontlog-normal", conf::kFrontendsAndDefaults, true,
                      flag_option<&stats::AccessLogDef::dont_log_normal>, "lines for trouble only"},
    Keyword<LogDraft>{"option logasap", conf::kFrontendsAndDefaults, true,
                      flag_option<&stats::AccessLogDef::as_soon_as_possible>,
                      "log before the data, not after"},
    Keyword<LogDraft>{"option log-separate-errors", conf::kFrontendsAndDefaults, true,
                      flag_option<&stats::AccessLogDef::separate_errors>, "trouble is logged with level err"},
};

}  // namespace

std::span<const Keyword<LogDraft>> log_keywords() noexcept { return kKeywords; }

CustomFormats compile_log_formats(const LogDraft& draft, const rules::RuleSets& sets, bool http,
                                  rules::CompileEnv& env, conf::Diagnostics& diagnostics) {
  for (const rules::CaptureDef& slot : sets.request_captures)
    env.request_captures.push_back(static_cast<int>(slot.length));
  for (const rules::CaptureDef& slot : sets.response_captures)
    env.response_captures.push_back(static_cast<int>(slot.length));
  const auto compile = [&](const conf::Statement* statement) -> std::shared_ptr<const rules::LogFormat> {
    if (statement == nullptr) return nullptr;
    auto format = rules::compile_format(*statement, 1, env, at(rules::Place::log), rules::LogFormat::Use::log,
                                        diagnostics);
    if (!format) return nullptr;
    if (!http && !format->http_alias().empty())
      diagnostics.error(statement->at(1),
                        "%" + std::string(format->http_alias()) + " is reserved for HTTP mode");
    return std::make_shared<const rules::LogFormat>(std::move(*format));
  };
  CustomFormats formats;
  if (draft.def.access.format == stats::LogFormat::custom) formats.line = compile(draft.custom.get());
  formats.error = compile(draft.custom_error.get());
  formats.structured = compile(draft.structured.get());
  env.request_captures.clear();
  env.response_captures.clear();
  return formats;
}

}  // namespace evenkeel::frontends
