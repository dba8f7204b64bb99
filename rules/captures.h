// Values kept by `capture request|response header` and `http-request capture`, for logs and later rules.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace evenkeel::rules {

struct CaptureSlots {
  std::vector<std::optional<std::string>> values;  // by slot, in the order of declaration
};

}  // namespace evenkeel::rules
