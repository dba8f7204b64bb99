// room: rules
// Any text as a sample expression, run on a request: nothing may crash, whatever the configuration says.
#include <cstdint>
#include <string>

#include "core/clock.h"
#include "http/parser.h"
#include "rules/compile_env.h"
#include "rules/context.h"
#include "rules/expression.h"

using namespace evenkeel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 512) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  rules::CompileEnv env;
  env.read_file = [](const std::string&, std::string& content) {
    content = "a b\n/a c\n10.0.0.0/8 5\n";
    return true;
  };
  const auto expression = rules::Expression::compile(text, env);
  if (!expression) return 0;
  std::string message =
      "GET /a%20b?x=1;y=%zz HTTP/1.1\r\nHost: h\r\nX: \"a,b\", c\r\nCookie: a=1; b\r\nAuthorization: Basic "
      "YTpi\r\n\r\n";
  http::RequestHead head;
  http::parse_request_head({message.data(), message.size()}, {}, head);
  head.headers.rebase(message.data());
  rules::EvalContext ctx;
  rules::Scratch scratch;
  rules::VariableStore variables;
  const SystemClock clock;
  ctx.scratch = &scratch;
  ctx.clock = &clock;
  ctx.request = &head;
  ctx.transaction_vars = ctx.session_vars = ctx.request_vars = &variables;
  ctx.src = Address::loopback_v4(1);
  ctx.request_bytes = {std::string_view(message), true};
  rules::FetchState state;
  state.iterate = true;
  rules::Sample sample;
  for (int i = 0; i < 8; ++i) {
    state.more = false;
    if (expression->eval(ctx, state, sample)) (void)rules::as_text(sample, scratch);
    if (!state.more) break;
  }
  return 0;
}
