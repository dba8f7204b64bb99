// `log-profile` sections (manual 8.3.5): how the lines of one log target differ from those of the proxy.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "conf/diagnostics.h"
#include "conf/keyword_table.h"
#include "conf/statement.h"
#include "rules/compile_env.h"
#include "stats/log_target.h"

namespace evenkeel::rules {
class LogFormat;
}

namespace evenkeel::frontends {

struct LogProfile {
  struct Step {
    bool given = false;
    bool drop = false;                                   // no line, whatever else is said
    std::shared_ptr<const rules::LogFormat> line;        // null: the proxy's format
    std::shared_ptr<const rules::LogFormat> structured;  // null: the proxy's log-format-sd
  };
  std::string name;
  std::string tag;  // empty: the proxy's
  std::array<Step, stats::kAllLogSteps> steps;
  Step any;  // of the steps that have none of their own
  [[nodiscard]] const Step& at(stats::LogStep step) const noexcept {
    const Step& own = steps[static_cast<std::size_t>(step)];
    return own.given ? own : any;
  }
};

// A target that a profile applies to.
struct ProfiledTarget {
  stats::LogTargets target;  // one
  std::shared_ptr<const LogProfile> profile;
};

// Of the steps that log-steps names.
std::optional<stats::LogStep> log_step(std::string_view word) noexcept;
std::string log_step_names();  // "accept, request, ..."
// What %OG prints of a line that is made at this step (manual 8.2.6).
std::string_view log_origin(stats::LogStep step) noexcept;

// A section while it is being read; formats may refer to sections that follow, so they are compiled last.
struct LogProfileDraft {
  struct Step {
    bool given = false;
    bool drop = false;
    conf::Statement statement;
    std::size_t format = 0;  // which word; 0: none
    std::size_t structured = 0;
  };
  std::string name;
  std::string tag;
  std::array<Step, stats::kAllLogSteps> steps;
  Step any;
};

std::span<const conf::Keyword<LogProfileDraft>> log_profile_keywords() noexcept;
LogProfile compile_log_profile(const LogProfileDraft& draft, rules::CompileEnv& env,
                               conf::Diagnostics& diagnostics);

}  // namespace evenkeel::frontends
