// room: stats
// Everything that a client can send to the stats page: its target, its credentials and its form.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stats/page_service.h"

using namespace evenkeel;
using namespace evenkeel::stats;

// Input: target, line feed, Authorization, line feed, body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static ManualClock clock;
  static PageService service(clock);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto line = [&] {
    const std::string_view head = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), head.size() + 1));
    return head;
  };
  StatsPageDef def;
  def.enabled = true;
  def.uri = "/stats";
  def.users = {{"admin", "admin"}};
  PageQuery query{.target = line(), .authorization = line(), .body = rest, .admin = true};
  for (const std::string_view method : {"GET", "POST"}) {
    query.method = method;
    const PageStep step = service.begin(def, query);
    // What travels in Location and in the page's links must not end a line.
    if (page_target(def.uri, step.request).find_first_of("\r\n") != std::string_view::npos) std::abort();
    if (step.kind == PageStep::Kind::perform) std::abort();  // nobody can guess the token
    if (step.kind == PageStep::Kind::show) (void)service.show(def, step, {}, {}, true);
  }
  return 0;
}
