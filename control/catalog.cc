#include "control/catalog.h"

#include <algorithm>
#include <array>

#include "conf/known_keywords.h"
#include "conf/nearest.h"
#include "control/commands/commands.h"

namespace evenkeel::control {
namespace {

constexpr auto kUser = Level::user;
constexpr auto kOperator = Level::operator_;
constexpr auto kAdmin = Level::admin;

// clang-format off
const std::array kCommands = {
  Command{{"add acl", kUser, "add acl [@<ver>] <acl> <pattern>", "add a pattern to an ACL"}, add_acl},
  Command{{"add map", kUser, "add map [@<ver>] <map> <key> <val>", "add a key and its value to a map, or a payload of them"}, add_map},
  Command{{"add server", kAdmin, "add server <bk>/<srv>", "create a server at run time"}, add_server},
  Command{{"clear acl", kUser, "clear acl [@<ver>] <acl>", "remove all patterns of an ACL"}, clear_acl},
  Command{{"clear counters", kOperator, "clear counters [all]", "reset the highest values (or all counters)"}, clear_counters},
  Command{{"clear lvs counters", kOperator, "clear lvs counters", "reset the kernel's counters of our services"}, nullptr, clear_lvs_counters},
  Command{{"clear map", kUser, "clear map [@<ver>] <map>", "remove all entries of a map"}, clear_map},
  Command{{"commit acl", kUser, "commit acl @<ver> <acl>", "make a prepared version of an ACL the current one"}, commit_acl},
  Command{{"commit map", kUser, "commit map @<ver> <map>", "make a prepared version of a map the current one"}, commit_map},
  Command{{"del acl", kUser, "del acl <acl> [<key>|#<ref>]", "remove patterns from an ACL"}, del_acl},
  Command{{"del map", kUser, "del map <map> [<key>|#<ref>]", "remove entries from a map"}, del_map},
  Command{{"del server", kAdmin, "del server <bk>/<srv>", "remove a server that is in maintenance and idle"}, del_server},
  Command{{"disable agent", kAdmin, "disable agent <bk>/<srv>", "suspend agent checks"}, disable_agent},
  Command{{"disable frontend", kAdmin, "disable frontend <frontend>", "close a frontend for the time being"}, disable_frontend},
  Command{{"disable health", kAdmin, "disable health <bk>/<srv>", "suspend health checks"}, disable_health},
  Command{{"disable server", kAdmin, "disable server <bk>/<srv>", "put a server in maintenance, like 'set server'"}, disable_server},
  Command{{"enable agent", kAdmin, "enable agent <bk>/<srv>", "resume agent checks"}, enable_agent},
  Command{{"enable frontend", kAdmin, "enable frontend <frontend>", "open a disabled frontend again"}, enable_frontend},
  Command{{"enable health", kAdmin, "enable health <bk>/<srv>", "resume health checks"}, enable_health},
  Command{{"enable server", kAdmin, "enable server <bk>/<srv>", "end a server's maintenance, like 'set server'"}, enable_server},
  Command{{"experimental-mode", kAdmin, "experimental-mode [on|off]", "show or switch the experimental mode"}, experimental_mode},
  Command{{"expert-mode", kAdmin, "expert-mode [on|off]", "show or switch the expert mode"}, expert_mode},
  Command{{"get acl", kUser, "get acl <acl> <value>", "show which pattern of an ACL matches a value"}, get_acl},
  Command{{"get map", kUser, "get map <map> <value>", "show which entry of a map matches a value"}, get_map},
  Command{{"get var", kUser, "get var <name>", "show a variable of the process"}, get_var},
  Command{{"get weight", kUser, "get weight <bk>/<srv>", "show a server's weight and initial weight"}, get_weight},
  Command{{"operator", kOperator, "operator", "give up rights beyond level operator"}, lower_to_operator},
  Command{{"prepare acl", kUser, "prepare acl <acl>", "begin a new version of an ACL"}, prepare_acl},
  Command{{"prepare map", kUser, "prepare map <map>", "begin a new version of a map"}, prepare_map},
  Command{{"publish backend", kAdmin, "publish backend <backend>", "let use_backend and default_backend name a backend again"}, publish_backend},
  Command{{"set map", kUser, "set map <map> [<key>|#<ref>] <value>", "change the value of entries of a map"}, set_map},
  Command{{"set maxconn frontend", kAdmin, "set maxconn frontend <frontend> <value>", "change the connection limit of a frontend"}, set_maxconn_frontend},
  Command{{"set maxconn global", kAdmin, "set maxconn global <value>", "change the connection limit of the process"}, set_maxconn_global},
  Command{{"set maxconn server", kAdmin, "set maxconn server <bk>/<srv> <value>", "change the connection limit of a server"}, set_maxconn_server},
  Command{{"set rate-limit", kAdmin, "set rate-limit <setting> <value>", "change a rate limit"}, set_rate_limit},
  Command{{"set server", kAdmin, "set server <bk>/<srv> [opts]", "change state, weight, addresses or checks of a server"}, set_server},
  Command{{"set severity-output", kUser, "set severity-output [none|number|string]", "put severities in front of messages"}, set_severity_output},
  Command{{"set timeout", kUser, "set timeout [cli] <delay>", "change the idle limit of this connection"}, set_timeout},
  Command{{"set var", kOperator, "set var <name> [expr|fmt] <value>", "set a variable of the process (experimental)"}, set_var},
  Command{{"set weight", kAdmin, "set weight <bk>/<srv> <weight>", "change a server's weight, like 'set server'"}, set_weight_command},
  Command{{"show acl", kUser, "show acl [@<ver>] [<acl>]", "list the ACLs, or show the patterns of one"}, nullptr, show_acl},
  Command{{"show backend", kUser, "show backend", "list the backends"}, show_backend},
  Command{{"show cache", kUser, "show cache", "list the caches and what they hold"}, nullptr, show_cache},
  Command{{"show cli level", kUser, "show cli level", "show the level of this connection"}, show_cli_level},
  Command{{"show cli sockets", kUser, "show cli sockets", "list the sockets that take commands"}, show_cli_sockets},
  Command{{"show env", kOperator, "show env [var]", "show the environment of the process"}, nullptr, show_env},
  Command{{"show errors", kOperator, "show errors [<px>] [request|response]", "show the last malformed messages"}, nullptr, show_errors},
  Command{{"show events", kOperator, "show events [<sink>] [-w] [-n]", "list the rings, or show the lines of one"}, nullptr, show_events},
  Command{{"show info", kUser, "show info [desc|json|typed|float]*", "show facts about the process"}, show_info},
  Command{{"show lvs", kUser, "show lvs [services|servers|conns|stats|rate|timeouts|daemon]", "show the kernel's table of virtual services"}, nullptr, show_lvs},
  Command{{"show map", kUser, "show map [@<ver>] [<map>]", "list the maps, or show the entries of one"}, nullptr, show_map},
  Command{{"show schema json", kUser, "show schema json", "show the JSON schema of 'show info' and 'show stat'"}, show_schema},
  Command{{"show servers conn", kUser, "show servers conn [<backend>]", "show connections to servers"}, nullptr, show_servers_conn},
  Command{{"show servers state", kUser, "show servers state [<backend>]", "show the state of servers, for a state file"}, nullptr, show_servers_state},
  Command{{"show sess", kOperator, "show sess [id]", "list the sessions, or show one"}, nullptr, show_sess},
  Command{{"show stat", kUser, "show stat [desc|json|no-maint|typed|up]*", "show the counters of proxies and servers"}, nullptr, show_stat},
  Command{{"show version", kUser, "show version", "show the version of the process"}, show_version},
  Command{{"show vrrp", kUser, "show vrrp", "show the role that keepalived has given this machine"}, show_vrrp},
  Command{{"shutdown frontend", kAdmin, "shutdown frontend <frontend>", "close a frontend for good"}, nullptr, shutdown_frontend},
  Command{{"shutdown session", kAdmin, "shutdown session [id]", "end a session"}, nullptr, shutdown_session},
  Command{{"shutdown sessions server", kAdmin, "shutdown sessions server <bk>/<srv>", "end all sessions of a server"}, shutdown_sessions_server},
  Command{{"unpublish backend", kAdmin, "unpublish backend <backend>", "keep use_backend and default_backend from naming a backend"}, unpublish_backend},
  Command{{"user", kUser, "user", "give up rights beyond level user"}, lower_to_user},
  Command{{"help", kUser, "help [<command>]", "list all commands, or those that match"}, help},
  Command{{"prompt", kUser, "prompt", "begin or end the interactive mode"}, prompt},
  Command{{"quit", kUser, "quit", "end the connection"}, quit},
};
// clang-format on

constexpr std::size_t kAlwaysShown = 3;  // help, prompt, quit
constexpr std::size_t kUsageWidth = 40;

// How many words of the command's name the words begin with; 0 when one differs.
std::size_t match(std::string_view path, const Words& words) {
  std::size_t matched = 0;
  for (;;) {
    const std::size_t blank = path.find(' ');
    if (matched == words.size() || words[matched] != path.substr(0, blank)) return 0;
    ++matched;
    if (blank == std::string_view::npos) return matched;
    path.remove_prefix(blank + 1);
  }
}

void append_line(std::string& out, const CommandName& command) {
  out += "  ";
  out += command.usage;
  out.append(kUsageWidth - std::min(kUsageWidth, command.usage.size()), ' ');
  out.append(": ").append(command.doc).append("\n");
}

// "show servers" is meant by "show ser": whole words first, then the beginning of the last one.
bool begins_with(std::string_view path, std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return path.starts_with(text) || (text.starts_with(path) && text[path.size()] == ' ');
}

// How many of the given words are, or nearly are, words of the command.
std::size_t likeness(std::string_view path, std::span<const std::string> words) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t blank = std::min(path.find(' ', at), path.size());
    parts.push_back(path.substr(at, blank - at));
    at = blank + 1;
  }
  return static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [&](const std::string& word) {
    return !conf::nearest(word, parts).empty();
  }));
}

// The lines of the commands that are meant; empty when none is.
std::string matching_lines(CommandNames all, std::span<const std::string> words) {
  const CommandNames others = all.first(all.size() - kAlwaysShown);
  std::string lines;
  if (!words.empty()) {
    for (const CommandName* command : others) {
      if (begins_with(command->path, words)) append_line(lines, *command);
    }
    if (!lines.empty()) return lines;
    std::size_t best = 1;
    for (const CommandName* command : others) best = std::max(best, likeness(command->path, words));
    for (const CommandName* command : others) {
      if (likeness(command->path, words) == best) append_line(lines, *command);
    }
  }
  return lines;
}

void append_all(std::string& text, CommandNames commands) {
  for (const CommandName* command : commands) append_line(text, *command);
}

}  // namespace

std::string_view to_string(Level level) noexcept {
  switch (level) {
    case Level::user:
      return "user";
    case Level::operator_:
      return "operator";
    case Level::admin:
      return "admin";
  }
  return "";
}

Level level_of(std::string_view word) noexcept {
  if (word == "user") return Level::user;
  return word == "admin" ? Level::admin : Level::operator_;
}

std::span<const Command> catalog() { return kCommands; }

CommandNames command_names() {
  static const std::vector<const CommandName*> names = [] {
    std::vector<const CommandName*> list;
    for (const Command& command : kCommands) list.push_back(&command);
    return list;
  }();
  return names;
}

std::optional<std::size_t> find_command(CommandNames names, const Words& words, std::size_t& matched) {
  std::optional<std::size_t> best;
  matched = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t n = match(names[i]->path, words);
    if (n > matched) {
      best = i;
      matched = n;
    }
  }
  return best;
}

std::string help_text(CommandNames names, std::span<const std::string> words) {
  std::string text = "The following commands are valid at this level:\n";
  const std::string lines = matching_lines(names, words);
  if (lines.empty()) {
    append_all(text, names);
    return text;
  }
  text += lines;
  append_all(text, names.last(kAlwaysShown));
  return text;
}

std::string unknown_text(CommandNames names, const Words& words) {
  const std::string lines = matching_lines(names, words);
  std::string text;
  if (lines.empty()) {
    text = "Unknown command. Please enter one of the following commands only:\n";
    append_all(text, names);
    return text;
  }
  text = "Unknown command, but maybe one of the following ones is a better match:\n" + lines;
  append_all(text, names.last(kAlwaysShown));
  return text;
}

const Command* resolve(Call& call, Answer& refusal) {
  const auto found = find_command(command_names(), call.words, call.path_words);
  if (!found) {
    const std::vector<std::string_view> views(call.words.begin(), call.words.end());
    const std::string_view known = conf::known_keyword(conf::KnownKind::cli, views);
    refusal = {known.empty() ? unknown_text(command_names(), call.words)
                             : "'" + std::string(known) +
                                   "' is a known HAProxy command, not supported by Evenkeel yet.\n",
               Severity::info};
    return nullptr;
  }
  const Command* const command = &kCommands[*found];
  if (call.session.level < command->level) {
    refusal = failed("Permission denied\n");
    return nullptr;
  }
  return command;
}

}  // namespace evenkeel::control
