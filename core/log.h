// The process log: what Evenkeel itself has to say (start, reload, faults). Access logs are another thing:
// stats/.
//
// spdlog does the work and stays in the .cc file; its headers cost two seconds per translation unit.
#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

enum class LogLevel { debug, info, notice, warning, error };

// Where process messages go from now on: stderr, unless quiet; journald's priority prefixes ("<4>") when the
// process runs under systemd with stderr connected to the journal. Call before the workers start.
struct ProcessLogOptions {
  LogLevel level = LogLevel::notice;
  bool quiet = false;  // nothing at all, like HAProxy's -q: the exit code tells
};
void process_log_init(const ProcessLogOptions& options);

// Prints "[NOTICE]   (pid) : text". Thread-safe; one write per line.
void log_message(LogLevel level, std::string_view text);
inline void log_debug(std::string_view text) { log_message(LogLevel::debug, text); }
inline void log_info(std::string_view text) { log_message(LogLevel::info, text); }
inline void log_notice(std::string_view text) { log_message(LogLevel::notice, text); }
inline void log_warning(std::string_view text) { log_message(LogLevel::warning, text); }
inline void log_error(std::string_view text) { log_message(LogLevel::error, text); }

}  // namespace evenkeel
