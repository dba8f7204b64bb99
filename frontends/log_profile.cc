#include "frontends/log_profile.h"

#include <algorithm>

#include "rules/keywords.h"
#include "rules/log_format.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

constexpr std::array<std::string_view, stats::kAllLogSteps> kNames = {
    "accept",       "request",      "connect",      "response", "close",    "error",         "tcp-req-conn",
    "tcp-req-sess", "tcp-req-cont", "tcp-res-cont", "http-req", "http-res", "http-after-res"};
constexpr std::array<std::string_view, stats::kLogSteps> kOrigins = {
    "txn_accept", "txn_request", "txn_connect", "txn_response", "txn_close", "sess_error"};

std::optional<stats::LogStep> profile_step(std::string_view word) noexcept {
  const auto* const found = std::find(kNames.begin(), kNames.end(), word);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<stats::LogStep>(found - kNames.begin());
}

std::string names_of(std::span<const std::string_view> list) {
  std::string names;
  for (const std::string_view name : list) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

void log_tag(LogProfileDraft& draft, Args& args) {
  if (const auto tag = args.required("a tag for syslog")) draft.tag = *tag;
}

// on <step> [drop] [format <fmt>] [sd <fmt>]
void on(LogProfileDraft& draft, Args& args) {
  const auto word = args.required("a step");
  if (!word) return;
  if (*word == "quic-init") {
    args.error("'on quic-init': there are no QUIC connections in Evenkeel yet");
    return;
  }
  const auto step = profile_step(*word);
  if (!step && *word != "any") {
    args.error("'on': unknown step '" + std::string(*word) + "', known are " + names_of(kNames) + " and any");
    return;
  }
  LogProfileDraft::Step made;
  made.given = true;
  made.statement = args.statement();
  while (!args.at_end()) {
    if (args.accept("drop")) {
      made.drop = true;
    } else if (args.accept("format")) {
      made.format = args.position();
      if (!args.required("a log format string")) return;
    } else if (args.accept("sd")) {
      made.structured = args.position();
      if (!args.required("a log format string")) return;
    } else {
      args.error_here("'on' accepts 'drop', 'format <fmt>' and 'sd <fmt>', not '" + std::string(args.peek()) +
                      "'");
      return;
    }
  }
  (step ? draft.steps[static_cast<std::size_t>(*step)] : draft.any) = std::move(made);
}

constexpr unsigned kProfile = conf::mask_of(conf::SectionKind::log_profile);
constexpr std::array kKeywords{
    Keyword<LogProfileDraft>{"log-tag", kProfile, false, log_tag, "the program's name in syslog headers"},
    Keyword<LogProfileDraft>{"on", kProfile, false, on, "what is written at one step"},
};

}  // namespace

std::optional<stats::LogStep> log_step(std::string_view word) noexcept {
  const auto step = profile_step(word);
  return step && !by_rule(*step) ? step : std::nullopt;
}

std::string log_step_names() { return names_of(std::span(kNames).first(stats::kLogSteps)); }

std::string_view log_origin(stats::LogStep step) noexcept {
  const auto index = static_cast<std::size_t>(step);
  return by_rule(step) ? kNames[index] : kOrigins[index];
}

std::span<const Keyword<LogProfileDraft>> log_profile_keywords() noexcept { return kKeywords; }

LogProfile compile_log_profile(const LogProfileDraft& draft, rules::CompileEnv& env,
                               conf::Diagnostics& diagnostics) {
  const auto compile = [&](const conf::Statement& statement,
                           std::size_t word) -> std::shared_ptr<const rules::LogFormat> {
    if (word == 0) return nullptr;
    auto format = rules::compile_format(statement, word, env, at(rules::Place::log),
                                        rules::LogFormat::Use::log, diagnostics);
    return format ? std::make_shared<const rules::LogFormat>(std::move(*format)) : nullptr;
  };
  const auto step = [&](const LogProfileDraft::Step& from) {
    return LogProfile::Step{from.given, from.drop, compile(from.statement, from.format),
                            compile(from.statement, from.structured)};
  };
  LogProfile profile;
  profile.name = draft.name;
  profile.tag = draft.tag;
  for (std::size_t i = 0; i < draft.steps.size(); ++i) profile.steps[i] = step(draft.steps[i]);
  profile.any = step(draft.any);
  return profile;
}

}  // namespace evenkeel::frontends
