// Start lines: method, target, version, status (manual 7.3.6).
#include "core/hash.h"
#include "http/head.h"
#include "http/url.h"
#include "rules/fetch/families.h"
#include "rules/query.h"
#include "rules/text.h"

namespace evenkeel::rules::fetch {
namespace {

// No head yet: content rules may wait for one, as long as the client may still send.
bool have_request(EvalContext& ctx, FetchState& state) noexcept {
  if (ctx.request != nullptr) return true;
  state.pending = !ctx.not_http && !ctx.request_bytes.complete && !ctx.inspection_ended;
  return false;
}

bool give(std::string_view text, Sample& out) noexcept {
  out = Sample::of_text(text);
  return true;
}

bool method(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (ctx.request == nullptr && !ctx.captured_method.empty()) {
    out = Sample::of_method(ctx.captured_method);
    return true;
  }
  if (!have_request(ctx, state)) return false;
  out = Sample::of_method(ctx.request->method_text());
  return true;
}
bool url(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  return have_request(ctx, state) && give(ctx.request->target(), out);
}
bool path(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  const std::string_view target = ctx.request->target();
  // Nearly all requests: a path, perhaps a query.
  if (!target.empty() && target.front() == '/') return give(target.substr(0, target.find('?')), out);
  const http::UrlParts parts = http::split_url(target);
  return !parts.path.empty() && give(parts.path, out);
}
bool pathq(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  const http::UrlParts parts = http::split_url(ctx.request->target());
  return !parts.path_and_query().empty() && give(parts.path_and_query(), out);
}
bool query(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  const http::UrlParts parts = http::split_url(ctx.request->target());
  if (args.text(0) == "with_qm" && !parts.query.empty())
    return give({parts.query.data() - 1, parts.query.size() + 1}, out);
  return give(parts.query, out);
}
std::string prepare_query(Args& args, CompileEnv&) {
  return args.text(0).empty() || args.text(0) == "with_qm" ? "" : "the only option is with_qm";
}

bool host_and(std::string_view rest, EvalContext& ctx, Sample& out) noexcept {
  const std::string_view host = ctx.request->headers.get(http::HeaderId::host);
  if (host.data() == nullptr && rest.empty()) return false;
  char* const to = ctx.scratch->take(host.size() + rest.size());
  if (to == nullptr) return false;
  host.copy(to, host.size());
  rest.copy(to + host.size(), rest.size());
  return give({to, host.size() + rest.size()}, out);
}
bool base(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  return have_request(ctx, state) && host_and(http::split_url(ctx.request->target()).path, ctx, out);
}
bool baseq(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  return have_request(ctx, state) &&
         host_and(http::split_url(ctx.request->target()).path_and_query(), ctx, out);
}

// SDBM with avalanche, as base32 and url32 are defined.
std::uint32_t hash32(std::string_view text) noexcept { return avalanche(hash_sdbm(text)); }
bool base32(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!base(args, ctx, state, out)) return false;
  out = Sample::of_int(hash32(out.text));
  return true;
}
std::string_view host_url(EvalContext& ctx, Sample& out) noexcept {
  return host_and(http::split_url(ctx.request->target()).path_and_query(), ctx, out) ? out.text
                                                                                     : std::string_view();
}
bool url32(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  const std::string_view text = host_url(ctx, out);
  if (text.empty()) return false;
  out = Sample::of_int(hash32(text));
  return true;
}
bool with_source(std::uint32_t hash, EvalContext& ctx, Sample& out) noexcept {
  const std::string_view ip = ctx.src.ip_bytes();
  if (ip.empty()) return false;
  char* const to = ctx.scratch->take(4 + ip.size());
  for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<char>((hash >> (24U - 8U * i)) & 0xffU);
  ip.copy(to + 4, ip.size());
  out = Sample::of_bin({to, 4 + ip.size()});
  return true;
}
bool base32_src(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  return base32(args, ctx, state, out) && with_source(static_cast<std::uint32_t>(out.integer), ctx, out);
}
bool url32_src(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  return url32(args, ctx, state, out) && with_source(static_cast<std::uint32_t>(out.integer), ctx, out);
}

bool url_ip(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  std::string_view host = http::split_url(ctx.request->target()).authority;
  if (!host.empty() && host.front() == '[') return false;  // the fetch is of type ipv4
  host = host.substr(0, host.find(':'));
  return parse_ip(host, out) && out.type == SampleType::ipv4;
}
bool url_port(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  const http::UrlParts parts = http::split_url(ctx.request->target());
  if (parts.authority.empty()) return false;
  const std::size_t colon = parts.authority.rfind(':');
  std::int64_t port = parts.scheme == "https" ? 443 : 80;
  if (colon != std::string_view::npos && parts.authority.find(']', colon) == std::string_view::npos) {
    port = leading_int(parts.authority.substr(colon + 1));
  }
  out = Sample::of_int(port);
  return true;
}

// urlp(name[,delimiter[,i]]): the delimiter begins the query string.
bool urlp(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state)) return false;
  const std::string_view target = ctx.request->target();
  const char delimiter = args.text(1).empty() ? '?' : args.text(1).front();
  const std::size_t begin = target.find(delimiter);
  if (begin == std::string_view::npos) return false;
  const std::string_view query = target.substr(begin + 1);
  const std::string_view wanted = args.text(0);
  const bool fold = args.text(2) == "i";
  QueryReader reader(query, delimiter == ';' ? ';' : '&');
  std::string_view name;
  std::string_view value;
  bool has_value = false;
  for (std::uint32_t seen = 0; reader.next(name, value, has_value);) {
    const bool matches =
        has_value && (wanted.empty() || name == wanted || (fold && text::equal_fold(name, wanted)));
    if (!matches || seen++ < state.cursor) continue;
    ++state.cursor;
    state.more = state.iterate;
    return give(value, out);
  }
  return false;
}
bool urlp_val(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!urlp(args, ctx, state, out)) return false;
  out = Sample::of_int(leading_int(out.text));
  return true;
}

bool req_ver(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (ctx.request == nullptr && ctx.captured_version.size() > 5)
    return give(ctx.captured_version.substr(5), out);
  return have_request(ctx, state) && give(ctx.request->version_minor == 0 ? "1.0" : "1.1", out);
}
bool res_ver(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  return ctx.response != nullptr && give(ctx.response->version_minor == 0 ? "1.0" : "1.1", out);
}
bool proto_http(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!have_request(ctx, state) && state.pending) return false;
  out = Sample::of_bool(ctx.request != nullptr);
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"method", "", SampleType::meth, scope::kStream, method},
    {"url", "", SampleType::str, scope::kRequest, url},
    {"path", "", SampleType::str, scope::kRequest, path},
    {"pathq", "", SampleType::str, scope::kRequest, pathq},
    {"query", "[s", SampleType::str, scope::kRequest, query, prepare_query},
    {"base", "", SampleType::str, scope::kRequest, base},
    {"baseq", "", SampleType::str, scope::kRequest, baseq},
    {"base32", "", SampleType::sint, scope::kRequest, base32},
    {"base32+src", "", SampleType::bin, scope::kRequest, base32_src},
    {"url32", "", SampleType::sint, scope::kRequest, url32},
    {"url32+src", "", SampleType::bin, scope::kRequest, url32_src},
    {"url_ip", "", SampleType::ipv4, scope::kRequest, url_ip},
    {"url_port", "", SampleType::sint, scope::kRequest, url_port},
    {"urlp", "[sss", SampleType::str, scope::kRequest, urlp},
    {"url_param", "[sss", SampleType::str, scope::kRequest, urlp},
    {"urlp_val", "[sss", SampleType::sint, scope::kRequest, urlp_val},
    {"req.ver", "", SampleType::str, scope::kStream, req_ver},
    {"req_ver", "", SampleType::str, scope::kStream, req_ver},
    {"res.ver", "", SampleType::str, scope::kServerSide, res_ver},
    {"resp_ver", "", SampleType::str, scope::kServerSide, res_ver},
    {"req.proto_http", "", SampleType::boolean, scope::kStream, proto_http},
    {"req_proto_http", "", SampleType::boolean, scope::kStream, proto_http},
};

}  // namespace

std::span<const FetchSpec> http_request() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
