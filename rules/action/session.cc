// disable-l7-retry, do-log, expect-proxy, expect-netscaler-cip, switch-mode, use-service and
// set-bandwidth-limit: what the data plane does with the session once
// a rule has said so.
#include <array>

#include "conf/units.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/compile_env.h"
#include "stats/log_target.h"

namespace evenkeel::rules::action {
namespace {

// Sets one mark of the context, and may end the set.
class Mark final : public Action {
 public:
  Mark(bool EvalContext::*mark, Verdict verdict) : mark_(mark), verdict_(verdict) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.*mark_ = true;
    return verdict_;
  }
  [[nodiscard]] bool ends() const noexcept override { return verdict_ != Verdict::proceed; }

 private:
  bool EvalContext::*mark_;
  Verdict verdict_;
};

ActionResult parse_no_retry(Words&, ActionEnv&, std::string_view) {
  return made<Mark>(&EvalContext::no_l7_retry, Verdict::proceed);
}

ActionResult parse_expect_proxy(Words& words, ActionEnv&, std::string_view) {
  if (!words.accept("layer4")) return words.error("'layer4' is expected after 'expect-proxy'");
  return made<Mark>(&EvalContext::expect_proxy, Verdict::proceed);
}

ActionResult parse_expect_cip(Words& words, ActionEnv&, std::string_view) {
  if (!words.accept("layer4")) return words.error("'layer4' is expected after 'expect-netscaler-cip'");
  return made<Mark>(&EvalContext::expect_netscaler_cip, Verdict::proceed);
}

ActionResult parse_switch_mode(Words& words, ActionEnv& env, std::string_view) {
  if (!words.accept("http")) return words.error("'http' is expected after 'switch-mode'");
  constexpr Places kFrontend = at(Place::fe_tcp_content);
  if ((env.places & kFrontend) == 0) return words.error_before("'switch-mode' is for frontends only");
  if (words.accept("proto") && !words.accept("h1")) {
    return words.error("protocol '" + std::string(words.peek()) +
                       "' is not supported by Evenkeel yet: only 'proto h1' is");
  }
  return made<Mark>(&EvalContext::switch_to_http, Verdict::allow);
}

// What answers in the place of a server. HAProxy's own are few, all others are written in Lua.
constexpr std::array<std::string_view, 1> kServices = {"prometheus-exporter"};

class UseService final : public Action {
 public:
  explicit UseService(std::string_view name) : name_(name) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.service = name_;
    return Verdict::serve;
  }
  [[nodiscard]] bool ends() const noexcept override { return true; }

 private:
  std::string_view name_;
};

ActionResult parse_service(Words& words, ActionEnv& env, std::string_view) {
  const auto name = read_word(words, "the name of a service");
  if (!name) return name.error();
  if (name->starts_with("lua."))
    return words.error_before("'" + *name + "': services in Lua are not supported by Evenkeel yet");
  for (const std::string_view known : kServices) {
    if (*name != known) continue;
    if (env.phase == Phase::http_request) return made<UseService>(known);
    return words.error_before("'" + *name + "' is a service for 'http-request use-service' only");
  }
  return words.error_before("there is no service '" + *name + "', only 'prometheus-exporter'");
}

// A limit or a period that is written down or computed.
struct Measure {
  std::optional<std::int64_t> fixed;
  std::optional<Expression> computed;
  [[nodiscard]] std::optional<std::int64_t> get(EvalContext& ctx) const {
    if (!computed) return fixed;
    Sample value;
    if (!computed->eval(ctx, value) || !cast(value, SampleType::sint, *ctx.scratch)) return std::nullopt;
    return value.integer;
  }
};

class SetBandwidthLimit final : public Action {
 public:
  SetBandwidthLimit(std::string name, Measure limit, Measure period)
      : name_(std::move(name)), limit_(std::move(limit)), period_(std::move(period)) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.limit_bandwidth(name_, limit_.get(ctx), period_.get(ctx));
    return Verdict::proceed;
  }

 private:
  std::string name_;
  Measure limit_;
  Measure period_;
};

ActionResult parse_bandwidth(Words& words, ActionEnv& env, std::string_view) {
  auto name = read_word(words, "the name of a bwlim filter");
  if (!name) return name.error();
  Measure limit;
  Measure period;
  for (;;) {
    const bool is_limit = words.peek() == "limit";
    if (!is_limit && words.peek() != "period") break;
    words.next();
    Measure& measure = is_limit ? limit : period;
    if (const auto size = conf::parse_size(words.peek(), UINT32_MAX); is_limit && size && !words.done()) {
      measure.fixed = static_cast<std::int64_t>(size.value);
      words.next();
    } else if (const auto time = conf::parse_duration_ms(words.peek(), conf::TimeUnit::ms);
               !is_limit && time && !words.done()) {
      measure.fixed = time.value;
      words.next();
    } else {
      auto value = read_expression(words, env);
      if (!value) return value.error();
      measure.computed = std::move(*value);
    }
  }
  env.env.bandwidth_limits_used.emplace_back(env.proxy, *name);
  return made<SetBandwidthLimit>(std::move(*name), std::move(limit), std::move(period));
}

stats::LogStep log_step_of(Phase phase) noexcept {
  switch (phase) {
    case Phase::tcp_connection:
      return stats::LogStep::tcp_req_conn;
    case Phase::tcp_session:
      return stats::LogStep::tcp_req_sess;
    case Phase::tcp_request_content:
      return stats::LogStep::tcp_req_cont;
    case Phase::tcp_response_content:
      return stats::LogStep::tcp_res_cont;
    case Phase::http_request:
      return stats::LogStep::http_req;
    case Phase::http_response:
      return stats::LogStep::http_res;
    case Phase::http_after_response:
      break;
  }
  return stats::LogStep::http_after_res;
}

class DoLog final : public Action {
 public:
  DoLog(stats::LogStep step, std::string profile) : step_(step), profile_(std::move(profile)) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.log_now(step_, profile_);
    return Verdict::proceed;
  }

 private:
  stats::LogStep step_;
  std::string profile_;  // empty: those of the targets
};
ActionResult parse_do_log(Words& words, ActionEnv& env, std::string_view) {
  std::string profile;
  if (words.accept("profile")) {
    auto name = read_word(words, "the name of a log-profile section");
    if (!name) return name.error();
    profile = std::move(*name);
    env.env.log_profiles_used.push_back(profile);
  }
  return made<DoLog>(log_step_of(env.phase), std::move(profile));
}

constexpr ActionSpec kActions[] = {
    {"disable-l7-retry", kHttpRequest, parse_no_retry},
    {"do-log", kAll, parse_do_log},
    {"expect-netscaler-cip", mask_of(Phase::tcp_connection), parse_expect_cip},
    {"set-bandwidth-limit", kHttpRequest | kHttpResponse | kTcpRequestContent | kTcpResponse,
     parse_bandwidth},
    {"switch-mode", kTcpRequestContent, parse_switch_mode},
    {"use-service", kHttpRequest | kTcpRequestContent, parse_service},
    {"expect-proxy", mask_of(Phase::tcp_connection), parse_expect_proxy},
};

}  // namespace

std::span<const ActionSpec> session() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
