#include "rules/rule_sets.h"

namespace evenkeel::rules {

RuleSet& RuleSets::of(Phase phase) noexcept { return const_cast<RuleSet&>(std::as_const(*this).of(phase)); }

const RuleSet& RuleSets::of(Phase phase) const noexcept {
  switch (phase) {
    case Phase::tcp_connection:
      return tcp_connection;
    case Phase::tcp_session:
      return tcp_session;
    case Phase::tcp_request_content:
      return tcp_request_content;
    case Phase::http_request:
      return http_request;
    case Phase::tcp_response_content:
      return tcp_response_content;
    case Phase::http_response:
      return http_response;
    case Phase::http_after_response:
      break;
  }
  return http_after_response;
}

void RuleSets::inherit(const RuleSets& defaults) {
  for (const Phase phase :
       {Phase::tcp_connection, Phase::tcp_session, Phase::tcp_request_content, Phase::http_request,
        Phase::tcp_response_content, Phase::http_response, Phase::http_after_response}) {
    of(phase).prepend(defaults.of(phase));
  }
  may_become_http = may_become_http || defaults.may_become_http;
  request_lines.prepend(defaults.request_lines);
  if (request_inspect_delay == 0) request_inspect_delay = defaults.request_inspect_delay;
  if (response_inspect_delay == 0) response_inspect_delay = defaults.response_inspect_delay;
}

void TargetRules::build_index() {
  std::vector<const Condition*> conditions;
  for (const TargetRule& rule : rules_) {
    if (rule.target.source().find("set-var") != std::string::npos) return;  // a name may have side effects
    conditions.push_back(&rule.condition);
  }
  index_ = RuleIndex::build(conditions, false);
}

void RuleSets::build_indexes() {
  for (const Phase phase :
       {Phase::tcp_request_content, Phase::http_request, Phase::http_response, Phase::http_after_response}) {
    of(phase).build_index();
  }
  redirects.build_index();
  use_backend.build_index();
  use_server.build_index();
}

bool RuleSets::empty() const noexcept {
  return tcp_connection.empty() && tcp_session.empty() && tcp_request_content.empty() &&
         http_request.empty() && request_lines.empty() && redirects.empty() && tcp_response_content.empty() &&
         http_response.empty() && http_after_response.empty() && use_backend.empty() && use_server.empty() &&
         monitor_fail.empty() && stats_request.empty() && stats_admin.empty() && force_persist.empty() &&
         force_be_switch.empty() && ignore_persist.empty() && request_captures.empty() &&
         response_captures.empty();
}

}  // namespace evenkeel::rules
