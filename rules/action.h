// Actions: what a rule does when its condition holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "rules/condition.h"
#include "rules/context.h"
#include "rules/rule_index.h"
#include "rules/words.h"

namespace evenkeel::rules {

// The rule sets of a proxy, in the order in which a request meets them.
enum class Phase : std::uint8_t {
  tcp_connection,
  tcp_session,
  tcp_request_content,
  http_request,
  tcp_response_content,
  http_response,
  http_after_response,
};
constexpr unsigned mask_of(Phase phase) noexcept { return 1U << static_cast<unsigned>(phase); }
// The words that begin a rule of the phase: "http-request", "tcp-request content".
std::string_view to_string(Phase phase) noexcept;

// What the data plane does next.
enum class Verdict : std::uint8_t {
  proceed,      // the next rule; of a whole set: all rules are done
  allow,        // this rule set ends here, the request goes on
  deny,         // refuse with ctx.reply, counted as denied
  tarpit,       // as deny, but the answer waits for `timeout tarpit`
  reject,       // close the connection without an answer
  end_server,   // tcp-response content close: what is here goes to the client, nothing follows
  silent_drop,  // forget the connection without telling the client
  respond,      // answer with ctx.reply (return, redirect, auth): local, not denied
  wait,         // more bytes are needed: call again, from the same rule
  cache_use,    // answer from the cache ctx.cache if it can, else go on with the next rule
  cache_store,  // keep the response in the cache ctx.cache, then go on with the next rule
  pause,        // call again, from the next rule, in ctx.pause_ms
  wait_body,    // call again, from the next rule, once the body is here as ctx.wait_body_* say
  serve,        // answer as the built-in service ctx.service
  hints,        // send ctx.early_hints as an interim response, then call again
  failed,       // the rule could not be carried out and the set is strict: 500
};

class Action {
 public:
  virtual ~Action() = default;
  // May change ctx and the messages it points to; never throws for what a peer sent.
  virtual Verdict run(EvalContext& ctx) const = 0;
  // Whether it always ends its rule set: what stands behind it without a condition is dead.
  [[nodiscard]] virtual bool ends() const noexcept { return false; }
  // The header field that is all it changes of what conditions look at; empty: it may change anything.
  [[nodiscard]] virtual std::string_view only_header() const noexcept { return {}; }
  // early-hint: neighbours make one interim response, which goes out before any other rule runs.
  [[nodiscard]] virtual bool hints() const noexcept { return false; }
};

// Where and for whom an action is compiled.
struct ActionEnv {
  CompileEnv& env;
  AclTable& acls;
  Phase phase = Phase::http_request;
  Places places = at(Place::fe_http_request);
  std::string_view proxy;  // its name: the default realm of auth
};

using ActionResult = Result<std::shared_ptr<const Action>, RuleError>;

// One action of the catalog: "set-var(" ends with a parenthesis where arguments are part of the word.
struct ActionSpec {
  std::string_view name;
  unsigned phases;  // mask_of(Phase)
  // Reads its own words and leaves the condition. The cursor is behind the name; `inside` holds what stood in
  // the parentheses after it.
  ActionResult (*parse)(Words& words, ActionEnv& env, std::string_view inside);
  // Read and checked, but a setting of HAProxy's inner workings: whoever reads the rule says so.
  bool no_counterpart = false;
};

struct Rule {
  Condition condition;
  std::shared_ptr<const Action> action;
  std::string text;  // as written, for explaining
  std::uint32_t line = 0;
  std::string file;  // where it was written
};

// The rules of one phase, run in order.
class RuleSet {
 public:
  void add(Rule rule) {
    rules_.push_back(std::move(rule));
    index_ = nullptr;
  }
  void prepend(const RuleSet& other) {
    rules_.insert(rules_.begin(), other.rules_.begin(), other.rules_.end());
    index_ = nullptr;
  }
  // Behind the last rule, once all ACLs are complete: rules are then found by hashing where that is possible.
  void build_index();
  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return rules_.size(); }
  [[nodiscard]] const std::vector<Rule>& rules() const noexcept { return rules_; }

  // Runs rules from `next` on. Verdict::wait leaves `next` at the rule that has to be asked again, hints at
  // the one that follows them; everything else leaves it behind the rule that decided.
  Verdict run(EvalContext& ctx, std::size_t& next) const;
  Verdict run(EvalContext& ctx) const {
    std::size_t next = 0;
    return run(ctx, next);
  }

 private:
  std::vector<Rule> rules_;
  std::shared_ptr<const RuleIndex> index_;
};

}  // namespace evenkeel::rules
