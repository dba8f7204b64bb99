// room: core
// NetScaler's client IP header: no prefix says more than the whole, and what is behind it does not matter.
#include <string>
#include <vector>

#include "core/netscaler_cip.h"
#include "tests/fuzz/check.h"

using namespace evenkeel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> copy(data, data + size);
  const CipHeader header = parse_netscaler_cip({copy.data(), copy.size()}, 8);
  if (header.status != CipParse::complete) return 0;
  FUZZ_CHECK(header.length <= size && header.source.is_ip() && header.destination.is_ip());
  const std::vector<char> exact(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(header.length));
  const CipHeader again = parse_netscaler_cip({exact.data(), exact.size()}, 8);
  FUZZ_CHECK(again.status == CipParse::complete && again.source == header.source);
  FUZZ_CHECK(parse_netscaler_cip({exact.data(), exact.size() - 1}, 8).status == CipParse::need_more);
  return 0;
}
