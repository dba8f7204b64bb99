#include "health/report.h"

namespace evenkeel::health {
namespace {

std::string_view words(TrafficError error) noexcept {
  switch (error) {
    case TrafficError::connect:
      return "L4 unsuccessful connection";
    case TrafficError::status:
      return "Wrong http response";
    case TrafficError::headers:
      return "Invalid http response (headers)";
    case TrafficError::timeout:
      return "Read timeout (http)";
    case TrafficError::closed:
      return "Close from server (http)";
  }
  return "";
}

}  // namespace

std::string traffic_errors_text(int count, TrafficError last) {
  return "Detected " + std::to_string(count) +
         " consecutive errors, last one was: " + std::string(words(last));
}

std::string reason_text(const Verdict& verdict, Millis duration_ms) {
  std::string text = "reason: ";
  text += description(verdict.status);
  if (has_code(verdict.status)) text += ", code: " + std::to_string(verdict.code);
  if (!verdict.text.empty()) text += ", info: \"" + printable(verdict.text) + "\"";
  if (duration_ms >= 0) text += ", check duration: " + std::to_string(duration_ms) + "ms";
  return text;
}

std::string check_log_line(CheckKind kind, std::string_view server, const Verdict& verdict,
                           Millis duration_ms, const HealthCounter& health, std::string_view state) {
  std::string text = kind == CheckKind::health ? "Health" : "Agent";
  text.append(" check for server ").append(server);
  switch (result(verdict.status)) {
    case CheckResult::passed:
      text += " succeeded, ";
      break;
    case CheckResult::conditional:
      text += " conditionally succeeded, ";
      break;
    case CheckResult::failed:
    case CheckResult::neutral:
      text += " failed, ";
      break;
  }
  text += reason_text(verdict, duration_ms);
  text += ", status: " + std::to_string(health.shown()) + "/" + std::to_string(health.shown_of());
  return text.append(" ").append(state).append(".");
}

}  // namespace evenkeel::health
