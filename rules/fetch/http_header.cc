// Header fields (manual 7.3.6): req.hdr and its relatives look at comma-separated elements, req.fhdr at whole
// lines.
#include <algorithm>
#include <memory>

#include "http/head.h"
#include "rules/fetch/families.h"

namespace evenkeel::rules::fetch {
namespace {

enum class Side : std::uint8_t { request, response, either };

template <Side kSide>
http::HeaderBlock* headers_of(EvalContext& ctx, FetchState& state) noexcept {
  if (kSide == Side::response || (kSide == Side::either && ctx.in_response)) {
    return ctx.response == nullptr ? nullptr : &ctx.response->headers;
  }
  if (ctx.request == nullptr) {
    state.pending = !ctx.request_bytes.complete && !ctx.inspection_ended;
    return nullptr;
  }
  return &ctx.request->headers;
}

// A header name, looked up at load: the id makes the search compare bytes instead of strings.
struct Name {
  http::HeaderId id = http::HeaderId::other;
  std::string text;  // empty: any header
  int occurrence = 0;
};

std::string prepare_name(Args& args, CompileEnv&) {
  auto name = std::make_shared<Name>();
  name->text = std::string(args.text(0));
  for (char& c : name->text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  name->id = http::header_id_of_lower(name->text);
  if (args.size() > 1) {
    const std::int64_t occurrence = args.number(1, 0);
    if (occurrence < -10 || occurrence > 1000) return "the occurrence must lie between -10 and 1000";
    name->occurrence = static_cast<int>(occurrence);
  }
  args.prepared = std::move(name);
  return {};
}

std::size_t find(const http::HeaderBlock& headers, const Name& name, std::size_t from) noexcept {
  if (name.text.empty()) return from < headers.size() ? from : http::HeaderBlock::npos;
  if (name.id != http::HeaderId::other) {
    return headers.may_have(http::set_of(name.id)) ? headers.find(name.id, from) : http::HeaderBlock::npos;
  }
  return headers.find(name.text, from);
}

// The end of the element that begins at `from`: the next comma outside of quotes, or the end.
std::size_t element_end(std::string_view value, std::size_t from) noexcept {
  // Commas are rare, and quotes rarer: without one in front of it, the first comma is the end.
  const std::size_t comma = std::min(value.find(',', from), value.size());
  if (comma == value.size() || value.substr(from, comma - from).find('"') == std::string_view::npos)
    return comma;
  bool quoted = false;
  for (std::size_t i = from; i < value.size(); ++i) {
    if (value[i] == '"') quoted = !quoted;
    if (quoted && value[i] == '\\') {
      ++i;
    } else if (!quoted && value[i] == ',') {
      return i;
    }
  }
  return value.size();
}

// A place in the values of a header: field number and offset in it. Whole lines have one element.
struct Walk {
  std::size_t field = 0;
  std::size_t offset = 0;
};

template <bool kWhole>
bool next_value(const http::HeaderBlock& headers, const Name& name, Walk& walk,
                std::string_view& out) noexcept {
  const std::size_t field = find(headers, name, walk.field);
  if (field == http::HeaderBlock::npos) return false;
  if (field != walk.field) walk = {field, 0};
  const std::string_view value = headers.value(field);
  if constexpr (kWhole) {
    out = value;
    walk = {field + 1, 0};
  } else {
    const std::size_t end = element_end(value, walk.offset);
    out = http::trim_ows(value.substr(walk.offset, end - walk.offset));
    walk = end == value.size() ? Walk{field + 1, 0} : Walk{field, end + 1};
  }
  return true;
}

// The n-th value, or from the end with a negative n (the manual allows ten). False: there are fewer.
template <bool kWhole>
bool nth_value(const http::HeaderBlock& headers, const Name& name, int n, std::string_view& out) noexcept {
  Walk walk;
  if (n > 0) {
    while (n-- > 0) {
      if (!next_value<kWhole>(headers, name, walk, out)) return false;
    }
    return true;
  }
  std::string_view ring[10];
  unsigned count = 0;
  std::string_view value;
  while (next_value<kWhole>(headers, name, walk, value)) ring[count++ % 10] = value;
  const auto back = static_cast<unsigned>(-n);
  if (count < back) return false;
  out = ring[(count - back) % 10];
  return true;
}

template <Side kSide, bool kWhole>
bool hdr(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const http::HeaderBlock* const headers = headers_of<kSide>(ctx, state);
  if (headers == nullptr) return false;
  const Name& name = args.as<Name>();
  std::string_view value;
  if (name.occurrence == 0 && state.iterate) {
    Walk walk{state.cursor, state.offset};
    if (!next_value<kWhole>(*headers, name, walk, value)) return false;
    // Looking ahead for another field is cheaper than another evaluation that finds none.
    state.more = walk.offset != 0 || find(*headers, name, walk.field) != http::HeaderBlock::npos;
    state.cursor = static_cast<std::uint32_t>(walk.field);
    state.offset = static_cast<std::uint32_t>(walk.offset);
  } else if (!nth_value<kWhole>(*headers, name, name.occurrence == 0 ? -1 : name.occurrence, value)) {
    return false;
  }
  out = Sample::of_text(value);
  return true;
}

template <Side kSide, bool kWhole>
bool hdr_cnt(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const http::HeaderBlock* const headers = headers_of<kSide>(ctx, state);
  if (headers == nullptr) return false;
  Walk walk;
  std::string_view value;
  std::int64_t count = 0;
  while (next_value<kWhole>(*headers, args.as<Name>(), walk, value)) ++count;
  out = Sample::of_int(count);
  return true;
}

template <Side kSide>
bool hdr_val(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!hdr<kSide, false>(args, ctx, state, out)) return false;
  out = Sample::of_int(leading_int(out.text));
  return true;
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80": a port is put aside, as X-Forwarded-For's writers differ.
bool ip_of(std::string_view text, Sample& out) noexcept {
  if (parse_ip(text, out)) return true;
  if (!text.empty() && text.front() == '[') return parse_ip(text.substr(1, text.find(']') - 1), out);
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && parse_ip(text.substr(0, colon), out);
}
template <Side kSide>
bool hdr_ip(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  // Values that are no address are passed over when all are asked for.
  while (hdr<kSide, false>(args, ctx, state, out)) {
    if (ip_of(out.text, out)) return true;
    if (!state.more) return false;
  }
  return false;
}

template <Side kSide>
bool hdr_names(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const http::HeaderBlock* const headers = headers_of<kSide>(ctx, state);
  if (headers == nullptr) return false;
  const std::string_view delimiter = args.text(0).empty() ? std::string_view(",") : args.text(0);
  std::size_t length = 0;
  for (std::size_t i = 0; i < headers->size(); ++i) length += headers->name(i).size() + delimiter.size();
  char* const to = ctx.scratch->take(length);
  if (to == nullptr) return false;
  char* at = to;
  const auto put = [&](std::string_view piece) { at += piece.copy(at, piece.size()); };
  for (std::size_t i = 0; i < headers->size(); ++i) {
    if (at != to) put(delimiter);
    put(headers->name(i));
  }
  out = Sample::of_text({to, static_cast<std::size_t>(at - to)});
  return true;
}

template <Side kSide>
bool hdrs(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  const http::HeaderBlock* const headers = headers_of<kSide>(ctx, state);
  if (headers == nullptr) return false;
  std::size_t length = 2;
  for (std::size_t i = 0; i < headers->size(); ++i)
    length += headers->name(i).size() + headers->value(i).size() + 4;
  char* const to = ctx.scratch->take(length);
  if (to == nullptr) return false;
  char* at = to;
  const auto put = [&](std::string_view piece) { at += piece.copy(at, piece.size()); };
  for (std::size_t i = 0; i < headers->size(); ++i) {
    put(headers->name(i));
    put(": ");
    put(headers->value(i));
    put("\r\n");
  }
  put("\r\n");
  out = Sample::of_bin({to, length});
  return true;
}

// A length as SPOE writes it: up to 239 in one byte, then four bits and seven per byte.
char* put_length(char* at, std::size_t value) noexcept {
  if (value < 240) {
    *at++ = static_cast<char>(value);
    return at;
  }
  *at++ = static_cast<char>(value | 240U);
  for (value = (value - 240) >> 4U; value >= 128; value = (value - 128) >> 7U)
    *at++ = static_cast<char>(value | 128U);
  *at++ = static_cast<char>(value);
  return at;
}

// Each header as length, name, length, value; two empty texts end the list.
template <Side kSide>
bool hdrs_bin(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  const http::HeaderBlock* const headers = headers_of<kSide>(ctx, state);
  if (headers == nullptr) return false;
  std::size_t length = 2;
  for (std::size_t i = 0; i < headers->size(); ++i)
    length += headers->name(i).size() + headers->value(i).size() + 20;
  char* const to = ctx.scratch->take(length);
  if (to == nullptr) return false;
  char* at = to;
  const auto put = [&](std::string_view piece) {
    at = put_length(at, piece.size());
    at += piece.copy(at, piece.size());
  };
  for (std::size_t i = 0; i < headers->size(); ++i) {
    put(headers->name(i));
    put(headers->value(i));
  }
  put({});
  put({});
  out = Sample::of_bin({to, static_cast<std::size_t>(at - to)});
  return true;
}

constexpr Side kReq = Side::request;
constexpr Side kRes = Side::response;
constexpr Side kAny = Side::either;

constexpr FetchSpec kFetches[] = {
    {"req.hdr", "[si", SampleType::str, scope::kRequest, hdr<kReq, false>, prepare_name},
    {"req.hdr_cnt", "[s", SampleType::sint, scope::kRequest, hdr_cnt<kReq, false>, prepare_name},
    {"req.hdr_ip", "[si", SampleType::addr, scope::kRequest, hdr_ip<kReq>, prepare_name},
    {"req.hdr_val", "[si", SampleType::sint, scope::kRequest, hdr_val<kReq>, prepare_name},
    {"req.fhdr", "[si", SampleType::str, scope::kRequest, hdr<kReq, true>, prepare_name},
    {"req.fhdr_cnt", "[s", SampleType::sint, scope::kRequest, hdr_cnt<kReq, true>, prepare_name},
    {"req.hdr_names", "[s", SampleType::str, scope::kRequest, hdr_names<kReq>},
    {"req.hdrs", "", SampleType::bin, scope::kRequest, hdrs<kReq>},
    {"req.hdrs_bin", "", SampleType::bin, scope::kRequest, hdrs_bin<kReq>},
    {"res.hdrs_bin", "", SampleType::bin, scope::kResponse, hdrs_bin<kRes>},
    {"res.hdr", "[si", SampleType::str, scope::kResponse, hdr<kRes, false>, prepare_name},
    {"res.hdr_cnt", "[s", SampleType::sint, scope::kResponse, hdr_cnt<kRes, false>, prepare_name},
    {"res.hdr_ip", "[si", SampleType::addr, scope::kResponse, hdr_ip<kRes>, prepare_name},
    {"res.hdr_val", "[si", SampleType::sint, scope::kResponse, hdr_val<kRes>, prepare_name},
    {"res.fhdr", "[si", SampleType::str, scope::kResponse, hdr<kRes, true>, prepare_name},
    {"res.fhdr_cnt", "[s", SampleType::sint, scope::kResponse, hdr_cnt<kRes, true>, prepare_name},
    {"res.hdr_names", "[s", SampleType::str, scope::kResponse, hdr_names<kRes>},
    {"res.hdrs", "", SampleType::bin, scope::kResponse, hdrs<kRes>},
    {"shdr", "[si", SampleType::str, scope::kResponse, hdr<kRes, false>, prepare_name},
    {"shdr_cnt", "[s", SampleType::sint, scope::kResponse, hdr_cnt<kRes, false>, prepare_name},
    {"shdr_ip", "[si", SampleType::addr, scope::kResponse, hdr_ip<kRes>, prepare_name},
    {"shdr_val", "[si", SampleType::sint, scope::kResponse, hdr_val<kRes>, prepare_name},
    {"hdr", "[si", SampleType::str, scope::kEither, hdr<kAny, false>, prepare_name},
    {"hdr_cnt", "[s", SampleType::sint, scope::kRequest, hdr_cnt<kReq, false>, prepare_name},
    {"hdr_ip", "[si", SampleType::addr, scope::kRequest, hdr_ip<kReq>, prepare_name},
    {"hdr_val", "[si", SampleType::sint, scope::kRequest, hdr_val<kReq>, prepare_name},
};

}  // namespace

std::span<const FetchSpec> http_headers() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
