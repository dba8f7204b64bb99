// What a health check found out: the result words of HAProxy and what each one means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace evenkeel::health {

// In the order of management manual 9.1, field check_status; the process results (external checks) last.
enum class CheckStatus : std::uint8_t {
  unknown,   // UNK: never checked
  init,      // INI: about to be checked for the first time
  started,   // a check runs and none has finished before
  sock_err,  // SOCKERR: we had no socket (descriptors, source address, unusable target)
  l4_ok,
  l4_tout,
  l4_con,
  l6_ok,
  l6_tout,
  l6_rsp,
  l7_tout,
  l7_rsp,
  l7_ok,
  l7_okc,  // passed conditionally: no new load, persistence stays
  l7_sts,
  proc_err,
  proc_tout,
  proc_ok,
  observed,  // HANA: traffic, not a check, found the server bad (observe layer4|layer7)
  checked,   // CHECKED: an agent answered without an opinion on up or down
};
inline constexpr int kCheckStatusCount = static_cast<int>(CheckStatus::checked) + 1;

// What a status does to the health counter.
enum class CheckResult : std::uint8_t {
  neutral,  // nothing is known yet, or the outcome says nothing about the server
  failed,
  passed,
  conditional,  // counts as passed, but takes the server out of load balancing (NOLB)
};

struct CheckStatusInfo {
  std::string_view code;         // "L4OK"; statistics and `show stat`
  std::string_view description;  // "Layer4 check passed"; logs and the statistics page
  CheckResult result;
};

// The row of a status; never fails.
const CheckStatusInfo& info(CheckStatus status) noexcept;
inline std::string_view code(CheckStatus status) noexcept { return info(status).code; }
inline std::string_view description(CheckStatus status) noexcept { return info(status).description; }
inline CheckResult result(CheckStatus status) noexcept { return info(status).result; }

// The status with this code ("L7OKC", exact case); nullopt for anything else.
std::optional<CheckStatus> status_from_code(std::string_view code) noexcept;

// Whether reports show the numeric code (HTTP status, SMTP reply, SQL error, exit status; 0 included):
// HAProxy does so where the server spoke at layer 7 or a process ended, and nowhere else.
[[nodiscard]] bool has_code(CheckStatus status) noexcept;

}  // namespace evenkeel::health
