#include "core/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace evenkeel {
namespace {

// HAProxy's own prefixes, so that scripts that watch stderr for them keep working.
constexpr std::string_view kPrefix[] = {"[DEBUG]    ", "[INFO]     ", "[NOTICE]   ", "[WARNING]  ",
                                        "[ALERT]    "};
constexpr std::string_view kJournal[] = {"<7>", "<6>", "<5>", "<4>", "<3>"};
constexpr spdlog::level::level_enum kLevel[] = {spdlog::level::debug, spdlog::level::info,
                                                spdlog::level::info, spdlog::level::warn, spdlog::level::err};

struct State {
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("evenkeel", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  LogLevel level = LogLevel::notice;
  bool quiet = false;
  bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  State() {
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
  }
};

State& state() {
  static State instance;
  return instance;
}

}  // namespace

void process_log_init(const ProcessLogOptions& options) {
  state().level = options.level;
  state().quiet = options.quiet;
}

void log_message(LogLevel level, std::string_view text) {
  auto& s = state();
  const auto index = static_cast<std::size_t>(level);
  if (s.quiet || level < s.level) return;
  s.logger->log(kLevel[index], "{}{}({}) : {}", s.journal ? kJournal[index] : std::string_view(),
                kPrefix[index], getpid(), text);
}

}  // namespace evenkeel
