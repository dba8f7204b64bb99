#include "frontends/log_profile.h"

#include "rules/keywords.h"
#include "rules/log_format.h"

namespace evenkeel::frontends {
namespace {

using conf::Args;
using conf::Keyword;

constexpr std::array<std::string_view, stats::kLogSteps> kNames = {"accept",   "request", "connect",
                                                                   "response", "close",   "error"};

// What do-log says where a rule set ran; its lines take the proxy's format and those of `any`.
constexpr std::array<std::string_view, 8> kRuleSteps = {"tcp-req-conn",   "tcp-req-sess", "tcp-req-cont",
                                                        "tcp-res-cont",   "http-req",     "http-res",
                                                        "http-after-res", "quic-init"};

void log_tag(LogProfileDraft& draft, Args& args) {
  if (const auto tag = args.required("a tag for syslog")) draft.tag = *tag;
}

// on <step> [drop] [format <fmt>] [sd <fmt>]
void on(LogProfileDraft& draft, Args& args) {
  const auto word = args.required("a step");
  if (!word) return;
  for (const std::string_view rule : kRuleSteps) {
    if (*word != rule) continue;
    args.error("'on " + std::string(rule) +
               "': lines of 'do-log' have no steps of their own in Evenkeel yet, 'on any' shapes them");
    return;
  }
  const auto step = log_step(*word);
  if (!step && *word != "any") {
    args.error("'on': unknown step '" + std::string(*word) + "', known are " + log_step_names() + " and any");
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
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == word) return static_cast<stats::LogStep>(i);
  }
  return std::nullopt;
}

std::string log_step_names() {
  std::string names;
  for (const std::string_view name : kNames) names.append(names.empty() ? "" : ", ").append(name);
  return names;
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
