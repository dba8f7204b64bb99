// The words of the configuration that the rules own: acl, http-request, use_backend, ...
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/keyword_table.h"
#include "rules/compile_env.h"
#include "rules/rule_sets.h"

namespace evenkeel::rules {

// A proxy's rules while they are read. One per proxy section; `env` is shared by the whole load.
struct RuleDraft {
  RuleDraft(CompileEnv& env, std::string proxy) : env(env), proxy(std::move(proxy)) {}

  // Where an http-request rule goes. Those that stand for keywords of HAProxy 1.x keep the order that these
  // had, whatever the order of the lines: block, http-request, reqrep and its like, reqadd, redirect.
  enum class Slot : std::uint8_t { own, first, lines, additions };

  CompileEnv& env;
  std::string proxy;
  RuleSets sets;
  Slot slot = Slot::own;
  RuleSet blocks;
  RuleSet additions;
  // The first use_backend and use-server lines that always hold, by index: what follows is dead.
  std::optional<std::size_t> last_use_backend;
  std::optional<std::size_t> last_use_server;
  [[nodiscard]] RuleSet& set_for(Phase phase) noexcept;
};

// For KeywordTable<RuleDraft>: acl, http-request, http-response, http-after-response, tcp-request,
// tcp-response, redirect, use_backend, use-server, monitor fail, force-persist, ignore-persist, capture,
// declare capture, block, stats admin, stats http-request.
std::span<const conf::Keyword<RuleDraft>> rule_keywords() noexcept;

// Compiles the condition that begins at word `from` of a statement kept for later (stats admin, errorfile
// ...). Reports and returns nullopt on error.
std::optional<Condition> compile_condition(const conf::Statement& statement, std::size_t from,
                                           RuleDraft& draft, Places places, conf::Diagnostics& diagnostics);

// Compiles the log-format text that is one word of a statement (log-format, unique-id-format).
std::optional<LogFormat> compile_format(const conf::Statement& statement, std::size_t word, CompileEnv& env,
                                        Places places, LogFormat::Use use, conf::Diagnostics& diagnostics);

// After the last line of the proxy: warnings about ACLs that nothing uses.
void finish_rules(RuleDraft& draft, const conf::Statement& header, conf::Diagnostics& diagnostics);

// `userlist` sections.
struct UserlistDraft {
  Userlist list;
  // "group <g> users a,b": members are joined when the section is complete, as users may follow.
  std::vector<std::pair<std::string, std::vector<std::string>>> members;
};
std::span<const conf::Keyword<UserlistDraft>> userlist_keywords() noexcept;
// The finished list; problems (a group without a declaration, an unknown user) are reported at the section's
// header.
std::shared_ptr<const Userlist> finish_userlist(UserlistDraft draft, const conf::Statement& header,
                                                conf::Diagnostics& diagnostics);

}  // namespace evenkeel::rules
