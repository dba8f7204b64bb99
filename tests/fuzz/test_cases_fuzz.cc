// room: app
// Any bytes as a file of cases for `evenkeel test`.
#include "app/test_cases.h"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  (void)evenkeel::app::parse_cases({reinterpret_cast<const char*>(data), size});
  return 0;
}
