// room: rules
// Any bytes from a peer through every converter, cast and ClientHello reader: the first byte chooses the
// expression.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "rules/compile_env.h"
#include "rules/context.h"
#include "rules/expression.h"

using namespace evenkeel;

namespace {

const std::vector<rules::Expression>& programs() {
  static const std::vector<rules::Expression> all = [] {
    std::vector<rules::Expression> list;
    rules::CompileEnv env;
    for (const char* text : {"req.payload(0,0),lower,upper,length",
                             "req.payload(0,0),url_dec",
                             "req.payload(0,0),url_dec(1),url_enc",
                             "req.payload(0,0),json(utf8)",
                             "req.payload(0,0),json(utf8ps)",
                             "req.payload(0,0),base64,b64dec",
                             "req.payload(0,0),b64dec,hex",
                             "req.payload(0,0),ub64dec,ub64enc",
                             "req.payload(0,0),regsub(a*,<\\0>,g)",
                             "req.payload(0,0),regsub('(.)(.)',\\2\\1,g)",
                             "req.payload(0,0),field(-2,.,2)",
                             "req.payload(0,0),word(2,. ,0)",
                             "req.payload(0,0),lower,ipmask(24,64)",
                             "req.payload(0,0),add(1),http_date",
                             "req.payload(0,0),language(a;b,c)",
                             "req.payload(0,0),param(x)",
                             "req.payload(0,0),host_only",
                             "req.payload(0,0),port_only",
                             "req.ssl_sni",
                             "req.ssl_alpn",
                             "req.ssl_ver",
                             "req.ssl_hello_type",
                             "req.ssl_ec_ext",
                             "req.rdp_cookie(mstshash)",
                             "req.payload_lv(43,1)",
                             "req.payload_lv(1,4,+2)",
                             "req.payload(0,0),be2dec(:,2)",
                             "req.payload(0,0),xxh64,xxh32",
                             "req.body_param(x)"}) {
      list.push_back(*rules::Expression::compile(text, env));
    }
    return list;
  }();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 4096) return 0;
  // A copy of the exact size, so that the sanitizer sees any read beyond it.
  const auto bytes = std::make_unique<char[]>(size - 1);
  std::copy(data + 1, data + size, bytes.get());
  rules::EvalContext ctx;
  rules::Scratch scratch;
  const SystemClock clock;
  ctx.scratch = &scratch;
  ctx.clock = &clock;
  ctx.mode_http = false;
  ctx.request_bytes = ctx.request_body = {{bytes.get(), size - 1}, true};
  rules::Sample sample;
  if (programs()[data[0] % programs().size()].eval(ctx, sample)) (void)rules::as_text(sample, scratch);
  return 0;
}
