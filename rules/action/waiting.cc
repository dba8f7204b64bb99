// pause, wait-for-body, wait-for-handshake, early-hint: rules that let time pass, or use it.
#include "conf/units.h"
#include "rules/action/families.h"
#include "rules/action/parse.h"
#include "rules/text.h"

namespace evenkeel::rules::action {
namespace {

class Pause final : public Action {
 public:
  explicit Pause(std::int64_t ms) : ms_(ms) {}
  explicit Pause(Expression value) : value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    std::int64_t ms = ms_;
    if (value_) {
      Sample value;
      if (!value_->eval(ctx, value) || !cast(value, SampleType::sint, *ctx.scratch)) return Verdict::proceed;
      ms = value.integer;
    }
    if (ms <= 0) return Verdict::proceed;
    ctx.pause_ms = ms;
    return Verdict::pause;
  }

 private:
  std::int64_t ms_ = 0;
  std::optional<Expression> value_;
};

ActionResult parse_pause(Words& words, ActionEnv& env, std::string_view) {
  const auto fixed = conf::parse_duration_ms(words.peek(), conf::TimeUnit::ms);
  if (fixed && !words.done()) {
    words.next();
    return made<Pause>(fixed.value);
  }
  auto value = read_expression(words, env);
  if (!value) return value.error();
  return made<Pause>(std::move(*value));
}

class WaitForBody final : public Action {
 public:
  WaitForBody(std::int64_t ms, std::uint64_t least) : ms_(ms), least_(least) {}
  Verdict run(EvalContext& ctx) const override {
    ctx.wait_body_ms = ms_;
    ctx.wait_body_least = least_;
    return Verdict::wait_body;
  }

 private:
  std::int64_t ms_;
  std::uint64_t least_;
};

ActionResult parse_wait_for_body(Words& words, ActionEnv&, std::string_view) {
  if (!words.accept("time")) return words.error("'time' and how long to wait are expected here");
  const auto time = conf::parse_duration_ms(words.peek(), conf::TimeUnit::ms);
  if (!time || words.done()) return words.error("a duration is expected after 'time'");
  words.next();
  std::uint64_t least = 0;
  if (words.accept("at-least")) {
    const auto size = conf::parse_size(words.peek());
    if (!size || words.done()) return words.error("a number of bytes is expected after 'at-least'");
    least = size.value;
    words.next();
  }
  return made<WaitForBody>(time.value, least);
}

// Nothing here makes a handshake with the client, so there is never one to wait for.
class WaitForHandshake final : public Action {
 public:
  Verdict run(EvalContext&) const override { return Verdict::proceed; }
};

ActionResult parse_wait_for_handshake(Words&, ActionEnv&, std::string_view) {
  return made<WaitForHandshake>();
}

// RFC 8297.
class EarlyHint final : public Action {
 public:
  EarlyHint(std::string name, LogFormat value) : name_(std::move(name)), value_(std::move(value)) {}
  Verdict run(EvalContext& ctx) const override {
    const std::string_view value = value_.eval(ctx);
    if (!safe_value(value)) return Verdict::failed;
    ctx.early_hints.append(name_).append(": ").append(value).append("\r\n");
    return Verdict::proceed;
  }
  [[nodiscard]] bool hints() const noexcept override { return true; }

 private:
  std::string name_;
  LogFormat value_;
};

ActionResult parse_early_hint(Words& words, ActionEnv& env, std::string_view) {
  auto name = read_header_name(words);
  if (!name) return name.error();
  auto value = read_format(words, env, "a header value");
  if (!value) return value.error();
  return made<EarlyHint>(text::lower(*name), std::move(*value));
}

constexpr ActionSpec kActions[] = {
    {"pause", kHttpRequest | kHttpResponse, parse_pause},
    {"wait-for-body", kHttpRequest | kHttpResponse, parse_wait_for_body},
    {"wait-for-handshake", kHttpRequest, parse_wait_for_handshake},
    {"early-hint", kHttpRequest, parse_early_hint},
};

}  // namespace

std::span<const ActionSpec> waiting() noexcept { return kActions; }

}  // namespace evenkeel::rules::action
