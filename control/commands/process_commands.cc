// Commands about the process as a whole.
#include <unistd.h>

#include "control/commands/commands.h"
#include "control/lookup.h"
#include "core/clock.h"
#include "frontends/engine.h"
#include "frontends/stat_rows.h"
#include "stats/info.h"
#include "stats/json.h"

namespace evenkeel::control {

using frontends::Engine;

Answer show_version(Call& call) {
  return {frontends::process_info(call.engine).version.value_or("") + "\n", Severity::info};
}

// Of the options, "float" allows floating point numbers where a field would gain by it (management manual
// 9.3); none of ours does.
Answer show_info(Call& call) {
  stats::InfoForm form = stats::InfoForm::plain;
  bool with_desc = false;
  for (std::size_t i = 0; !call.arg(i).empty(); ++i) {
    if (call.arg(i) == "typed") form = stats::InfoForm::typed;
    if (call.arg(i) == "json") form = stats::InfoForm::json;
    if (call.arg(i) == "desc") with_desc = true;
  }
  Answer answer;
  stats::append_info(answer.text, frontends::process_info(call.engine), form, with_desc);
  if (form == stats::InfoForm::json) answer.text += '\n';
  return answer;
}

Answer show_schema(Call&) { return {std::string(stats::json_schema()) + "\n", Severity::none}; }

Task<void> show_env(Call& call, Output& out) {
  const std::string name(call.arg(0));
  bool found = false;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!name.empty() && text.substr(0, text.find('=')) != name) continue;
    found = true;
    out.text.append(text).append("\n");
    if (out.full() && !co_await out.flush()) co_return;
  }
  if (!found && !name.empty()) out.refuse("Variable not found\n");
}

Answer set_maxconn_global(Call& call) {
  if (call.arg(0).empty()) return failed("Expects an integer value.\n");
  const auto value = whole_number(call.arg(0));
  if (!value) return failed("Expects an integer value.\n");
  Engine& engine = call.engine;
  const std::uint32_t initial = engine.initial_maxconn;
  if (*value < 0 || (initial != 0 && *value > initial)) return failed("Value out of range.\n");
  engine.maxconn.store(*value == 0 ? initial : static_cast<std::uint32_t>(*value));
  engine.room_made();
  return done();
}

Answer set_rate_limit(Call& call) {
  std::atomic<std::uint32_t>* limit = nullptr;
  if (call.arg(0) == "connections") limit = &call.engine.connection_rate_limit;
  if (call.arg(0) == "sessions") limit = &call.engine.session_rate_limit;
  if (call.arg(0) == "http-compression") limit = &call.engine.compression_rate_limit;
  if (call.arg(0) == "ssl-sessions") {
    return failed("'set rate-limit " + std::string(call.arg(0)) +
                  "' is a known HAProxy command, not supported by Evenkeel yet.\n");
  }
  if (limit == nullptr || call.arg(1) != "global") {
    return failed(
        "'set rate-limit' only supports :\n"
        "   - 'connections global' to set the per-process maximum connection rate\n"
        "   - 'sessions global' to set the per-process maximum session rate\n"
        "   - 'http-compression global' to set the per-process maximum compression speed in kB/s\n");
  }
  if (call.arg(2).empty()) return failed("Expects an integer value.\n");
  const auto value = whole_number(call.arg(2));
  if (!value) return failed("Expects an integer value.\n");
  if (*value < 0 || *value > INT32_MAX) return failed("Value out of range.\n");
  limit->store(static_cast<std::uint32_t>(*value));
  return done();
}

Answer clear_counters(Call& call) {
  const bool all = call.arg(0) == "all";
  if (all && call.session.level != Level::admin) return failed("Permission denied\n");
  const Millis now = SystemClock().now_ms();
  const auto reset = [&](stats::EntityCounters& counters) {
    all ? counters.reset_all(now) : counters.reset_maxima(now);
  };
  reset(call.engine.totals);
  for (const auto& frontend : call.engine.frontends()) {
    reset(frontend->totals);
    for (const auto& listener : frontend->listeners) reset(listener->totals);
  }
  for (const auto& backend : call.engine.backends()) {
    reset(backend->totals);
    for (backends::Server* server : backend->servers()) reset(server->totals);
  }
  return done();
}

}  // namespace evenkeel::control
