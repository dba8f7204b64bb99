// room: vrrp
// keepalived's notify FIFO: what was understood can be written and read again, and lines do not depend on
// pieces.
#include <string>
#include <vector>

#include "tests/fuzz/check.h"
#include "vrrp/notify.h"

using namespace evenkeel::vrrp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> whole;
  std::vector<std::string> pieces;
  LineSplitter().feed(bytes, whole);
  LineSplitter splitter;
  for (const char c : bytes) splitter.feed({&c, 1}, pieces);
  FUZZ_CHECK(whole == pieces);
  Roles roles;
  for (const std::string& line : whole) {
    const auto notice = parse_notice(line);
    if (!notice) continue;
    const auto again = parse_notice(format_notice(*notice));
    FUZZ_CHECK(again && again->name == notice->name && again->event == notice->event &&
               again->priority == notice->priority && again->since_s == notice->since_s);
    roles.apply(*notice, 1);
  }
  FUZZ_CHECK(roles.all().size() <= whole.size());
  return 0;
}
