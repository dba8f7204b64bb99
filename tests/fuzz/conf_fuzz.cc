// room: conf
// Any bytes through the whole configuration grammar: files, blocks, words, arguments, messages.
#include <cstdint>
#include <cstdlib>

#include "conf/document.h"
#include "conf/keyword_table.h"

namespace {

using namespace evenkeel::conf;

void read_values(const Section& section, Diagnostics& diagnostics) {
  for (const Statement& statement : section.lines) {
    Args args(statement, section.kind, diagnostics);
    args.skip();
    while (!args.at_end()) {
      const std::string_view word = args.peek();
      (void)parse_duration_us(word);
      (void)parse_size(word);
      (void)parse_percentage(word);
      (void)parse_address(word, AddressRules::bind());
      (void)parse_address(word, AddressRules::server());
      (void)args.integer(-100, 100);
    }
    Args unknown(statement, section.kind, diagnostics);
    report_unknown(unknown, {});
    Args option(statement, section.kind, diagnostics);
    const std::size_t before = option.position();
    report_unknown_option(option, KnownKind::server_option, "server", {});
    if (option.position() <= before) std::abort();  // would loop for ever
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Environment env;
  env.set("V", "a b  c");
  env.set("E", "");
  Facts facts;
  Diagnostics diagnostics;
  const auto file =
      std::make_shared<const SourceFile>("fuzz.cfg", std::string(reinterpret_cast<const char*>(data), size));
  const Document document = read_document({file}, env, facts, diagnostics);
  for (const Section& section : document.sections) read_values(section, diagnostics);
  (void)diagnostics.render_text({.diag = true});
  (void)diagnostics.render_json();
  return 0;
}
