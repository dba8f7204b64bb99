// room: rules
// Any bytes from a peer through the converters that read formats: JSON, tokens, protobuf, MQTT, FIX,
// Forwarded, packets, dates and the normalisers of targets. The first byte chooses the expression.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/clock.h"
#include "rules/compile_env.h"
#include "rules/context.h"
#include "rules/expression.h"
#include "rules/uri_normalizers.h"

using namespace evenkeel;

namespace {

const std::vector<rules::Expression>& programs() {
  static const std::vector<rules::Expression> all = [] {
    std::vector<rules::Expression> list;
    rules::CompileEnv env;
    for (const char* text :
         {"json_query('$.a.b[2]')",
          "json_query('$[1][0].x',int)",
          "json_query('$')",
          "jwt_header_query('$.alg')",
          "jwt_payload_query",
          "jwt_verify(HS256,secret)",
          "jwt_decrypt_secret(GawgguFyGrWKav7AX4VKUg)",
          "protobuf(1.2.3,int32)",
          "protobuf(2),hex",
          "ungrpc(1.1)",
          "mqtt_is_valid",
          "mqtt_field_value(connect,username)",
          "mqtt_field_value(connack,31)",
          "fix_is_valid",
          "fix_tag_value(49)",
          "rfc7239_is_valid",
          "rfc7239_field(for),rfc7239_n2nn,rfc7239_nn",
          "rfc7239_n2np",
          "eth.data,ip.fp(7),hex",
          "eth.vlan",
          "ip.hdr",
          "ip.src",
          "ip.data,tcp.options_list",
          "tcp.options.tsval",
          "date,http_date",
          "reverse_dom",
          "base2",
          "xxh3(1)",
          "aes_cbc_dec(128,MDEyMzQ1Njc4OWFiY2RlZg==,MDEyMzQ1Njc4OWFiY2RlZg==)",
          "aes_gcm_dec(128,MDEyMzQ1Njc4OWFi,MDEyMzQ1Njc4OWFiY2RlZg==,MDEyMzQ1Njc4OWFiY2RlZg==)"}) {
      auto expression = rules::Expression::compile("req.payload(0,0)," + std::string(text), env);
      if (!expression) std::abort();
      list.push_back(std::move(*expression));
    }
    return list;
  }();
  return all;
}

void normalize(std::string_view text) {
  namespace uri = rules::uri;
  std::string once;
  std::string twice;
  if (uri::strip_dotdot(uri::strip_dotdot(text, true), true) != uri::strip_dotdot(text, true)) std::abort();
  if (uri::merge_slashes(text).size() > text.size() || uri::strip_dot(text).size() > text.size() + 1)
    std::abort();
  if (uri::sort_query(text).size() != text.size()) std::abort();
  if (uri::uppercase_escapes(text, false, once) && once.size() != text.size()) std::abort();
  uri::decode_unreserved(text, true, twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t chosen = data[0] % (programs().size() + 1);
  if (chosen == programs().size()) {
    normalize(bytes);
    return 0;
  }
  rules::EvalContext ctx;
  rules::Scratch scratch;
  const SystemClock clock;
  ctx.scratch = &scratch;
  ctx.clock = &clock;
  ctx.mode_http = false;
  ctx.request_bytes = {bytes, true};
  rules::Sample sample;
  if (programs()[chosen].eval(ctx, sample)) (void)rules::as_text(sample, scratch);
  return 0;
}
