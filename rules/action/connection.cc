// What rules change about connections: addresses, marks, priorities, timeouts. The data plane applies what it
// finds in the context.
#include <algorithm>

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

using NumberField = std::optional<int> EvalContext::*;

// A constant that goes into one field of the context.
class SetNumber final : public Action {
 public:
  SetNumber(NumberField field, int value) : field_(field), value_(value) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.*field_ = value_;
    return Verdict::proceed;
  }

 private:
  NumberField field_;
  int value_;
};

ActionResult parse_number(Words& words, NumberField field, std::string_view what, std::int64_t low,
                          std::int64_t high) {
  const auto value = read_integer(words, what, low, high);
  if (!value) return value.error();
  return made<SetNumber>(field, static_cast<int>(*value));
}
ActionResult parse_mark(Words& words, ActionEnv&, std::string_view) {
  return parse_number(words, &EvalContext::mark, "the mark", 0, 0x7fffffff);
}
ActionResult parse_tos(Words& words, ActionEnv&, std::string_view) {
  return parse_number(words, &EvalContext::tos, "the TOS value", 0, 255);
}
ActionResult parse_nice(Words& words, ActionEnv&, std::string_view) {
  return parse_number(words, &EvalContext::nice, "the nice value", -1024, 1024);
}

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
    {"set-mark", kNotAfter, parse_mark},
    {"set-fc-mark", kNotAfter, parse_mark},
    {"set-tos", kNotAfter, parse_tos},
    {"set-fc-tos", kNotAfter, parse_tos},
    {"set-nice", kHttpRequest | kHttpResponse | kTcpRequestContent | kTcpResponse, parse_nice},
    {"set-priority-class", kHttpRequest | kTcpRequestContent, parse_expression<SetPriorityClass>},
    {"set-priority-offset", kHttpRequest | kTcpRequestContent, parse_expression<SetPriorityOffset>},
    {"set-timeout", kHttpRequest | kHttpResponse, parse_timeout},
};

}  // namespace

std::span<const ActionSpec> connection() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
