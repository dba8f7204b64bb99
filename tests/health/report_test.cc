// The lines are those of HAProxy 2.6.12.
#include "health/report.h"

#include <gtest/gtest.h>

namespace evenkeel::health {
namespace {

TEST(CheckLogLine, ReadsAsInHaproxy) {
  HealthCounter full(2, 3, InitState::fully_up);
  HealthCounter down(2, 2, InitState::fully_down);
  EXPECT_EQ(
      check_log_line(CheckKind::health, "li/s1", {CheckStatus::proc_ok, 0, {}}, 6, full, "UP"),
      "Health check for server li/s1 succeeded, reason: External check passed, code: 0, check duration: 6ms, "
      "status: 3/3 UP.");
  EXPECT_EQ(
      check_log_line(CheckKind::health, "xk/s1", {CheckStatus::proc_err, -1, {}}, 1, down, "DOWN"),
      "Health check for server xk/s1 failed, reason: External check error, code: -1, check duration: 1ms, "
      "status: 0/2 DOWN.");
  EXPECT_EQ(
      check_log_line(CheckKind::health, "z404/s1", {CheckStatus::l7_okc, 404, {}}, 0,
                     HealthCounter(2, 2, InitState::fully_up), "UP"),
      "Health check for server z404/s1 conditionally succeeded, reason: Layer7 check conditionally passed, "
      "code: 404, check duration: 0ms, status: 2/2 UP.");
  EXPECT_EQ(
      check_log_line(CheckKind::agent, "g/s1", {CheckStatus::l7_sts, 0, "via agent : fail (because)"}, 203,
                     HealthCounter(1, 1, InitState::fully_down), "DOWN"),
      "Agent check for server g/s1 failed, reason: Layer7 wrong status, code: 0, info: \"via agent : fail "
      "(because)\", check duration: 203ms, status: 0/1 DOWN.");
  EXPECT_EQ(reason_text({CheckStatus::l7_sts, 404, "Some Reason: with, stuff \"q\""}, 0),
            "reason: Layer7 wrong status, code: 404, info: \"Some Reason: with, stuff <22>q<22>\", check "
            "duration: 0ms");
}

TEST(CheckLogLine, NamesNoDurationWithoutACheck) {
  HealthCounter weak(2, 3);
  EXPECT_EQ(check_log_line(CheckKind::health, "o/s1",
                           {CheckStatus::observed, 0, traffic_errors_text(2, TrafficError::status)}, -1, weak,
                           "UP"),
            "Health check for server o/s1 failed, reason: Health analyze, info: \"Detected 2 consecutive "
            "errors, last "
            "one was: Wrong http response\", status: 1/3 UP.");
}

TEST(Observe, KnowsGoodStatuses) {
  for (const int good : {100, 200, 302, 404, 499, 501, 505}) EXPECT_TRUE(is_good_status(good)) << good;
  for (const int bad : {99, 500, 502, 503, 504, 600}) EXPECT_FALSE(is_good_status(bad)) << bad;
}

}  // namespace
}  // namespace evenkeel::health
