// The options of server lines (manual 5.2) that are neither about checks nor about TLS.
#include <algorithm>
#include <array>
#include <string>

#include "backends/server_keywords.h"
#include "backends/source_keywords.h"
#include "balance/keywords.h"

namespace evenkeel::backends {
namespace {

using conf::Args;
using conf::Keyword;

template <auto Field>
void flag_on(ServerLine& line, Args&) {
  line.draft.def.*Field = true;
}
template <auto Field>
void flag_off(ServerLine& line, Args&) {
  line.draft.def.*Field = false;
}
template <std::uint32_t ServerDef::*Field>
void count(ServerLine& line, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX))
    line.draft.def.*Field = static_cast<std::uint32_t>(*value);
}

// Words that only one server may have make no sense as defaults.
bool only_for_one(ServerLine& line, Args& args) {
  if (!line.is_default) return true;
  args.error("'" + args.keyword() + "' belongs to one server, it cannot be a default");
  args.skip();
  return false;
}

void weight(ServerLine& line, Args& args) {
  const auto value = args.integer(INT32_MIN, INT32_MAX);
  if (!value) return;
  if (*value < 0 || *value > 256) {
    args.error("the weight has to lie between 0 and 256");
    return;
  }
  line.draft.def.weight = static_cast<std::uint32_t>(*value);
}

void id(ServerLine& line, Args& args) {
  if (!only_for_one(line, args)) return;
  if (const auto value = args.integer(1, INT32_MAX)) {
    line.draft.def.id = static_cast<std::uint32_t>(*value);
    line.draft.def.forced_id = true;
  }
}

void guid(ServerLine& line, Args& args) {
  if (!only_for_one(line, args)) return;
  if (const auto value = args.required("a globally unique identifier")) line.draft.def.guid = *value;
}

void cookie(ServerLine& line, Args& args) {
  if (!only_for_one(line, args)) return;
  if (const auto value = args.required("a value")) line.draft.def.cookie = *value;
}

void track(ServerLine& line, Args& args) {
  const auto value = args.required("[<backend>/]<server>");
  if (!value) return;
  line.draft.def.track = *value;
  line.draft.track_at = args.location();
}

void redir(ServerLine& line, Args& args) {
  if (const auto value = args.required("a URL prefix")) line.draft.def.redir = *value;
}

void slowstart(ServerLine& line, Args& args) {
  if (const auto value = args.duration_ms()) line.draft.def.slowstart = *value;
}

void source(ServerLine& line, Args& args) {
  if (const auto def = read_source(*line.proxy.services, true, args)) line.draft.def.source = *def;
}

// ---- PROXY protocol towards the server

template <SendProxyDef::Version Version>
void send_proxy(ServerLine& line, Args&) {
  line.draft.def.send_proxy.version = Version;
}

void proxy_v2_options(ServerLine& line, Args& args) {
  const auto list = args.required("a comma separated list of options");
  if (!list) return;
  std::string_view rest = *list;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    SendProxyDef& def = line.draft.def.send_proxy;
    if (word == "crc32c") {
      def.crc32c = true;
    } else if (word == "unique-id") {
      def.unique_id = true;
    } else if (word == "authority") {
      def.authority = true;
    } else if (word == "ssl" || word == "cert-cn" || word == "ssl-cipher" || word == "cert-sig" ||
               word == "cert-key") {
      args.error("'" + std::string(word) +
                 "' tells of TLS: known HAProxy keyword, not supported by Evenkeel yet");
    } else {
      args.error("'proxy-v2-options' knows 'crc32c', 'unique-id' and 'authority', not '" + std::string(word) +
                 "'");
    }
  }
}

// ---- reactions to a change of state

void on_marked_down(ServerLine& line, Args& args) {
  if (args.one_of({"shutdown-sessions"})) line.draft.def.on_marked_down_shutdown = true;
}
void on_marked_up(ServerLine& line, Args& args) {
  if (args.one_of({"shutdown-backup-sessions"})) line.draft.def.on_marked_up_shutdown_backup = true;
}

// ---- idle connections

template <int ServerDef::*Field, int Low>
void signed_count(ServerLine& line, Args& args) {
  if (const auto value = args.integer(Low, INT32_MAX)) line.draft.def.*Field = static_cast<int>(*value);
}
void pool_purge_delay(ServerLine& line, Args& args) {
  if (const auto value = args.duration_ms()) line.draft.def.pool_purge_delay = *value;
}

void tcp_ut(ServerLine& line, Args& args) {
  const auto value = args.duration_ms();
  if (value) line.draft.def.tcp_user_timeout = static_cast<std::uint32_t>(*value);
}

void init_addr(ServerLine& line, Args& args) {
  const auto list = args.required("a list of methods");
  if (!list) return;
  std::string_view rest = *list;
  while (!rest.empty()) {
    const std::string_view method = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), method.size() + 1));
    if (method == "last" || method == "libc" || method == "none" || Address::from_ip(method, 0)) continue;
    args.error("'init-addr' knows the methods 'last', 'libc', 'none' and IP addresses, not '" +
               std::string(method) + "'");
    return;
  }
  line.draft.def.init_addr = *list;
}

void hash_key(ServerLine& line, Args& args) { balance::parse_hash_key(line.draft.def.hash_key, args); }

// Of mode log: how lines are told apart on a stream, and how many may wait for it.
void log_proto(ServerLine& line, Args& args) {
  if (const auto word = args.one_of({"legacy", "octet-count"})) line.draft.def.octet_count = *word == 1;
}
void log_bufsize(ServerLine& line, Args& args) {
  constexpr std::int64_t kSmallest = 1024;
  if (const auto size = args.integer(kSmallest, INT32_MAX))
    line.draft.def.log_bufsize = static_cast<std::uint32_t>(*size);
}

// HTTP/1 is what is spoken, so asking for it changes nothing; anything else cannot be done yet.
void proto(ServerLine&, Args& args) {
  if (args.accept("h1")) return;
  if (!args.required("'h1'")) return;
  args.error("known HAProxy keyword, not supported by Evenkeel yet: only 'proto h1' is");
}
void ws(ServerLine&, Args& args) {
  if (args.accept("h1") || args.accept("auto")) return;
  if (!args.required("'auto' or 'h1'")) return;
  args.error("known HAProxy keyword, not supported by Evenkeel yet: only 'ws auto' and 'ws h1' are");
}

void no_ssl(ServerLine&, Args&) {}  // takes back `ssl`, which nothing can have set

using Version = SendProxyDef::Version;

constexpr std::array kOptions = {
    Keyword<ServerLine>{"backup", conf::kAnySection, false, flag_on<&ServerDef::backup>},
    Keyword<ServerLine>{"no-backup", conf::kAnySection, false, flag_off<&ServerDef::backup>},
    Keyword<ServerLine>{"cookie", conf::kAnySection, false, cookie},
    Keyword<ServerLine>{"disabled", conf::kAnySection, false, flag_on<&ServerDef::disabled>},
    Keyword<ServerLine>{"enabled", conf::kAnySection, false, flag_off<&ServerDef::disabled>},
    Keyword<ServerLine>{"guid", conf::kAnySection, false, guid},
    Keyword<ServerLine>{"hash-key", conf::kAnySection, false, hash_key},
    Keyword<ServerLine>{"id", conf::kAnySection, false, id},
    Keyword<ServerLine>{"init-addr", conf::kAnySection, false, init_addr},
    Keyword<ServerLine>{"log-bufsize", conf::kAnySection, false, log_bufsize},
    Keyword<ServerLine>{"log-proto", conf::kAnySection, false, log_proto},
    Keyword<ServerLine>{"max-reuse", conf::kAnySection, false, signed_count<&ServerDef::max_reuse, -1>},
    Keyword<ServerLine>{"maxconn", conf::kAnySection, false, count<&ServerDef::maxconn>},
    Keyword<ServerLine>{"maxqueue", conf::kAnySection, false, count<&ServerDef::maxqueue>},
    Keyword<ServerLine>{"minconn", conf::kAnySection, false, count<&ServerDef::minconn>},
    Keyword<ServerLine>{"no-send-proxy", conf::kAnySection, false, send_proxy<Version::none>},
    Keyword<ServerLine>{"no-send-proxy-v2", conf::kAnySection, false, send_proxy<Version::none>},
    Keyword<ServerLine>{"no-ssl", conf::kAnySection, false, no_ssl},
    Keyword<ServerLine>{"no-tfo", conf::kAnySection, false, flag_off<&ServerDef::tfo>},
    Keyword<ServerLine>{"on-marked-down", conf::kAnySection, false, on_marked_down},
    Keyword<ServerLine>{"on-marked-up", conf::kAnySection, false, on_marked_up},
    Keyword<ServerLine>{"pool-low-conn", conf::kAnySection, false,
                        signed_count<&ServerDef::pool_low_conn, 0>},
    Keyword<ServerLine>{"pool-max-conn", conf::kAnySection, false,
                        signed_count<&ServerDef::pool_max_conn, -1>},
    Keyword<ServerLine>{"pool-purge-delay", conf::kAnySection, false, pool_purge_delay},
    Keyword<ServerLine>{"proto", conf::kAnySection, false, proto},
    Keyword<ServerLine>{"proxy-v2-options", conf::kAnySection, false, proxy_v2_options},
    Keyword<ServerLine>{"redir", conf::kAnySection, false, redir},
    Keyword<ServerLine>{"send-proxy", conf::kAnySection, false, send_proxy<Version::v1>},
    Keyword<ServerLine>{"send-proxy-v2", conf::kAnySection, false, send_proxy<Version::v2>},
    Keyword<ServerLine>{"slowstart", conf::kAnySection, false, slowstart},
    Keyword<ServerLine>{"source", conf::kAnySection, false, source},
    Keyword<ServerLine>{"tcp-ut", conf::kAnySection, false, tcp_ut},
    Keyword<ServerLine>{"tfo", conf::kAnySection, false, flag_on<&ServerDef::tfo>},
    Keyword<ServerLine>{"track", conf::kAnySection, false, track},
    Keyword<ServerLine>{"weight", conf::kAnySection, false, weight},
    Keyword<ServerLine>{"ws", conf::kAnySection, false, ws},
};

}  // namespace

std::span<const Keyword<ServerLine>> server_options() noexcept { return kOptions; }

}  // namespace evenkeel::backends
