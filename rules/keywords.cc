#include "rules/keywords.h"

#include <algorithm>

#include "conf/nearest.h"
#include "rules/action/families.h"
#include "rules/action/redirect.h"
#include "rules/lint.h"
#include "rules/text.h"

namespace evenkeel::rules {
namespace {

using conf::Args;

// Words of a statement as the rules read them, and the way back from an error to its place in the file.
class StatementWords {
 public:
  StatementWords(const conf::Statement& statement, std::size_t from) : statement_(&statement), from_(from) {
    for (std::size_t i = from; i < statement.words.size(); ++i) views_.push_back(statement.words[i].text);
  }
  [[nodiscard]] Words words() const { return Words(views_); }
  // For pattern lists, which tell who uses them.
  void tell_place(CompileEnv& env) const {
    env.file = statement_->file ? statement_->file->name() : std::string();
    env.line = statement_->line;
  }
  [[nodiscard]] conf::Location locate(const RuleError& error) const {
    const std::size_t index = from_ + error.word;
    conf::Location at = statement_->at(index);
    // Inside of a word without quotes or escapes, the very bytes can be shown.
    if (index < statement_->words.size() && !statement_->words[index].quoted && error.length > 0 &&
        error.offset + error.length <= at.length) {
      at.column += static_cast<unsigned>(error.offset);
      at.length = static_cast<unsigned>(error.length);
    }
    return at;
  }
  void report(const RuleError& error, conf::Diagnostics& diagnostics) const {
    diagnostics.error(locate(error), error.message);
  }
  void report_warnings(CompileEnv& env, conf::Diagnostics& diagnostics) const {
    for (const RuleError& warning : env.warnings) diagnostics.warn(locate(warning), warning.message);
    env.warnings.clear();
  }

 private:
  const conf::Statement* statement_;
  std::size_t from_;
  std::vector<std::string_view> views_;
};

Places places_of(const Args& args, Place frontend, Place backend) noexcept {
  Places places = 0;
  if (args.in(conf::kFrontendsAndDefaults)) places |= at(frontend);
  if (args.in(conf::kBackendsAndDefaults)) places |= at(backend);
  return places;
}

Places places_of(const Args& args, Phase phase) noexcept {
  switch (phase) {
    case Phase::tcp_connection:
      return at(Place::fe_tcp_connection);
    case Phase::tcp_session:
      return at(Place::fe_tcp_session);
    case Phase::tcp_request_content:
      return places_of(args, Place::fe_tcp_content, Place::be_tcp_content);
    case Phase::http_request:
      return places_of(args, Place::fe_http_request, Place::be_http_request);
    case Phase::tcp_response_content:
      return places_of(args, Place::fe_tcp_response, Place::be_tcp_response);
    case Phase::http_response:
    case Phase::http_after_response:
      return places_of(args, Place::fe_http_response, Place::be_http_response);
  }
  return 0;
}

std::string joined(const conf::Statement& statement) {
  std::string text;
  for (const conf::Word& word : statement.words) {
    if (!text.empty()) text += ' ';
    text += word.text;
  }
  return text;
}

// "set-var(txn.x)" is the action "set-var(" with "txn.x" inside.
const ActionSpec* find_action(std::string_view word, Phase phase, std::string_view& inside, bool& elsewhere) {
  elsewhere = false;
  const std::size_t open = word.find('(');
  const std::string_view name = open == std::string_view::npos ? word : word.substr(0, open + 1);
  if (open != std::string_view::npos && word.back() == ')')
    inside = word.substr(open + 1, word.size() - open - 2);
  for (const auto& family : action::families()) {
    for (const ActionSpec& spec : family) {
      if (spec.name != name) continue;
      if ((spec.phases & mask_of(phase)) != 0) return &spec;
      elsewhere = true;
    }
  }
  return nullptr;
}

// Manual words of old: "http-request set-var(x)" and friends are known with their phase.
std::string unknown_action(std::string_view word, Phase phase, bool elsewhere) {
  const std::string rule(to_string(phase));
  if (word == "attach-srv")
    return "'" + rule +
           " attach-srv' needs reverse HTTP over HTTP/2 connections, which is not supported by Evenkeel yet";
  if (elsewhere) return "'" + std::string(word) + "' is no action of '" + rule + "' rules";
  std::vector<std::string_view> words;
  const std::size_t space = rule.find(' ');
  words.push_back(std::string_view(rule).substr(0, space));
  if (space != std::string::npos) words.push_back(std::string_view(rule).substr(space + 1));
  constexpr std::string_view kTrack = "track-sc";  // known without its number
  words.push_back(word.substr(0, kTrack.size()) == kTrack ? kTrack : word);
  const std::string_view known = conf::known_keyword(conf::KnownKind::action, words);
  const bool full = static_cast<std::size_t>(std::count(known.begin(), known.end(), ' ')) + 1 == words.size();
  if (!known.empty() && full) {
    return "'" + std::string(known.substr(0, known.rfind(' ') + 1)) +
           std::string(word.substr(0, word.find('('))) +
           "' is a known HAProxy keyword, not supported by Evenkeel yet";
  }
  // The keyword list has it for HTTP only; connections can be tracked as well (manual 4.2, tcp-request).
  if (word.substr(0, kTrack.size()) == kTrack)
    return "'" + rule + ' ' + std::string(word) +
           "' is a known HAProxy keyword, not supported by Evenkeel yet";
  std::vector<std::string_view> names;
  for (const auto& family : action::families()) {
    for (const ActionSpec& spec : family) {
      if ((spec.phases & mask_of(phase)) != 0) names.push_back(spec.name);
    }
  }
  const std::string_view near = conf::nearest(word, names);
  std::string message = "unknown action '" + std::string(word) + "' of '" + rule + "'";
  if (!near.empty()) message += "; did you mean '" + std::string(near) + "'?";
  return message;
}

// The rest of a rule once its action is known: condition, warnings, its place in the set.
void finish_rule(RuleDraft& draft, RuleSet& set, Args& args, const StatementWords& source, Words& words,
                 Places places, std::shared_ptr<const Action> action) {
  auto condition = Condition::compile(words, draft.sets.acls, draft.env, places);
  if (!condition) {
    source.report(condition.error(), args.diagnostics());
    return;
  }
  source.report_warnings(draft.env, args.diagnostics());
  if (!set.empty() && set.rules().back().condition.unconditional() && set.rules().back().action->ends()) {
    args.diagnostics().warn(args.statement().location(), "this rule is never reached: the one in line " +
                                                             std::to_string(set.rules().back().line) +
                                                             " ends the rules unconditionally");
  }
  const auto& file = args.statement().location().file;
  set.add({std::move(*condition), std::move(action), joined(args.statement()), args.statement().line,
           file ? file->name() : std::string()});
}

void read_rule(RuleDraft& draft, RuleSet& set, Args& args, Phase phase, const std::string& realm) {
  const StatementWords source(args.statement(), args.position());
  source.tell_place(draft.env);
  Words words = source.words();
  args.rest();
  std::string_view inside;
  bool elsewhere = false;
  if (words.done()) {
    source.report(words.error("an action must follow '" + std::string(to_string(phase)) + "'"),
                  args.diagnostics());
    return;
  }
  const ActionSpec* const spec = find_action(words.peek(), phase, inside, elsewhere);
  if (spec == nullptr) {
    source.report(words.error(unknown_action(words.peek(), phase, elsewhere)), args.diagnostics());
    return;
  }
  words.next();
  const Places places = places_of(args, phase);
  ActionEnv env{draft.env, draft.sets.acls, phase, places, realm};
  auto action = spec->parse(words, env, inside);
  if (!action) {
    source.report(action.error(), args.diagnostics());
    return;
  }
  if (spec->no_counterpart) {
    args.diagnostics().warn_once(
        "settings of HAProxy's inner workings, which have no counterpart here and can be removed",
        std::string(to_string(phase)) + ' ' + std::string(spec->name), args.statement().location());
  }
  if (spec->name == "switch-mode") draft.sets.may_become_http = true;
  finish_rule(draft, set, args, source, words, places, std::move(*action));
}

template <Phase kPhase>
void rule(RuleDraft& draft, Args& args) {
  read_rule(draft, draft.set_for(kPhase), args, kPhase, draft.proxy);
}

// The same actions as http-request's, as far as they decide who sees a page.
void stats_http_request(RuleDraft& draft, Args& args) {
  const std::string_view action = args.peek();
  if (action != "allow" && action != "deny" && action != "auth") {
    args.error_here("'stats http-request' expects 'allow', 'deny' or 'auth'");
    args.rest();
    return;
  }
  read_rule(draft, draft.sets.stats_request, args, Phase::http_request, "HAProxy Statistics");
}

void acl(RuleDraft& draft, Args& args) {
  draft.env.acls = &draft.sets.acls;
  const StatementWords source(args.statement(), args.position());
  source.tell_place(draft.env);
  Words words = source.words();
  args.rest();
  const auto declared = draft.sets.acls.declare(words, draft.env, args.statement().line);
  if (!declared) source.report(declared.error(), args.diagnostics());
  source.report_warnings(draft.env, args.diagnostics());
}

void redirect(RuleDraft& draft, Args& args) {
  const StatementWords source(args.statement(), args.position());
  source.tell_place(draft.env);
  Words words = source.words();
  args.rest();
  const Places places = places_of(args, Phase::http_request);
  ActionEnv env{draft.env, draft.sets.acls, Phase::http_request, places, draft.proxy};
  auto action = action::parse_redirect(words, env, false);
  if (!action) {
    source.report(action.error(), args.diagnostics());
    return;
  }
  finish_rule(draft, draft.sets.redirects, args, source, words, places, std::move(*action));
}

// use_backend and use-server.
void read_target(RuleDraft& draft, TargetRules& rules, std::optional<std::size_t>& last, Args& args,
                 Places places) {
  const StatementWords source(args.statement(), args.position());
  source.tell_place(draft.env);
  Words words = source.words();
  args.rest();
  if (words.done()) {
    source.report(words.error("a name is expected here"), args.diagnostics());
    return;
  }
  auto target = LogFormat::compile(words.peek(), draft.env, places, LogFormat::Use::rule);
  if (!target) {
    const ExpressionError& error = target.error();
    source.report({words.position(), error.offset, error.length, error.message}, args.diagnostics());
    return;
  }
  words.next();
  auto condition = Condition::compile(words, draft.sets.acls, draft.env, places);
  if (!condition) {
    source.report(condition.error(), args.diagnostics());
    return;
  }
  source.report_warnings(draft.env, args.diagnostics());
  if (last) {
    const TargetRule& before = rules.rules()[*last];
    args.diagnostics().warn(args.statement().location(), "this rule is never reached: '" + before.text +
                                                             "' in line " + std::to_string(before.line) +
                                                             " has no condition");
  } else if (condition->unconditional() && target->is_literal()) {
    last = rules.rules().size();
  }
  rules.add({std::move(*condition), std::move(*target), joined(args.statement()), args.statement().line});
}

void use_backend(RuleDraft& draft, Args& args) {
  read_target(draft, draft.sets.use_backend, draft.last_use_backend, args, at(Place::fe_use_backend));
}
void use_server(RuleDraft& draft, Args& args) {
  read_target(draft, draft.sets.use_server, draft.last_use_server, args, at(Place::be_use_server));
}

// Keywords that are nothing but a condition.
void read_condition(RuleDraft& draft, std::vector<Condition>& list, Args& args, Places places) {
  auto condition = compile_condition(args.statement(), args.position(), draft, places, args.diagnostics());
  args.rest();
  if (condition) list.push_back(std::move(*condition));
}
void monitor_fail(RuleDraft& draft, Args& args) {
  read_condition(draft, draft.sets.monitor_fail, args, at(Place::fe_http_request));
}
void stats_admin(RuleDraft& draft, Args& args) {
  if (args.peek() != "if" && args.peek() != "unless") {
    args.error_here("'stats admin' requires 'if' or 'unless' followed by a condition");
    args.rest();
    return;
  }
  read_condition(draft, draft.sets.stats_admin, args, places_of(args, Phase::http_request));
}
void force_be_switch(RuleDraft& draft, Args& args) {
  if (args.peek() != "if" && args.peek() != "unless") {
    args.error_here("'force-be-switch' requires 'if' or 'unless' followed by a condition");
    args.rest();
    return;
  }
  read_condition(draft, draft.sets.force_be_switch, args, at(Place::fe_use_backend));
}
void force_persist(RuleDraft& draft, Args& args) {
  read_condition(draft, draft.sets.force_persist, args, at(Place::be_http_request));
}
void ignore_persist(RuleDraft& draft, Args& args) {
  read_condition(draft, draft.sets.ignore_persist, args, at(Place::be_http_request));
}

template <Millis RuleSets::*kDelay>
void inspect_delay(RuleDraft& draft, Args& args) {
  if (const auto delay = args.duration_ms()) draft.sets.*kDelay = *delay;
}

void read_capture(RuleDraft& draft, Args& args, bool response, std::string name) {
  if (!args.expect_word("len")) return;
  const auto length = args.integer(1, 65535);
  if (!length) return;
  auto& defs = response ? draft.sets.response_captures : draft.sets.request_captures;
  auto& slots = response ? draft.env.response_captures : draft.env.request_captures;
  defs.push_back({std::move(name), static_cast<std::size_t>(*length)});
  slots.push_back(static_cast<int>(*length));
}
template <bool kResponse>
void capture_header(RuleDraft& draft, Args& args) {
  const auto name = args.required("a header name");
  if (name) read_capture(draft, args, kResponse, text::lower(*name));
}
template <bool kResponse>
void declare_capture(RuleDraft& draft, Args& args) {
  read_capture(draft, args, kResponse, {});
}

using conf::SectionKind;
constexpr unsigned kFe = conf::kFrontends;
constexpr unsigned kFeDef = conf::kFrontendsAndDefaults;
constexpr unsigned kAllDef = conf::kProxiesAndDefaults;
constexpr unsigned kBeDef = conf::kBackendsAndDefaults;
constexpr conf::Keyword<RuleDraft> kKeywords[] = {
    {"acl", kAllDef, false, acl, "names a test on samples"},
    {"capture request header", kFe, false, capture_header<false>, "keeps a request header for logs"},
    {"capture response header", kFe, false, capture_header<true>, "keeps a response header for logs"},
    {"declare capture request", kFe, false, declare_capture<false>, "opens a slot for http-request capture"},
    {"declare capture response", kFe, false, declare_capture<true>, "opens a slot for http-response capture"},
    {"force-be-switch", conf::kFrontends, false, force_be_switch,
     "when backends that are not published may be used"},
    {"force-persist", conf::kBackends, false, force_persist, "persistence even to servers that are down"},
    {"http-after-response", kAllDef, false, rule<Phase::http_after_response>, "a rule on every response"},
    {"http-request", kAllDef, false, rule<Phase::http_request>, "a rule on requests"},
    {"http-response", kAllDef, false, rule<Phase::http_response>, "a rule on responses of servers"},
    {"ignore-persist", conf::kBackends, false, ignore_persist, "no persistence"},
    {"monitor fail", kFe, false, monitor_fail, "when monitor-uri answers 503"},
    {"redirect", conf::kProxies, false, redirect, "answers with a redirection"},
    {"stats admin", conf::kProxies, false, stats_admin, "who may change the state of servers"},
    {"stats http-request", conf::kProxies, false, stats_http_request, "who may see the statistics page"},
    {"tcp-request connection", kFeDef, false, rule<Phase::tcp_connection>, "a rule on new connections"},
    {"tcp-request content", kAllDef, false, rule<Phase::tcp_request_content>, "a rule on the first bytes"},
    {"tcp-request inspect-delay", kAllDef, false, inspect_delay<&RuleSets::request_inspect_delay>,
     "how long content rules wait for bytes"},
    {"tcp-request session", kFeDef, false, rule<Phase::tcp_session>, "a rule on new sessions"},
    {"tcp-response content", kBeDef, false, rule<Phase::tcp_response_content>,
     "a rule on the server's first bytes"},
    {"tcp-response inspect-delay", kBeDef, false, inspect_delay<&RuleSets::response_inspect_delay>,
     "how long response rules wait for bytes"},
    {"use-server", conf::kBackends, false, use_server, "which server takes the request"},
    {"use_backend", kFe, false, use_backend, "which backend takes the request"},
};

}  // namespace

RuleSet& RuleDraft::set_for(Phase phase) noexcept {
  if (phase == Phase::http_request && slot == Slot::first) return blocks;
  if (phase == Phase::http_request && slot == Slot::lines) return sets.request_lines;
  if (phase == Phase::http_request && slot == Slot::additions) return additions;
  return sets.of(phase);
}

std::span<const conf::Keyword<RuleDraft>> rule_keywords() noexcept { return kKeywords; }

std::optional<Condition> compile_condition(const conf::Statement& statement, std::size_t from,
                                           RuleDraft& draft, Places places, conf::Diagnostics& diagnostics) {
  const StatementWords source(statement, from);
  source.tell_place(draft.env);
  Words words = source.words();
  auto condition = Condition::compile(words, draft.sets.acls, draft.env, places);
  source.report_warnings(draft.env, diagnostics);
  if (condition) return std::move(*condition);
  source.report(condition.error(), diagnostics);
  return std::nullopt;
}

std::optional<LogFormat> compile_format(const conf::Statement& statement, std::size_t word, CompileEnv& env,
                                        Places places, LogFormat::Use use, conf::Diagnostics& diagnostics) {
  const StatementWords source(statement, word);
  source.tell_place(env);
  auto format = LogFormat::compile(source.words().peek(), env, places, use);
  if (format) return std::move(*format);
  const ExpressionError& error = format.error();
  source.report({0, error.offset, error.length, error.message}, diagnostics);
  return std::nullopt;
}

void finish_rules(RuleDraft& draft, const conf::Statement& header, conf::Diagnostics& diagnostics) {
  for (const Acl* acl : draft.sets.acls.unused()) {
    conf::Location at{header.file, acl->line, 0, 0};
    diagnostics.warn(std::move(at), "the ACL '" + acl->name + "' is never used");
  }
  draft.sets.http_request.prepend(draft.blocks);
  for (const Rule& rule : draft.additions.rules()) draft.sets.request_lines.add(rule);
  draft.blocks = {};
  draft.additions = {};
  for (LintFinding& finding : lint_rules(draft.sets))
    diagnostics.warn({header.file, finding.line, 0, 0}, std::move(finding.message));
  // Slots that rules opened follow the declared ones.
  for (std::size_t i = draft.sets.request_captures.size(); i < draft.env.request_captures.size(); ++i) {
    draft.sets.request_captures.push_back({{}, static_cast<std::size_t>(draft.env.request_captures[i])});
  }
  draft.env.request_captures.clear();
  draft.env.response_captures.clear();
  draft.env.acls = nullptr;
  draft.env.acl_references.clear();
}

}  // namespace evenkeel::rules
