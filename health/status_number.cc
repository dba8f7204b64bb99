#include "health/status_number.h"

namespace evenkeel::health {

int status_number(CheckStatus status) noexcept {
  switch (status) {
    case CheckStatus::unknown:
    case CheckStatus::init:
      return 1;
    case CheckStatus::started:
      return 2;
    case CheckStatus::checked:
      return 3;
    case CheckStatus::observed:
      return 4;
    case CheckStatus::sock_err:
      return 5;
    case CheckStatus::l4_ok:
      return 6;
    case CheckStatus::l4_tout:
      return 7;
    case CheckStatus::l4_con:
      return 8;
    case CheckStatus::l6_ok:
      return 9;
    case CheckStatus::l6_tout:
      return 10;
    case CheckStatus::l6_rsp:
      return 11;
    case CheckStatus::l7_tout:
      return 12;
    case CheckStatus::l7_rsp:
      return 13;
    case CheckStatus::l7_ok:
      return 15;
    case CheckStatus::l7_okc:
      return 16;
    case CheckStatus::l7_sts:
      return 17;
    case CheckStatus::proc_err:
      return 18;
    case CheckStatus::proc_tout:
      return 19;
    case CheckStatus::proc_ok:
      return 20;
  }
  return 0;
}

CheckStatus status_of_number(int number) noexcept {
  for (int i = 0; i < kCheckStatusCount; ++i) {
    const auto status = static_cast<CheckStatus>(i);
    if (status_number(status) == number) return status;
  }
  return CheckStatus::unknown;
}

}  // namespace evenkeel::health
