// The options of bind lines, one word each (manual 5.1).
#include <grp.h>
#include <pwd.h>

#include <array>
#include <charconv>
#include <string>

#include "frontends/bind_keywords.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

template <bool ListenOptions::*Flag>
void listen_flag(BindLine& line, Args&) {
  line.options.listen.*Flag = true;
}

void accept_proxy(BindLine& line, Args&) { line.options.accept_proxy = true; }

void accept_netscaler_cip(BindLine& line, Args& args) {
  if (const auto magic = args.integer(1, UINT32_MAX))
    line.options.netscaler_magic = static_cast<std::uint32_t>(*magic);
}

void name(BindLine& line, Args& args) {
  if (const auto value = args.required("a name")) line.options.name = *value;
}

void id(BindLine& line, Args& args) {
  if (const auto value = args.integer(1, INT32_MAX)) line.options.id = static_cast<std::uint32_t>(*value);
}

void maxconn(BindLine& line, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX))
    line.options.maxconn = static_cast<std::uint32_t>(*value);
}

void backlog(BindLine& line, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX)) line.options.listen.backlog = static_cast<int>(*value);
}

void interface(BindLine& line, Args& args) {
  const auto value = args.required("the name of an interface");
  if (!value) return;
  if (value->size() > 15) {
    args.error("an interface name has at most 15 characters");
    return;
  }
  line.options.listen.interface = *value;
}

// A negative value asks for that much less than what the other end announces; Linux has no such thing for
// listeners.
void mss(BindLine& line, Args& args) {
  const auto value = args.integer(-65535, 65535);
  if (!value) return;
  if (*value == 0) {
    args.error("'mss' expects a size between 1 and 65535");
  } else if (*value < 0) {
    args.error("a negative 'mss' is a known HAProxy value, not supported by Evenkeel yet");
  } else {
    line.options.listen.mss = static_cast<std::uint32_t>(*value);
  }
}

void tcp_ut(BindLine& line, Args& args) {
  if (const auto value = args.duration_ms())
    line.options.listen.user_timeout_ms = static_cast<std::uint32_t>(*value);
}

void tcp_ss(BindLine& line, Args& args) {
  if (const auto value = args.integer(0, 2)) line.options.listen.save_syn = static_cast<int>(*value);
}

void nice(BindLine&, Args& args) {
  if (!args.integer(INT32_MIN, INT32_MAX)) return;
  args.diagnostics().warn_once(
      "settings of HAProxy's inner workings, which have no counterpart here and can be removed", "nice",
      args.statement().location());
}

// ---- unix sockets

void mode(BindLine& line, Args& args) {
  const auto value = args.required("permissions as an octal number");
  if (!value) return;
  int bits = 0;
  const auto [end, failed] = std::from_chars(value->data(), value->data() + value->size(), bits, 8);
  if (failed != std::errc() || end != value->data() + value->size() || bits > 07777) {
    args.error("'" + std::string(*value) + "' is not a mode, an octal number such as 660 is");
    return;
  }
  line.options.listen.mode = bits;
}

void user(BindLine& line, Args& args) {
  const auto value = args.required("the name of a user");
  if (!value) return;
  const passwd* found = getpwnam(std::string(*value).c_str());
  if (found == nullptr) {
    args.error("unknown user name '" + std::string(*value) + "'");
    return;
  }
  line.options.listen.uid = static_cast<int>(found->pw_uid);
}

void group(BindLine& line, Args& args) {
  const auto value = args.required("the name of a group");
  if (!value) return;
  const ::group* found = getgrnam(std::string(*value).c_str());
  if (found == nullptr) {
    args.error("unknown group name '" + std::string(*value) + "'");
    return;
  }
  line.options.listen.gid = static_cast<int>(found->gr_gid);
}

void uid(BindLine& line, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX)) line.options.listen.uid = static_cast<int>(*value);
}
void gid(BindLine& line, Args& args) {
  if (const auto value = args.integer(0, INT32_MAX)) line.options.listen.gid = static_cast<int>(*value);
}

// ---- threads

bool thread_number(std::string_view text) {
  if (text.empty()) return false;
  const std::size_t dash = text.find('-');
  const auto first = conf::parse_integer(text.substr(0, dash), 1, 4096);
  if (!first || !first.warning.empty()) return false;
  if (dash == std::string_view::npos || dash + 1 == text.size()) return true;
  const auto last = conf::parse_integer(text.substr(dash + 1), first.value, 4096);
  return last && last.warning.empty();
}

bool thread_set(std::string_view text) {
  return text == "all" || text == "odd" || text == "even" || thread_number(text);
}

// Kept as a comma separated list of sets without group: there is one group of threads.
void add_threads(BindLine& line, std::string_view set) {
  if (!line.options.threads.empty()) line.options.threads += ',';
  line.options.threads += set;
}

void thread(BindLine& line, Args& args) {
  const auto value = args.required("a set of threads");
  if (!value) return;
  const std::size_t slash = value->find('/');
  const std::string_view group =
      slash == std::string_view::npos ? std::string_view("1") : value->substr(0, slash);
  const std::string_view set = slash == std::string_view::npos ? *value : value->substr(slash + 1);
  if (group != "1" && group != "all") {
    args.error("there is one group of threads, number 1, and none called '" + std::string(group) + "'");
  } else if (!thread_set(set)) {
    args.error("'" + std::string(set) + "' is not a set of threads: all, odd, even, a number or a range is");
  } else {
    add_threads(line, set);
  }
}

void process(BindLine& line, Args& args) {
  const auto value = args.required("a set of processes");
  if (!value) return;
  const std::size_t slash = value->find('/');
  const std::string_view threads =
      slash == std::string_view::npos ? std::string_view("all") : value->substr(slash + 1);
  if (!thread_set(value->substr(0, slash)) || !thread_set(threads)) {
    args.error("'" + std::string(*value) + "' is not a set of processes and threads");
    return;
  }
  auto& warning = args.warn(
      "'process' on bind lines is from the time of several processes: there is one process, and "
      "its threads share the listener");
  if (threads != "all") {
    warning.modern("thread " + std::string(threads));
    add_threads(line, threads);
  }
}

// Every thread has a listening socket of its own (SO_REUSEPORT), which is what `by-thread` asks for. Fewer
// sockets than threads is something else, so it is refused rather than ignored.
void shards(BindLine&, Args& args) {
  if (args.accept("by-thread") || args.accept("by-group")) return;
  const auto value = args.integer(1, 64);
  if (value && *value != 1)
    args.warn("every thread listens on a socket of its own: 'shards " + std::to_string(*value) +
              "' is taken for 'shards by-thread'");
}

// ---- stats sockets

void level(BindLine& line, Args& args) {
  constexpr std::array kLevels = {"user", "operator", "admin"};
  if (const auto word = args.one_of({"user", "operator", "admin"})) line.options.level = kLevels[*word];
}

void expose_fd(BindLine& line, Args& args) {
  if (args.one_of({"listeners"})) line.options.expose_fd_listeners = true;
}

void severity_output(BindLine&, Args& args) {
  const auto word = args.one_of({"none", "number", "string"});
  if (word && *word != 0)
    args.error("known HAProxy keyword, not supported by Evenkeel yet: only 'severity-output none' is");
}

void proto(BindLine&, Args& args) {
  if (args.accept("h1")) return;
  if (!args.required("'h1'")) return;
  args.error("known HAProxy keyword, not supported by Evenkeel yet: only 'proto h1' is");
}

constexpr std::array kOptions = {
    Keyword<BindLine>{"accept-netscaler-cip", conf::kAnySection, false, accept_netscaler_cip},
    Keyword<BindLine>{"accept-proxy", conf::kAnySection, false, accept_proxy},
    Keyword<BindLine>{"backlog", conf::kAnySection, false, backlog},
    Keyword<BindLine>{"defer-accept", conf::kAnySection, false, listen_flag<&ListenOptions::defer_accept>},
    Keyword<BindLine>{"expose-fd", conf::kAnySection, false, expose_fd},
    Keyword<BindLine>{"gid", conf::kAnySection, false, gid},
    Keyword<BindLine>{"group", conf::kAnySection, false, group},
    Keyword<BindLine>{"id", conf::kAnySection, false, id},
    Keyword<BindLine>{"interface", conf::kAnySection, false, interface},
    Keyword<BindLine>{"level", conf::kAnySection, false, level},
    Keyword<BindLine>{"maxconn", conf::kAnySection, false, maxconn},
    Keyword<BindLine>{"mode", conf::kAnySection, false, mode},
    Keyword<BindLine>{"mss", conf::kAnySection, false, mss},
    Keyword<BindLine>{"name", conf::kAnySection, false, name},
    Keyword<BindLine>{"nice", conf::kAnySection, false, nice},
    Keyword<BindLine>{"process", conf::kAnySection, false, process},
    Keyword<BindLine>{"proto", conf::kAnySection, false, proto},
    Keyword<BindLine>{"severity-output", conf::kAnySection, false, severity_output},
    Keyword<BindLine>{"shards", conf::kAnySection, false, shards},
    Keyword<BindLine>{"tcp-ss", conf::kAnySection, false, tcp_ss},
    Keyword<BindLine>{"tcp-ut", conf::kAnySection, false, tcp_ut},
    Keyword<BindLine>{"tfo", conf::kAnySection, false, listen_flag<&ListenOptions::tfo>},
    Keyword<BindLine>{"thread", conf::kAnySection, false, thread},
    Keyword<BindLine>{"transparent", conf::kAnySection, false, listen_flag<&ListenOptions::transparent>},
    Keyword<BindLine>{"uid", conf::kAnySection, false, uid},
    Keyword<BindLine>{"user", conf::kAnySection, false, user},
    Keyword<BindLine>{"v4v6", conf::kAnySection, false, listen_flag<&ListenOptions::v4v6>},
    Keyword<BindLine>{"v6only", conf::kAnySection, false, listen_flag<&ListenOptions::v6only>},
};

}  // namespace

std::span<const Keyword<BindLine>> bind_options() noexcept { return kOptions; }

}  // namespace evenkeel::frontends
