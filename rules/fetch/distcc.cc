// distcc_param and distcc_body (manual 7.3.5): tokens of four letters and a number of eight hexadecimal
// digits, some followed by as many bytes.
#include "rules/fetch/families.h"
#include "rules/text.h"

namespace evenkeel::rules::fetch {
namespace {

constexpr std::size_t kToken = 4;
constexpr std::size_t kHead = kToken + 8;

bool has_body(std::string_view token) noexcept {
  for (const std::string_view plain : {"DIST", "ARGC", "DONE", "STAT", "NFIL"}) {
    if (token == plain) return false;
  }
  return true;
}

// The n-th token of the name: its number, and where its body begins. False: not there, with state.pending if
// it may still come.
bool find(const Args& args, EvalContext& ctx, FetchState& state, std::size_t& number,
          std::string_view& body) {
  const Bytes& bytes = ctx.in_response ? ctx.response_bytes : ctx.request_bytes;
  std::string_view rest = bytes.data;
  std::int64_t left = args.number(1, 1);
  while (rest.size() >= kHead) {
    number = 0;
    for (const char c : rest.substr(kToken, 8)) {
      const int digit = text::hex_value(c);
      if (digit < 0) return false;
      number = number << 4U | static_cast<unsigned>(digit);
    }
    const std::string_view token = rest.substr(0, kToken);
    body = rest.substr(kHead);
    if (token == args.text(0) && --left == 0) return true;
    if (!has_body(token)) {
      rest = body;
    } else if (body.size() < number) {
      break;
    } else {
      rest = body.substr(number);
    }
  }
  state.pending = !bytes.complete && !ctx.inspection_ended;
  return false;
}

bool param(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  std::size_t number = 0;
  std::string_view body;
  if (!find(args, ctx, state, number, body)) return false;
  out = Sample::of_int(static_cast<std::int64_t>(number));
  return true;
}
bool body(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  std::size_t number = 0;
  std::string_view bytes;
  if (!find(args, ctx, state, number, bytes)) return false;
  if (bytes.size() < number) {
    state.pending = !ctx.request_bytes.complete && !ctx.inspection_ended;
    return false;
  }
  out = Sample::of_bin(bytes.substr(0, number));
  return true;
}
std::string prepare(Args& args, CompileEnv&) {
  if (args.text(0).size() != kToken) return "a token has four letters";
  return args.number(1, 1) >= 1 ? "" : "tokens are counted from 1";
}
std::string prepare_body(Args& args, CompileEnv& env) {
  if (std::string error = prepare(args, env); !error.empty()) return error;
  return has_body(args.text(0)) ? "" : "'" + std::string(args.text(0)) + "' has no body";
}

constexpr FetchSpec kFetches[] = {
    {"distcc_body", "s[i", SampleType::bin, scope::kEither, body, prepare_body},
    {"distcc_param", "s[i", SampleType::sint, scope::kEither, param, prepare},
};

}  // namespace

std::span<const FetchSpec> distcc() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
