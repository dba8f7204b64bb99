// What `capture` kept of messages that may be gone (manual 7.3.6).
#include "rules/captures.h"
#include "rules/fetch/families.h"

namespace evenkeel::rules::fetch {
namespace {

bool slot(const CaptureSlots* slots, const Args& args, Sample& out) noexcept {
  const auto index = static_cast<std::size_t>(args.number(0, 0));
  if (slots == nullptr || index >= slots->values.size() || !slots->values[index]) return false;
  out = Sample::of_text(*slots->values[index]);
  return true;
}
bool req_hdr(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  return slot(ctx.request_captures, args, out);
}
bool res_hdr(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  return slot(ctx.response_captures, args, out);
}
bool kept(std::string_view text, Sample& out) noexcept {
  out = Sample::of_text(text);
  return !text.empty();
}
bool req_method(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  return kept(ctx.captured_method, out);
}
bool req_ver(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  return kept(ctx.captured_version, out);
}
bool res_ver(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  return kept(ctx.captured_response_version, out);
}
// The URI without scheme and host.
bool req_uri(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  std::string_view uri = ctx.captured_uri;
  if (const std::size_t scheme = uri.find("://"); scheme != std::string_view::npos && uri.front() != '/') {
    const std::size_t slash = uri.find('/', scheme + 3);
    uri = slash == std::string_view::npos ? std::string_view("/") : uri.substr(slash);
  }
  return kept(uri, out);
}

constexpr FetchSpec kFetches[] = {
    {"capture.req.hdr", "i", SampleType::str, scope::kStream, req_hdr},
    {"capture.req.method", "", SampleType::str, scope::kStream, req_method},
    {"capture.req.uri", "", SampleType::str, scope::kStream, req_uri},
    {"capture.req.ver", "", SampleType::str, scope::kStream, req_ver},
    {"capture.res.hdr", "i", SampleType::str, scope::kServerSide, res_hdr},
    {"capture.res.ver", "", SampleType::str, scope::kStream, res_ver},
};

}  // namespace

std::span<const FetchSpec> captures() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
