// Message bodies, as far as they are buffered (manual 7.3.6; `option http-buffer-request`, wait-for-body).
#include "rules/fetch/families.h"
#include "rules/query.h"
#include "rules/text.h"

namespace evenkeel::rules::fetch {
namespace {

bool req_body(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_bin(ctx.request_body.data);
  return true;
}
bool res_body(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_bin(ctx.response_body.data);
  return true;
}
bool req_body_len(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(static_cast<std::int64_t>(ctx.request_body.data.size()));
  return true;
}
bool res_body_len(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(static_cast<std::int64_t>(ctx.response_body.data.size()));
  return true;
}
bool req_body_size(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(static_cast<std::int64_t>(ctx.request_body_size));
  return true;
}
bool res_body_size(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(static_cast<std::int64_t>(ctx.response_body_size));
  return true;
}

bool req_body_param(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const std::string_view wanted = args.text(0);
  const bool fold = args.text(1) == "i";
  QueryReader reader(ctx.request_body.data);
  std::string_view name;
  std::string_view value;
  bool has_value = false;
  for (std::uint32_t seen = 0; reader.next(name, value, has_value);) {
    const bool matches =
        has_value && (wanted.empty() || name == wanted || (fold && text::equal_fold(name, wanted)));
    if (!matches || seen++ < state.cursor) continue;
    ++state.cursor;
    state.more = state.iterate;
    out = Sample::of_bin(value);
    return true;
  }
  return false;
}

constexpr FetchSpec kFetches[] = {
    {"req.body", "", SampleType::bin, scope::kRequest, req_body},
    {"req.body_len", "", SampleType::sint, scope::kRequest, req_body_len},
    {"req.body_size", "", SampleType::sint, scope::kRequest, req_body_size},
    {"req.body_param", "[ss", SampleType::bin, scope::kRequest, req_body_param},
    {"res.body", "", SampleType::bin, scope::kResponse, res_body},
    {"res.body_len", "", SampleType::sint, scope::kResponse, res_body_len},
    {"res.body_size", "", SampleType::sint, scope::kResponse, res_body_size},
};

}  // namespace

std::span<const FetchSpec> http_body() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
