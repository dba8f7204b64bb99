// room: rules
// Any text as a log format.
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "rules/compile_env.h"
#include "rules/context.h"
#include "rules/log_format.h"
#include "stats/log_date.h"
#include "stats/session_record.h"

using namespace evenkeel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 512) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  rules::CompileEnv env;
  env.read_file = [](const std::string&, std::string&) { return false; };
  const auto format =
      rules::LogFormat::compile(text, env, rules::at(rules::Place::log), rules::LogFormat::Use::log);
  if (!format) return 0;
  rules::EvalContext ctx;
  rules::Scratch scratch;
  const SystemClock clock;
  stats::SessionRecord record;
  stats::LogDate date;
  record.client = Address::loopback_v4(1);
  record.method = "GE\"T";
  record.target_uri = "/#\x01";
  ctx.scratch = &scratch;
  ctx.clock = &clock;
  ctx.record = &record;
  ctx.log_date = &date;
  std::string out;
  format->append(ctx, out);
  return 0;
}
