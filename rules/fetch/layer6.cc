// Raw bytes of a TCP session under inspection (manual 7.3.5).
#include <algorithm>

#include "rules/fetch/families.h"
#include "rules/text.h"

namespace evenkeel::rules::fetch {
namespace {

enum class Side : std::uint8_t { request, response, either };

// In HTTP mode the payload is the body (manual: "in HTTP, ... the payload is the body").
template <Side kSide>
const Bytes& bytes_of(const EvalContext& ctx) noexcept {
  const bool response = kSide == Side::response || (kSide == Side::either && ctx.in_response);
  const bool http = ctx.mode_http && ctx.request != nullptr;
  if (response) return http ? ctx.response_body : ctx.response_bytes;
  return http ? ctx.request_body : ctx.request_bytes;
}

bool not_yet(const Bytes& bytes, const EvalContext& ctx, FetchState& state) noexcept {
  state.pending = !bytes.complete && !ctx.inspection_ended;
  return false;
}

template <Side kSide>
bool len(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  const Bytes& bytes = bytes_of<kSide>(ctx);
  state.pending = !bytes.complete && !ctx.inspection_ended;
  out = Sample::of_int(static_cast<std::int64_t>(bytes.data.size()));
  return true;
}

template <Side kSide>
bool payload(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const Bytes& bytes = bytes_of<kSide>(ctx);
  const auto offset = static_cast<std::size_t>(args.number(0, 0));
  const auto length = static_cast<std::size_t>(args.number(1, 0));
  if (offset > bytes.data.size()) return not_yet(bytes, ctx, state);
  if (length == 0) {  // all there is
    state.pending = !bytes.complete && !ctx.inspection_ended;
    out = Sample::of_bin(bytes.data.substr(offset));
    return true;
  }
  if (bytes.data.size() - offset < length) return not_yet(bytes, ctx, state);
  out = Sample::of_bin(bytes.data.substr(offset, length));
  return true;
}
std::string prepare_payload(Args& args, CompileEnv&) {
  return args.number(0, 0) < 0 || args.number(1, 0) < 0 ? "offset and length must not be negative" : "";
}

// payload_lv(offset of the length,its width[,offset of the value]): "+3" counts from the end of the length
// field.
template <Side kSide>
bool payload_lv(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const Bytes& bytes = bytes_of<kSide>(ctx);
  const auto at = static_cast<std::size_t>(args.number(0, 0));
  const auto width = static_cast<std::size_t>(args.number(1, 1));
  if (bytes.data.size() < at + width) return not_yet(bytes, ctx, state);
  std::size_t length = 0;
  for (std::size_t i = 0; i < width; ++i)
    length = length << 8U | static_cast<unsigned char>(bytes.data[at + i]);
  std::int64_t from = static_cast<std::int64_t>(at + width);
  if (const std::string_view offset = args.text(2); !offset.empty()) {
    const bool relative = offset.front() == '+' || offset.front() == '-';
    from = (relative ? from : 0) + leading_int(offset);
  }
  if (from < 0 || length == 0) return false;
  const auto begin = static_cast<std::size_t>(from);
  if (begin > bytes.data.size() || bytes.data.size() - begin < length) return not_yet(bytes, ctx, state);
  out = Sample::of_bin(bytes.data.substr(begin, length));
  return true;
}
std::string prepare_lv(Args& args, CompileEnv&) {
  if (args.number(0, 0) < 0) return "the offset must not be negative";
  const std::int64_t width = args.number(1, 0);
  if (width < 1 || width > 4) return "the width of the length must lie between 1 and 4 bytes";
  std::int64_t offset = 0;
  if (!args.text(2).empty() && !parse_int(args.text(2), offset))
    return "'" + args.list[2].text + "' is no offset";
  return {};
}

bool wait_end(const Args&, EvalContext& ctx, FetchState& state, Sample& out) {
  if (!ctx.inspection_ended) {
    state.pending = true;
    return false;
  }
  out = Sample::of_bool(true);
  return true;
}

// The RDP connection request (X.224 in TPKT): "Cookie: name=value\r\n" after a fixed header.
bool rdp_cookie(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const std::string_view data = ctx.request_bytes.data;
  constexpr std::size_t kHeader = 11;
  constexpr std::string_view kCookie = "Cookie:";
  if (data.size() < kHeader + kCookie.size()) return not_yet(ctx.request_bytes, ctx, state);
  if (data[0] != 3 || (static_cast<unsigned char>(data[5]) & 0xf0U) != 0xe0U) return false;
  std::string_view rest = data.substr(kHeader);
  if (!text::equal_fold(rest.substr(0, kCookie.size()), kCookie)) return false;
  rest.remove_prefix(kCookie.size());
  const std::size_t end = rest.find('\r');
  if (end == std::string_view::npos) return not_yet(ctx.request_bytes, ctx, state);
  const std::string_view pair = text::trim(rest.substr(0, end));
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  if (!args.text(0).empty() && !text::equal_fold(pair.substr(0, equals), args.text(0))) return false;
  out = Sample::of_text(pair.substr(equals + 1));
  return true;
}
bool rdp_cookie_cnt(const Args& args, EvalContext& ctx, FetchState& state, Sample& out) {
  const bool found = rdp_cookie(args, ctx, state, out);
  if (!found && state.pending) return false;
  out = Sample::of_int(found ? 1 : 0);
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"req.len", "", SampleType::sint, scope::kRequest, len<Side::request>},
    {"req_len", "", SampleType::sint, scope::kRequest, len<Side::request>},
    {"res.len", "", SampleType::sint, scope::kResponse, len<Side::response>},
    {"req.payload", "ii", SampleType::bin, scope::kRequest, payload<Side::request>, prepare_payload},
    {"res.payload", "ii", SampleType::bin, scope::kResponse, payload<Side::response>, prepare_payload},
    {"payload", "ii", SampleType::bin, scope::kEither, payload<Side::either>, prepare_payload},
    {"req.payload_lv", "ii[s", SampleType::bin, scope::kRequest, payload_lv<Side::request>, prepare_lv},
    {"res.payload_lv", "ii[s", SampleType::bin, scope::kResponse, payload_lv<Side::response>, prepare_lv},
    {"payload_lv", "ii[s", SampleType::bin, scope::kEither, payload_lv<Side::either>, prepare_lv},
    {"req.rdp_cookie", "[s", SampleType::str, scope::kRequest, rdp_cookie},
    {"rdp_cookie", "[s", SampleType::str, scope::kRequest, rdp_cookie},
    {"req.rdp_cookie_cnt", "[s", SampleType::sint, scope::kRequest, rdp_cookie_cnt},
    {"rdp_cookie_cnt", "[s", SampleType::sint, scope::kRequest, rdp_cookie_cnt},
    {"wait_end", "", SampleType::boolean, scope::kInternal, wait_end},
};

}  // namespace

std::span<const FetchSpec> layer6() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
