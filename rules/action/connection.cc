// What rules change about connections: addresses, marks, priorities, timeouts. The data plane applies what it
// finds in the context.
#include <algorithm>
#include <charconv>
#include <type_traits>

#include "conf/units.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"

namespace evenkeel::rules::action {
namespace {

enum class End : std::uint8_t { src, dst };

template <End kEnd>
Address& end_of(EvalContext& ctx) noexcept {
  return kEnd == End::src ? ctx.src : ctx.dst;
}

template <End kEnd>
class SetAddress final : public Action {
 public:
  explicit SetAddress(Expression value) : value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    Sample value;
    if (!value_.eval(ctx, value) || !cast(value, SampleType::addr, *ctx.scratch)) return Verdict::proceed;
    Address& address = end_of<kEnd>(ctx);
    if (auto changed = Address::from_ip(as_text(value, *ctx.scratch), address.port())) address = *changed;
    return Verdict::proceed;
  }

 private:
  Expression value_;
};

template <End kEnd>
class SetPort final : public Action {
 public:
  explicit SetPort(Expression value) : value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    Sample value;
    if (!value_.eval(ctx, value) || !cast(value, SampleType::sint, *ctx.scratch)) return Verdict::proceed;
    Address& address = end_of<kEnd>(ctx);
    if (address.is_ip()) address.set_port(static_cast<std::uint16_t>(value.integer));
    return Verdict::proceed;
  }

 private:
  Expression value_;
};

template <class T>
ActionResult parse_expression(Words& words, ActionEnv& env, std::string_view) {
  auto value = read_expression(words, env);
  if (!value) return value.error();
  return made<T>(std::move(*value));
}

// A number that is written down or computed.
class Amount {
 public:
  explicit Amount(std::int64_t fixed) : fixed_(fixed) {}
  explicit Amount(Expression value) : value_(std::move(value)) {}
  [[nodiscard]] std::optional<std::int64_t> get(EvalContext& ctx) const {
    if (!value_) return fixed_;
    Sample value;
    if (!value_->eval(ctx, value) || !cast(value, SampleType::sint, *ctx.scratch)) return std::nullopt;
    return value.integer;
  }

 private:
  std::int64_t fixed_ = 0;
  std::optional<Expression> value_;
};

// Decimal, or hexadecimal behind "0x".
std::optional<std::int64_t> number_of(std::string_view word) noexcept {
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  if (hex) word.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, hex ? 16 : 10);
  const bool whole = !word.empty() && error == std::errc() && end == word.data() + word.size();
  return whole ? std::optional(value) : std::nullopt;
}

Result<Amount, RuleError> read_amount(Words& words, ActionEnv& env, std::string_view what, std::int64_t low,
                                      std::int64_t high) {
  if (const auto fixed = number_of(words.peek())) {
    if (*fixed < low || *fixed > high) {
      return words.error(std::string(what) + " must be an integer from " + std::to_string(low) + " to " +
                         std::to_string(high));
    }
    words.next();
    return Amount(*fixed);
  }
  auto value = read_expression(words, env);
  if (!value) return value.error();
  return Amount(std::move(*value));
}

// A number that goes into one field of the context; what lies outside of its range changes nothing.
template <auto kField>
class SetAmount final : public Action {
 public:
  SetAmount(Amount amount, std::int64_t low, std::int64_t high)
      : amount_(std::move(amount)), low_(low), high_(high) {}
  Verdict run(EvalContext& ctx) const override {
    using Field = typename std::remove_reference_t<decltype(ctx.*kField)>::value_type;
    const auto value = amount_.get(ctx);
    if (value && *value >= low_ && *value <= high_) ctx.*kField = static_cast<Field>(*value);
    return Verdict::proceed;
  }

 private:
  Amount amount_;
  std::int64_t low_;
  std::int64_t high_;
};

template <auto kField>
ActionResult parse_amount(Words& words, ActionEnv& env, std::string_view what, std::int64_t low,
                          std::int64_t high) {
  auto amount = read_amount(words, env, what, low, high);
  if (!amount) return amount.error();
  return made<SetAmount<kField>>(std::move(*amount), low, high);
}
template <auto kField>
ActionResult parse_mark(Words& words, ActionEnv& env, std::string_view) {
  return parse_amount<kField>(words, env, "the mark", 0, 0xffffffffLL);
}
template <auto kField>
ActionResult parse_tos(Words& words, ActionEnv& env, std::string_view) {
  return parse_amount<kField>(words, env, "the TOS value", 0, 255);
}
ActionResult parse_retries(Words& words, ActionEnv& env, std::string_view) {
  return parse_amount<&EvalContext::retries>(words, env, "the number of retries", 0, 100);
}

class Nothing final : public Action {
 public:
  Verdict run(EvalContext&) const override { return Verdict::proceed; }
};

ActionResult parse_nice(Words& words, ActionEnv&, std::string_view) {
  const auto value = read_integer(words, "the nice value", -1024, 1024);
  if (!value) return value.error();
  return made<Nothing>();
}

using NumberField = std::optional<int> EvalContext::*;

// A number from an expression, kept within a range.
template <NumberField kField, int kLow, int kHigh>
class SetComputed final : public Action {
 public:
  explicit SetComputed(Expression value) : value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    Sample value;
    if (!value_.eval(ctx, value) || !cast(value, SampleType::sint, *ctx.scratch)) return Verdict::proceed;
    ctx.*kField = static_cast<int>(std::clamp<std::int64_t>(value.integer, kLow, kHigh));
    return Verdict::proceed;
  }

 private:
  Expression value_;
};
using SetPriorityClass = SetComputed<&EvalContext::priority_class, -2047, 2047>;
using SetPriorityOffset = SetComputed<&EvalContext::priority_offset, -524287, 524287>;

using TimeoutField = std::optional<std::int64_t> EvalContext::*;

class SetTimeout final : public Action {
 public:
  SetTimeout(TimeoutField field, std::int64_t fixed_ms) : field_(field), fixed_ms_(fixed_ms) {}
  SetTimeout(TimeoutField field, Expression value) : field_(field), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    std::int64_t ms = fixed_ms_;
    if (ms < 0) {
      Sample value;
      if (!value_.eval(ctx, value) || !cast(value, SampleType::sint, *ctx.scratch)) return Verdict::proceed;
      ms = value.integer;
    }
    if (ms > 0) ctx.*field_ = ms;
    return Verdict::proceed;
  }

 private:
  TimeoutField field_;
  std::int64_t fixed_ms_ = -1;  // -1: the expression tells
  Expression value_;
};

ActionResult parse_timeout(Words& words, ActionEnv& env, std::string_view) {
  static constexpr std::pair<std::string_view, TimeoutField> kFields[] = {
      {"client", &EvalContext::timeout_client_ms}, {"server", &EvalContext::timeout_server_ms},
      {"tunnel", &EvalContext::timeout_tunnel_ms}, {"connect", &EvalContext::timeout_connect_ms},
      {"queue", &EvalContext::timeout_queue_ms},   {"tarpit", &EvalContext::timeout_tarpit_ms},
  };
  TimeoutField field = nullptr;
  for (const auto& [name, candidate] : kFields) {
    if (words.peek() == name) field = candidate;
  }
  if (field == nullptr)
    return words.error("a timeout is expected: client, server, tunnel, connect, queue or tarpit");
  words.next();
  const auto fixed = conf::parse_duration_ms(words.peek(), conf::TimeUnit::ms);
  if (fixed && !words.done()) {
    words.next();
    return made<SetTimeout>(field, fixed.value);
  }
  auto value = read_expression(words, env);
  if (!value) return value.error();
  return made<SetTimeout>(field, std::move(*value));
}

constexpr unsigned kNotAfter = kHttpRequest | kHttpResponse | kTcpRequest | kTcpResponse;
constexpr ActionSpec kActions[] = {
    {"set-src", kHttpRequest | kTcpRequest, parse_expression<SetAddress<End::src>>},
    {"set-dst", kHttpRequest | kTcpRequest, parse_expression<SetAddress<End::dst>>},
    {"set-src-port", kHttpRequest | kTcpRequest, parse_expression<SetPort<End::src>>},
    {"set-dst-port", kHttpRequest | kTcpRequest, parse_expression<SetPort<End::dst>>},
    {"set-mark", kNotAfter, parse_mark<&EvalContext::mark>},
    {"set-fc-mark", kNotAfter, parse_mark<&EvalContext::mark>},
    {"set-bc-mark", kHttpRequest | kTcpRequestContent, parse_mark<&EvalContext::server_mark>},
    {"set-tos", kNotAfter, parse_tos<&EvalContext::tos>},
    {"set-fc-tos", kNotAfter, parse_tos<&EvalContext::tos>},
    {"set-bc-tos", kHttpRequest | kTcpRequestContent, parse_tos<&EvalContext::server_tos>},
    {"set-nice", kHttpRequest | kHttpResponse | kTcpRequestContent | kTcpResponse, parse_nice, true},
    {"set-retries", kHttpRequest | kTcpRequestContent, parse_retries},
    {"set-priority-class", kHttpRequest | kTcpRequestContent, parse_expression<SetPriorityClass>},
    {"set-priority-offset", kHttpRequest | kTcpRequestContent, parse_expression<SetPriorityOffset>},
    {"set-timeout", kHttpRequest | kHttpResponse, parse_timeout},
};

}  // namespace

std::span<const ActionSpec> connection() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
