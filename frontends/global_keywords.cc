#include "frontends/global_keywords.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <string>

#include "frontends/bind_keywords.h"
#include "frontends/global_variables.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

template <auto Field>
void flag(GlobalDraft& draft, Args& args) {
  draft.def.*Field = args.prefix() == conf::Prefix::none;
}
template <std::uint32_t GlobalDef::*Field>
void count(GlobalDraft& draft, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX)) draft.def.*Field = static_cast<std::uint32_t>(*value);
}
template <int GlobalDef::*Field, int Low, int High>
void number(GlobalDraft& draft, Args& args) {
  if (const auto value = args.integer(Low, High)) draft.def.*Field = static_cast<int>(*value);
}
// HAProxy's default has the end of a C string in it, what somebody writes has not.
void log_uri_length(GlobalDraft& draft, Args& args) {
  if (const auto value = args.integer(1, 65535)) draft.def.log_uri_length = static_cast<int>(*value) + 1;
}
// auto begins to measure when HAProxy's scheduler is in trouble, which has no counterpart: it means off.
void profiling(GlobalDraft& draft, Args& args) {
  const std::string_view word = args.next();
  if (word != "on" && word != "off" && word != "auto") {
    args.error("'profiling.tasks' expects 'auto', 'on' or 'off'");
    return;
  }
  draft.def.profile_tasks = word == "on";
}
template <Millis GlobalDef::*Field, conf::TimeUnit Unit = conf::TimeUnit::ms>
void duration(GlobalDraft& draft, Args& args) {
  if (args.at_end()) {
    args.error_here("'" + args.keyword() + "' expects a duration");
    return;
  }
  if (const auto value = args.duration_ms(Unit)) draft.def.*Field = *value;
}
template <std::string GlobalDef::*Field>
void word(GlobalDraft& draft, Args& args) {
  if (const auto value = args.required("a value")) draft.def.*Field = *value;
}

void nbthread(GlobalDraft& draft, Args& args) {
  if (args.accept("auto")) {
    draft.def.nbthread = 0;
    return;
  }
  if (const auto value = args.integer(1, 4096)) draft.def.nbthread = static_cast<unsigned>(*value);
}

void user(GlobalDraft& draft, Args& args) {
  const auto name = args.required("the name of a user");
  if (!name) return;
  const passwd* found = getpwnam(std::string(*name).c_str());
  if (found == nullptr) {
    args.error("cannot find user id for '" + std::string(*name) + "'");
    return;
  }
  draft.def.user = *name;
  draft.def.uid = static_cast<int>(found->pw_uid);
}

void group(GlobalDraft& draft, Args& args) {
  const auto name = args.required("the name of a group");
  if (!name) return;
  const ::group* found = getgrnam(std::string(*name).c_str());
  if (found == nullptr) {
    args.error("cannot find group id for '" + std::string(*name) + "'");
    return;
  }
  draft.def.group = *name;
  draft.def.gid = static_cast<int>(found->gr_gid);
}

void node(GlobalDraft& draft, Args& args) {
  const auto name = args.required("a name of letters, digits, '.', '-' and '_'");
  if (!name) return;
  const bool good = std::all_of(name->begin(), name->end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
  if (!good) {
    args.error("'node' expects a name of letters, digits, '.', '-' and '_'");
    return;
  }
  draft.def.node = *name;
}

void description(GlobalDraft& draft, Args& args) {
  draft.def.description.clear();
  for (const conf::Word& w : args.rest()) {
    if (!draft.def.description.empty()) draft.def.description += ' ';
    draft.def.description += w.text;
  }
}

void master_worker(GlobalDraft& draft, Args& args) {
  draft.def.master_worker = true;
  if (args.accept("no-exit-on-failure")) draft.def.no_exit_on_failure = true;
}

void bufsize(GlobalDraft& draft, Args& args) {
  if (const auto value = args.size(64U << 20U)) {
    if (*value < 1024) {
      args.warn("'tune.bufsize' below 1024 cannot hold a request, 1024 is used");
      draft.def.bufsize = 1024;
      return;
    }
    draft.def.bufsize = *value;
  }
}

void maxrewrite(GlobalDraft&, Args& args) {
  if (!args.size(64U << 20U)) return;
  args.diagnostics().warn_once(
      "settings of HAProxy's inner workings, which have no counterpart here and can be removed",
      "tune.maxrewrite", args.statement().location());
}

void max_headers(GlobalDraft& draft, Args& args) {
  if (const auto value = args.integer(1, 32767)) draft.def.max_headers = static_cast<std::uint32_t>(*value);
}

void maxaccept(GlobalDraft& draft, Args& args) {
  if (const auto value = args.integer(-1, INT32_MAX))
    draft.def.maxaccept = *value <= 0 ? 64 : static_cast<int>(*value);
}

void stats_socket(GlobalDraft& draft, Args& args) {
  read_bind(draft.def.stats_sockets, draft.socket_places, *draft.services, true, args);
}

// ---- unix-bind: what unix listeners begin with

void unix_bind(GlobalDraft& draft, Args& args) {
  static const conf::KeywordTable<BindLine> table(bind_options());
  BindLine line;
  line.options.listen = draft.unix_options;
  while (!args.at_end()) {
    if (args.accept("prefix")) {
      if (const auto prefix = args.required("a path behind 'prefix'")) draft.unix_prefix = *prefix;
      continue;
    }
    constexpr std::array<std::string_view, 5> kWords = {"mode", "user", "uid", "group", "gid"};
    if (std::find(kWords.begin(), kWords.end(), args.peek()) == kWords.end()) {
      args.error_here("'unix-bind' only supports 'prefix', 'mode', 'user', 'uid', 'group' and 'gid'");
      return;
    }
    const auto match = table.find(args);
    args.begin_keyword(match.words);
    match.keyword->apply(line, args);
  }
  draft.unix_options = line.options.listen;
}

template <std::size_t rules::VariableLimits::*Field>
void variable_limit(GlobalDraft& draft, Args& args) {
  if (const auto value = args.size(UINT32_MAX)) draft.def.variable_limits.*Field = *value;
}

void maxzlibmem(GlobalDraft& draft, Args& args) {
  if (const auto megabytes = args.integer(0, INT32_MAX))
    draft.def.max_encoder_mem = static_cast<std::uint64_t>(*megabytes) << 20;
}

template <int http::EncoderSettings::*Field, int Low, int High>
void encoder_setting(GlobalDraft& draft, Args& args) {
  if (const auto value = args.integer(Low, High)) draft.def.encoder.*Field = static_cast<int>(*value);
}

// What these words permit is done without asking, or announced by the words themselves.
void nothing_to_do(GlobalDraft&, Args&) {}

constexpr unsigned kGlobal = conf::mask_of(conf::SectionKind::global);

template <std::string GlobalDraft::*Field>
void path(GlobalDraft& draft, Args& args) {
  if (const auto value = args.required("a path")) draft.*Field = *value;
}

void close_spread_time(GlobalDraft& draft, Args& args) {
  if (args.accept("infinite")) {
    draft.def.close_spread = kNever;
  } else if (const auto value = args.duration_ms()) {
    draft.def.close_spread = *value;
  }
}

constexpr std::array kKeywords = {
    Keyword<GlobalDraft>{"chroot", kGlobal, false, word<&GlobalDef::chroot>},
    Keyword<GlobalDraft>{"close-spread-time", kGlobal, false, close_spread_time},
    Keyword<GlobalDraft>{"daemon", kGlobal, false, flag<&GlobalDef::daemon>},
    Keyword<GlobalDraft>{"debug", kGlobal, false, flag<&GlobalDef::debug>},
    Keyword<GlobalDraft>{"description", kGlobal, false, description},
    Keyword<GlobalDraft>{"expose-deprecated-directives", kGlobal, false, nothing_to_do},
    Keyword<GlobalDraft>{"expose-experimental-directives", kGlobal, false, nothing_to_do},
    Keyword<GlobalDraft>{"external-check", kGlobal, false, flag<&GlobalDef::external_check>},
    Keyword<GlobalDraft>{"gid", kGlobal, false, number<&GlobalDef::gid, 0, INT32_MAX>},
    Keyword<GlobalDraft>{"grace", kGlobal, false, duration<&GlobalDef::grace>},
    Keyword<GlobalDraft>{"group", kGlobal, false, group},
    Keyword<GlobalDraft>{"hard-stop-after", kGlobal, false, duration<&GlobalDef::hard_stop_after>},
    Keyword<GlobalDraft>{"insecure-fork-wanted", kGlobal, true, nothing_to_do},
    Keyword<GlobalDraft>{"localpeer", kGlobal, false, word<&GlobalDef::local_peer>},
    Keyword<GlobalDraft>{"master-worker", kGlobal, false, master_worker},
    Keyword<GlobalDraft>{"max-spread-checks", kGlobal, false, duration<&GlobalDef::max_spread_checks>},
    Keyword<GlobalDraft>{"maxcompcpuusage", kGlobal, false, number<&GlobalDef::max_comp_cpu, 0, 100>},
    Keyword<GlobalDraft>{"maxcomprate", kGlobal, false, count<&GlobalDef::max_comp_rate>},
    Keyword<GlobalDraft>{"maxconn", kGlobal, false, count<&GlobalDef::maxconn>},
    Keyword<GlobalDraft>{"maxconnrate", kGlobal, false, count<&GlobalDef::max_conn_rate>},
    Keyword<GlobalDraft>{"maxpipes", kGlobal, false, count<&GlobalDef::max_pipes>},
    Keyword<GlobalDraft>{"maxsessrate", kGlobal, false, count<&GlobalDef::max_sess_rate>},
    Keyword<GlobalDraft>{"maxzlibmem", kGlobal, false, maxzlibmem},
    Keyword<GlobalDraft>{"mworker-max-reloads", kGlobal, false, count<&GlobalDef::mworker_max_reloads>},
    Keyword<GlobalDraft>{"nbthread", kGlobal, false, nbthread},
    Keyword<GlobalDraft>{"node", kGlobal, false, node},
    Keyword<GlobalDraft>{"noreuseport", kGlobal, false, flag<&GlobalDef::no_reuse_port>},
    Keyword<GlobalDraft>{"nosplice", kGlobal, false, flag<&GlobalDef::no_splice>},
    Keyword<GlobalDraft>{"pidfile", kGlobal, false, word<&GlobalDef::pidfile>},
    Keyword<GlobalDraft>{"profiling.tasks", kGlobal, false, profiling},
    Keyword<GlobalDraft>{"quiet", kGlobal, false, flag<&GlobalDef::quiet>},
    Keyword<GlobalDraft>{"server-state-base", kGlobal, false, path<&GlobalDraft::state_base>},
    Keyword<GlobalDraft>{"server-state-file", kGlobal, false, path<&GlobalDraft::state_file>},
    Keyword<GlobalDraft>{"set-dumpable", kGlobal, true, flag<&GlobalDef::set_dumpable>},
    Keyword<GlobalDraft>{"set-var", kGlobal, false, set_process_variable},
    Keyword<GlobalDraft>{"set-var-fmt", kGlobal, false, set_process_variable_fmt},
    Keyword<GlobalDraft>{"spread-checks", kGlobal, false, number<&GlobalDef::spread_checks, 0, 50>},
    Keyword<GlobalDraft>{"stats maxconn", kGlobal, false, count<&GlobalDef::stats_maxconn>},
    Keyword<GlobalDraft>{"stats socket", kGlobal, false, stats_socket},
    Keyword<GlobalDraft>{"stats timeout", kGlobal, false, duration<&GlobalDef::stats_timeout>},
    Keyword<GlobalDraft>{"strict-limits", kGlobal, true, flag<&GlobalDef::strict_limits>},
    Keyword<GlobalDraft>{"tune.bufsize", kGlobal, false, bufsize},
    Keyword<GlobalDraft>{"tune.comp.maxlevel", kGlobal, false,
                         encoder_setting<&http::EncoderSettings::level, 1, 9>},
    Keyword<GlobalDraft>{"tune.http.cookielen", kGlobal, false,
                         number<&GlobalDef::cookie_capture_length, 1, 65535>},
    Keyword<GlobalDraft>{"tune.http.logurilen", kGlobal, false, log_uri_length},
    Keyword<GlobalDraft>{"tune.http.maxhdr", kGlobal, false, max_headers},
    Keyword<GlobalDraft>{"tune.maxaccept", kGlobal, false, maxaccept},
    Keyword<GlobalDraft>{"tune.maxrewrite", kGlobal, false, maxrewrite},
    Keyword<GlobalDraft>{"tune.rcvbuf.client", kGlobal, false,
                         number<&GlobalDef::rcvbuf_client, 0, INT32_MAX>},
    Keyword<GlobalDraft>{"tune.rcvbuf.server", kGlobal, false,
                         number<&GlobalDef::rcvbuf_server, 0, INT32_MAX>},
    Keyword<GlobalDraft>{"tune.sndbuf.client", kGlobal, false,
                         number<&GlobalDef::sndbuf_client, 0, INT32_MAX>},
    Keyword<GlobalDraft>{"tune.sndbuf.server", kGlobal, false,
                         number<&GlobalDef::sndbuf_server, 0, INT32_MAX>},
    Keyword<GlobalDraft>{"tune.vars.global-max-size", kGlobal, false,
                         variable_limit<&rules::VariableLimits::global>},
    Keyword<GlobalDraft>{"tune.vars.proc-max-size", kGlobal, false,
                         variable_limit<&rules::VariableLimits::proc>},
    Keyword<GlobalDraft>{"tune.vars.reqres-max-size", kGlobal, false,
                         variable_limit<&rules::VariableLimits::reqres>},
    Keyword<GlobalDraft>{"tune.vars.sess-max-size", kGlobal, false,
                         variable_limit<&rules::VariableLimits::sess>},
    Keyword<GlobalDraft>{"tune.vars.txn-max-size", kGlobal, false,
                         variable_limit<&rules::VariableLimits::txn>},
    Keyword<GlobalDraft>{"tune.zlib.memlevel", kGlobal, false,
                         encoder_setting<&http::EncoderSettings::memory_level, 1, 9>},
    Keyword<GlobalDraft>{"tune.zlib.windowsize", kGlobal, false,
                         encoder_setting<&http::EncoderSettings::window_bits, 8, 15>},
    Keyword<GlobalDraft>{"uid", kGlobal, false, number<&GlobalDef::uid, 0, INT32_MAX>},
    Keyword<GlobalDraft>{"ulimit-n", kGlobal, false, count<&GlobalDef::ulimit_n>},
    Keyword<GlobalDraft>{"unix-bind", kGlobal, false, unix_bind},
    Keyword<GlobalDraft>{"user", kGlobal, false, user},
    Keyword<GlobalDraft>{"zero-warning", kGlobal, false, flag<&GlobalDef::zero_warning>},
};

}  // namespace

std::span<const Keyword<GlobalDraft>> global_keywords() noexcept { return kKeywords; }

}  // namespace evenkeel::frontends
