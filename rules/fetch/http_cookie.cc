// Cookies: Cookie of requests, Set-Cookie of responses (RFC 6265; manual 7.3.6).
#include "http/head.h"
#include "rules/fetch/families.h"

namespace evenkeel::rules::fetch {
namespace {

struct Cookie {
  std::string_view name, value;
};

// Calls visit(cookie) for each cookie until it returns true; says whether it did.
template <class Visit>
bool each_cookie(EvalContext& ctx, bool response, Visit visit) noexcept {
  const http::HeaderBlock* headers = nullptr;
  if (response) {
    headers = ctx.response == nullptr ? nullptr : &ctx.response->headers;
  } else {
    headers = ctx.request == nullptr ? nullptr : &ctx.request->headers;
  }
  if (headers == nullptr) return false;
  const auto id = response ? http::HeaderId::set_cookie : http::HeaderId::cookie;
  for (std::size_t i = headers->find(id); i != http::HeaderBlock::npos; i = headers->find(id, i + 1)) {
    std::string_view rest = headers->value(i);
    while (!rest.empty()) {
      const std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos) {
        const Cookie cookie{http::trim_ows(pair.substr(0, equals)), http::trim_ows(pair.substr(equals + 1))};
        if (visit(cookie)) return true;
      }
      if (response) break;  // attributes follow, no further cookies
    }
  }
  return false;
}

// With `iterate` one per call; without, the last of the name (the first of all when no name is given).
bool value_of(EvalContext& ctx, bool response, std::string_view name, FetchState& state,
              Sample& out) noexcept {
  std::uint32_t seen = 0;
  bool found = false;
  std::string_view value;
  each_cookie(ctx, response, [&](const Cookie& cookie) {
    if (!name.empty() && cookie.name != name) return false;
    if (state.iterate && seen++ < state.cursor) return false;
    found = true;
    value = cookie.value;
    return state.iterate || name.empty();
  });
  if (!found) return false;
  ++state.cursor;
  state.more = state.iterate;
  out = Sample::of_text(value);
  return true;
}

template <bool kResponse>
bool cook(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  return value_of(ctx, kResponse, args.text(0), state, out);
}
bool cookie(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  return value_of(ctx, ctx.in_response, args.text(0), state, out);
}
template <bool kResponse>
bool cook_val(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!value_of(ctx, kResponse, args.text(0), state, out)) return false;
  out = Sample::of_int(leading_int(out.text));
  return true;
}
template <bool kResponse>
bool cook_cnt(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  std::int64_t count = 0;
  each_cookie(ctx, kResponse, [&](const Cookie& cookie) {
    if (args.text(0).empty() || cookie.name == args.text(0)) ++count;
    return false;
  });
  out = Sample::of_int(count);
  return true;
}
template <bool kResponse>
bool cook_names(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const std::string_view delimiter = args.text(0).empty() ? std::string_view(",") : args.text(0);
  std::string names;
  each_cookie(ctx, kResponse, [&](const Cookie& cookie) {
    if (!names.empty()) names += delimiter;
    names += cookie.name;
    return false;
  });
  out = Sample::of_text(ctx.scratch->copy(names));
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"req.cook", "[s", SampleType::str, scope::kRequest, cook<false>},
    {"req.cook_val", "[s", SampleType::sint, scope::kRequest, cook_val<false>},
    {"req.cook_cnt", "[s", SampleType::sint, scope::kRequest, cook_cnt<false>},
    {"req.cook_names", "[s", SampleType::str, scope::kRequest, cook_names<false>},
    {"cook", "[s", SampleType::str, scope::kRequest, cook<false>},
    {"cook_val", "[s", SampleType::sint, scope::kRequest, cook_val<false>},
    {"cook_cnt", "[s", SampleType::sint, scope::kRequest, cook_cnt<false>},
    {"cookie", "[s", SampleType::str, scope::kEither, cookie},
    {"res.cook", "[s", SampleType::str, scope::kResponse, cook<true>},
    {"res.cook_val", "[s", SampleType::sint, scope::kResponse, cook_val<true>},
    {"res.cook_cnt", "[s", SampleType::sint, scope::kResponse, cook_cnt<true>},
    {"res.cook_names", "[s", SampleType::str, scope::kResponse, cook_names<true>},
    {"scook", "[s", SampleType::str, scope::kResponse, cook<true>},
    {"scook_val", "[s", SampleType::sint, scope::kResponse, cook_val<true>},
    {"scook_cnt", "[s", SampleType::sint, scope::kResponse, cook_cnt<true>},
};

}  // namespace

std::span<const FetchSpec> http_cookies() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
