#include "health/protocol/http.h"

#include <algorithm>
#include <utility>

#include "health/protocol/tcp.h"

namespace evenkeel::health {

ExpectStep default_http_expect() {
  ExpectStep expect;
  expect.kind = ExpectKind::http_status;
  expect.codes = {{200, 399}};
  expect.implicit = true;
  return expect;
}

std::vector<CheckStep> http_steps(HttpSendStep line, std::vector<CheckStep> rules, bool send_state) {
  const auto is_send = [](const CheckStep& step) { return std::holds_alternative<HttpSendStep>(step); };
  const auto is_expect = [](const CheckStep& step) { return std::holds_alternative<ExpectStep>(step); };
  if (std::none_of(rules.begin(), rules.end(), is_send)) {
    line.implicit = true;
    auto place = std::find_if(rules.begin(), rules.end(), is_expect);
    // A comment belongs to the expect behind it.
    if (place != rules.begin() && std::holds_alternative<CommentStep>(*std::prev(place))) --place;
    rules.insert(place, std::move(line));
  }
  const auto last_send = std::find_if(rules.rbegin(), rules.rend(), is_send);
  if (std::none_of(rules.rbegin(), last_send, is_expect)) rules.emplace_back(default_http_expect());
  for (CheckStep& step : rules) {
    if (auto* send = std::get_if<HttpSendStep>(&step)) send->send_state = send_state;
  }
  return with_connect(std::move(rules));
}

}  // namespace evenkeel::health
