// All rules of one proxy, compiled: what a proxy definition embeds and sessions run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "rules/action.h"
#include "rules/log_format.h"

namespace evenkeel::rules {

// use_backend and use-server: a name, fixed or computed, under a condition.
struct TargetRule {
  Condition condition;
  LogFormat target;
  std::string text;
  std::uint32_t line = 0;
};

// The rules in order; the first one that holds decides. Those that cannot hold are not even asked, where
// their conditions permit to know it (RuleIndex): the cost of thousands of hosts or paths is that of one.
class TargetRules {
 public:
  void add(TargetRule rule) {
    rules_.push_back(std::move(rule));
    index_ = nullptr;
  }
  // Behind the last rule, once all ACLs are complete.
  void build_index();
  [[nodiscard]] const std::vector<TargetRule>& rules() const noexcept { return rules_; }
  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
  // The name that the first rule that holds gives; empty: none holds. Rules whose computed name `exists`
  // refuses are passed over (a dynamic name that no backend has falls through to the next rule). Valid until
  // ctx.scratch is reset.
  template <class Exists>
  [[nodiscard]] std::string_view pick(EvalContext& ctx, Exists exists) const {
    const Candidates candidates = index_ ? index_->candidates(ctx) : Candidates(nullptr, rules_.size());
    for (std::size_t i = candidates.next(0); i < rules_.size(); i = candidates.next(i + 1)) {
      const TargetRule& rule = rules_[i];
      const Truth truth =
          index_ ? index_->test(candidates, i, rule.condition, ctx) : rule.condition.test(ctx);
      if (truth != Truth::yes) continue;
      const std::string_view name = rule.target.eval(ctx);
      if (exists(name)) return name;
    }
    return {};
  }

 private:
  std::vector<TargetRule> rules_;
  std::shared_ptr<const RuleIndex> index_;
};

// `capture request|response header <name> len <n>`, or a slot that rules fill (name empty).
struct CaptureDef {
  std::string name;
  std::size_t length = 0;
};

struct RuleSets {
  AclTable acls;

  RuleSet tcp_connection;
  RuleSet tcp_session;
  RuleSet tcp_request_content;
  RuleSet http_request;
  RuleSet request_lines;  // what reqrep and its like became: run after http_request, as they always did
  RuleSet redirects;      // `redirect` keywords: run after http_request
  RuleSet tcp_response_content;
  RuleSet http_response;
  RuleSet http_after_response;

  TargetRules use_backend;
  TargetRules use_server;
  std::vector<Condition> monitor_fail;  // any that holds makes monitor-uri answer 503
  RuleSet stats_request;                // stats http-request: who may see the proxy's statistics page
  std::vector<Condition> stats_admin;   // any that holds lets the reader of that page act on servers
  std::vector<Condition>
      force_be_switch;  // any that holds lets use_backend name backends that are not published
  std::vector<Condition> force_persist;
  std::vector<Condition> ignore_persist;

  Millis request_inspect_delay = 0;  // 0: content rules do not wait
  Millis response_inspect_delay = 0;
  std::vector<CaptureDef> request_captures;
  std::vector<CaptureDef> response_captures;

  bool may_become_http = false;  // mode tcp: a switch-mode rule makes the HTTP rules matter

  RuleSet& of(Phase phase) noexcept;
  [[nodiscard]] const RuleSet& of(Phase phase) const noexcept;
  // Rules of a defaults section run before the proxy's own.
  void inherit(const RuleSets& defaults);
  // Behind the last rule of the proxy and those it inherits.
  void build_indexes();
  // Nothing at all to run: the data plane may leave out the whole machinery.
  [[nodiscard]] bool empty() const noexcept;
};

}  // namespace evenkeel::rules
