// Commands about the connection itself.
#include "conf/units.h"
#include "control/catalog.h"
#include "control/commands/commands.h"
#include "control/runtime_server.h"

namespace evenkeel::control {
namespace {

Answer toggle(Call& call, bool& mode, std::string_view name) {
  const std::string_view word = call.arg(0);
  if (word.empty()) return {std::string(name) + (mode ? " is ON\n" : " is OFF\n"), Severity::info};
  mode = word == "on";
  return done();
}

Answer lower(Call& call, Level level) {
  call.session.level = level;
  call.session.expert = call.session.experimental = false;
  return done();
}

}  // namespace

Answer help(Call& call) {
  return {help_text(command_names(), std::span(call.words).subspan(call.path_words)), Severity::none};
}

Answer prompt(Call& call) {
  call.session.interactive = !call.session.interactive;
  return done();
}

Answer quit(Call& call) {
  call.session.close = true;
  return done();
}

Answer lower_to_operator(Call& call) { return lower(call, Level::operator_); }
Answer lower_to_user(Call& call) { return lower(call, Level::user); }

Answer expert_mode(Call& call) { return toggle(call, call.session.expert, "expert-mode"); }
Answer experimental_mode(Call& call) { return toggle(call, call.session.experimental, "experimental-mode"); }

Answer set_timeout(Call& call) {
  if (call.arg(0) != "cli") return failed("'set timeout' only supports 'cli'.\n");
  if (call.arg(1).empty()) return failed("Expects an integer value.\n");
  const auto delay = conf::parse_duration_ms(call.arg(1), conf::TimeUnit::s);
  if (!delay || delay.value < 1) return failed("Invalid timeout value.\n");
  call.session.timeout = delay.value;
  return done();
}

Answer set_severity_output(Call& call) {
  const std::string_view form = call.arg(0);
  if (form == "none") {
    call.session.severity = SeverityForm::none;
  } else if (form == "number") {
    call.session.severity = SeverityForm::number;
  } else if (form == "string") {
    call.session.severity = SeverityForm::string;
  } else {
    return failed("one of 'none', 'number', 'string' is a required argument\n");
  }
  return done();
}

Answer show_cli_level(Call& call) {
  return {std::string(to_string(call.session.level)) + "\n", Severity::info};
}

Answer show_cli_sockets(Call& call) {
  std::string text = "# socket lvl processes\n";
  if (call.server != nullptr) call.server->list_sockets(text);
  return {text, Severity::none};
}

}  // namespace evenkeel::control
