#include "health/status.h"

#include <array>

namespace evenkeel::health {
namespace {

using enum CheckResult;

constexpr std::array<CheckStatusInfo, kCheckStatusCount> kTable = {{
    {"UNK", "Unknown", neutral},
    {"INI", "Initializing", neutral},
    {"CHECK", "Check started", neutral},
    {"SOCKERR", "Socket error", failed},
    {"L4OK", "Layer4 check passed", passed},
    {"L4TOUT", "Layer4 timeout", failed},
    {"L4CON", "Layer4 connection problem", failed},
    {"L6OK", "Layer6 check passed", passed},
    {"L6TOUT", "Layer6 timeout", failed},
    {"L6RSP", "Layer6 invalid response", failed},
    {"L7TOUT", "Layer7 timeout", failed},
    {"L7RSP", "Layer7 invalid response", failed},
    {"L7OK", "Layer7 check passed", passed},
    {"L7OKC", "Layer7 check conditionally passed", conditional},
    {"L7STS", "Layer7 wrong status", failed},
    {"PROCERR", "External check error", failed},
    {"PROCTOUT", "External check timeout", failed},
    {"PROCOK", "External check passed", passed},
    {"HANA", "Health analyze", failed},
    {"CHECKED", "No status change", neutral},
}};

}  // namespace

const CheckStatusInfo& info(CheckStatus status) noexcept { return kTable[static_cast<std::size_t>(status)]; }

std::optional<CheckStatus> status_from_code(std::string_view code) noexcept {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (kTable[i].code == code) return static_cast<CheckStatus>(i);
  }
  return std::nullopt;
}

bool has_code(CheckStatus status) noexcept {
  return status >= CheckStatus::l7_ok && status <= CheckStatus::proc_ok;
}

}  // namespace evenkeel::health
