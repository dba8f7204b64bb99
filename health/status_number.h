// The numbers by which state files name what the last check said (management guide 9.3, show servers state).
#pragma once

#include "health/status.h"

namespace evenkeel::health {

int status_number(CheckStatus status) noexcept;
// unknown for numbers that mean nothing.
CheckStatus status_of_number(int number) noexcept;

}  // namespace evenkeel::health
