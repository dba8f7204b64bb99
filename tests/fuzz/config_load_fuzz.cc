// room: app
// Any bytes as a whole configuration, from words to definitions: all keywords of all rooms, no disk, no
// names.
#include <cstdint>
#include <memory>
#include <string>

#include "app/config_loader.h"
#include "tests/fuzz/check.h"

namespace {

using namespace evenkeel;

app::LoadOptions options_for(std::string text) {
  app::LoadOptions options;
  options.sources.push_back(std::make_shared<const conf::SourceFile>("fuzz.cfg", std::move(text)));
  options.services.resolver = [](const std::string& host, conf::AddressSpec::Family) {
    return host.starts_with('l') ? std::vector<Address>{Address::loopback_v4(0)} : std::vector<Address>{};
  };
  options.services.read_file = [](const std::string& path) -> Result<std::string, std::string> {
    if (path.starts_with('/')) return {boost::system::in_place_value, "HTTP/1.0 503 No\r\n\r\n"};
    return {boost::system::in_place_error, "No such file or directory"};
  };
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  conf::Diagnostics diagnostics;
  const app::LoadResult result =
      app::load_config(options_for({reinterpret_cast<const char*>(data), size}), diagnostics);
  FUZZ_CHECK(result.config == nullptr ? diagnostics.has_errors() : !diagnostics.has_errors());
  (void)diagnostics.render_text({});
  (void)diagnostics.render_json();
  if (!result) return 0;
  for (const auto& backend : result.config->backends) {
    FUZZ_CHECK(backend->fullconn > 0);
    for (const auto& server : backend->servers)
      FUZZ_CHECK(!server.name.empty() && server.id > 0 && server.weight <= 256);
  }
  for (const auto& frontend : result.config->frontends) {
    for (const auto& bind : frontend->binds) FUZZ_CHECK(!bind.name.empty() && bind.id > 0);
    FUZZ_CHECK(frontend->maxconn > 0);
  }
  return 0;
}
