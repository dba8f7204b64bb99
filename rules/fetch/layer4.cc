// Addresses and connections (manual 7.3.3), and of layer 5 what is known without TLS.
#include "rules/fetch/families.h"
#include "rules/fetch/number.h"
#include "stats/session_record.h"

namespace evenkeel::rules::fetch {
namespace {

bool address(const Address* from, Sample& out) noexcept {
  if (from == nullptr) return false;
  out = Sample::of_ip(from->ip_bytes());
  return out.is_ip();
}
bool port(const Address* from, Sample& out) noexcept {
  if (from == nullptr || !from->is_ip()) return false;
  out = Sample::of_int(from->port());
  return true;
}

bool src(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return address(&ctx.src, out); }
bool dst(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return address(&ctx.dst, out); }
bool src_port(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return port(&ctx.src, out); }
bool dst_port(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return port(&ctx.dst, out); }
bool fc_src(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return address(ctx.fc_src, out); }
bool fc_dst(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return address(ctx.fc_dst, out); }
bool fc_src_port(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return port(ctx.fc_src, out); }
bool fc_dst_port(const Args&, EvalContext& ctx, FetchState&, Sample& out) { return port(ctx.fc_dst, out); }
bool bc_src(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const Address end = ctx.server_end(true);
  return address(&end, out);
}
bool bc_dst(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const Address end = ctx.server_end(false);
  return address(&end, out);
}
bool bc_src_port(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const Address end = ctx.server_end(true);
  return port(&end, out);
}
bool bc_dst_port(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const Address end = ctx.server_end(false);
  return port(&end, out);
}

// Answers "no" as long as no listener of ours speaks TLS, which is the truth.
bool ssl_fc(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_bool(ctx.tls_front);
  return true;
}
bool accept_date(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  if (ctx.record == nullptr) return false;
  const std::string_view unit = args.text(0);
  out = Sample::of_int(ctx.record->accepted_wall_us / (unit == "us" ? 1 : (unit == "ms" ? 1000 : 1'000'000)));
  return ctx.record->accepted_wall_us != 0;
}

// TCP_INFO's times are microseconds; ms is the default unit (manual 7.3.3).
template <Number kWhat>
bool tcp_time(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const auto value = ctx.number(kWhat, {});
  if (!value) return false;
  out = Sample::of_int(args.text(0) == "us" ? *value : *value / 1000);
  return true;
}
std::string prepare_unit(Args& args, CompileEnv&) {
  const std::string_view unit = args.text(0);
  return unit.empty() || unit == "us" || unit == "ms" ? "" : "the unit must be us or ms";
}
std::string prepare_date_unit(Args& args, CompileEnv& env) {
  return args.text(0) == "s" ? "" : prepare_unit(args, env);
}

// fc_pp_tlv(type): a number, or the name of a registered type.
std::string prepare_tlv(Args& args, CompileEnv&) {
  static constexpr std::pair<std::string_view, std::int64_t> kNames[] = {
      {"ALPN", 1},      {"AUTHORITY", 2}, {"CRC32C", 3},  {"NOOP", 4},
      {"UNIQUE_ID", 5}, {"SSL", 0x20},    {"NETNS", 0x30}};
  std::int64_t type = -1;
  for (const auto& [name, number] : kNames) {
    if (name == args.text(0)) type = number;
  }
  if (type < 0 && (!parse_int(args.text(0), type) || type < 0 || type > 255))
    return "'" + std::string(args.text(0)) +
           "' is no type of PROXY protocol fields: 0 to 255, or a name such as ALPN";
  args.list[0].number = type;
  return {};
}
bool fc_pp_tlv(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const auto field = ctx.proxy_field(static_cast<std::uint8_t>(args.list[0].number));
  if (!field) return false;
  out = Sample::of_text(*field);
  return true;
}

// HTTP/1 connections carry one stream, and its number is 0.
bool zero(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_int(0);
  return true;
}

// The one word for an error (manual 7.3.3): rules run on connections that stand, so there is none to name.
template <Number kError>
bool error_name(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const auto error = ctx.number(kError, {});
  if (!error || *error != 0) return false;
  out = Sample::of_text({});
  return true;
}
// HTTP/1 and TCP carry one stream per connection; what is no proper HTTP/1 ends the connection uncounted.
template <int kValue>
bool constant(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_int(kValue);
  return true;
}
template <int kValue>
bool if_connected(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(kValue);
  return ctx.number(Number::bc_err, {}).has_value();
}
bool no_reset_code(const Args&, EvalContext&, FetchState&, Sample&) { return false; }

bool fc_saved_syn(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const std::string syn = ctx.saved_syn();
  out = Sample::of_bin(ctx.scratch->copy(syn));
  return !syn.empty();
}

enum class Side : std::uint8_t { client, server };
template <Side kSide>
bool debug_str(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const std::string text = ctx.debug_state(kSide == Side::server, args.number(0, 0));
  out = Sample::of_text(ctx.scratch->copy(text));
  return !text.empty();
}
std::string prepare_layers(Args& args, CompileEnv&) {
  const std::int64_t layers = args.number(0, 0);
  return layers >= 0 && layers < 32 ? "" : "the layers are a sum of 1, 2, 4, 8 and 16";
}
template <Side kSide>
bool aborted(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  if (ctx.record == nullptr) return false;
  const Cause cause = ctx.record->cause;
  out = Sample::of_bool(kSide == Side::client ? cause == Cause::client_abort : cause == Cause::server_abort);
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"src", "", SampleType::addr, scope::kClient, src},
    {"dst", "", SampleType::addr, scope::kClient, dst},
    {"src_port", "", SampleType::sint, scope::kClient, src_port},
    {"dst_port", "", SampleType::sint, scope::kClient, dst_port},
    {"src_is_local", "", SampleType::boolean, scope::kClient, truth<Number::src_is_local>},
    {"dst_is_local", "", SampleType::boolean, scope::kClient, truth<Number::dst_is_local>},
    {"fc_src", "", SampleType::addr, scope::kClient, fc_src},
    {"fc_dst", "", SampleType::addr, scope::kClient, fc_dst},
    {"fc_src_port", "", SampleType::sint, scope::kClient, fc_src_port},
    {"fc_dst_port", "", SampleType::sint, scope::kClient, fc_dst_port},
    {"fc_src_is_local", "", SampleType::boolean, scope::kClient, truth<Number::fc_src_is_local>},
    {"fc_dst_is_local", "", SampleType::boolean, scope::kClient, truth<Number::fc_dst_is_local>},
    {"fc_pp_tlv", "s", SampleType::str, scope::kSession, fc_pp_tlv, prepare_tlv},
    {"fc_http_major", "", SampleType::sint, scope::kClient, number<Number::fc_http_major>},
    {"fc_rcvd_proxy", "", SampleType::boolean, scope::kClient, truth<Number::fc_rcvd_proxy>},
    {"fc_pp_authority", "", SampleType::str, scope::kClient, text<Text::pp2_authority>},
    {"fc_pp_unique_id", "", SampleType::str, scope::kClient, text<Text::pp2_unique_id>},
    {"fc_err", "", SampleType::sint, scope::kClient, number<Number::fc_err>},
    {"fc_err_str", "", SampleType::str, scope::kClient, text<Text::fc_err_str>},
    {"fc_err_name", "", SampleType::str, scope::kClient, error_name<Number::fc_err>},
    {"fc_glitches", "", SampleType::sint, scope::kClient, constant<0>},
    {"fc_settings_streams_limit", "", SampleType::sint, scope::kSession, constant<1>},
    {"fc_saved_syn", "", SampleType::bin, scope::kClient, fc_saved_syn},
    {"fs.debug_str", "[i", SampleType::str, scope::kSession, debug_str<Side::client>, prepare_layers},
    {"fs.rst_code", "", SampleType::sint, scope::kSession, no_reset_code},
    {"fs.id", "", SampleType::sint, scope::kSession, zero},
    {"fs.aborted", "", SampleType::boolean, scope::kSession, aborted<Side::client>},
    {"bc_err_name", "", SampleType::str, scope::kServerSide, error_name<Number::bc_err>},
    {"bc_glitches", "", SampleType::sint, scope::kServerSide, if_connected<0>},
    {"bc_settings_streams_limit", "", SampleType::sint, scope::kServerSide, if_connected<1>},
    {"bs.debug_str", "[i", SampleType::str, scope::kServerSide, debug_str<Side::server>, prepare_layers},
    {"bs.rst_code", "", SampleType::sint, scope::kServerSide, no_reset_code},
    {"bs.id", "", SampleType::sint, scope::kServerSide, zero},
    {"bs.aborted", "", SampleType::boolean, scope::kServerSide, aborted<Side::server>},
    {"fc_nb_streams", "", SampleType::sint, scope::kClient, number<Number::fc_nb_streams>},
    {"fc_rtt", "[s", SampleType::sint, scope::kClient, tcp_time<Number::fc_rtt>, prepare_unit},
    {"fc_rttvar", "[s", SampleType::sint, scope::kClient, tcp_time<Number::fc_rttvar>, prepare_unit},
    {"fc_unacked", "", SampleType::sint, scope::kClient, number<Number::fc_unacked>},
    {"fc_sacked", "", SampleType::sint, scope::kClient, number<Number::fc_sacked>},
    {"fc_retrans", "", SampleType::sint, scope::kClient, number<Number::fc_retrans>},
    {"fc_fackets", "", SampleType::sint, scope::kClient, number<Number::fc_fackets>},
    {"fc_lost", "", SampleType::sint, scope::kClient, number<Number::fc_lost>},
    {"fc_reordering", "", SampleType::sint, scope::kClient, number<Number::fc_reordering>},
    {"fc.timer.handshake", "", SampleType::sint, scope::kClient, timer<Number::timer_handshake>},
    {"accept_date", "[s", SampleType::sint, scope::kClient, accept_date, prepare_date_unit},
    {"ssl_fc", "", SampleType::boolean, scope::kSession, ssl_fc},
    {"bc_src", "", SampleType::addr, scope::kServerSide, bc_src},
    {"bc_dst", "", SampleType::addr, scope::kServerSide, bc_dst},
    {"bc_src_port", "", SampleType::sint, scope::kServerSide, bc_src_port},
    {"bc_dst_port", "", SampleType::sint, scope::kServerSide, bc_dst_port},
    {"bc_http_major", "", SampleType::sint, scope::kServerSide, number<Number::bc_http_major>},
    {"bc_reused", "", SampleType::boolean, scope::kServerSide, truth<Number::bc_reused>},
    {"bc_err", "", SampleType::sint, scope::kServerSide, number<Number::bc_err>},
    {"bc_err_str", "", SampleType::str, scope::kServerSide, text<Text::bc_err_str>},
    {"bc_nb_streams", "", SampleType::sint, scope::kServerSide, number<Number::bc_nb_streams>},
    {"bc_be_queue", "", SampleType::sint, scope::kServerSide, number<Number::be_queue_at_entry>},
    {"bc_srv_queue", "", SampleType::sint, scope::kServerSide, number<Number::srv_queue_at_entry>},
    {"bc_rtt", "[s", SampleType::sint, scope::kClient, tcp_time<Number::bc_rtt>, prepare_unit},
    {"bc_rttvar", "[s", SampleType::sint, scope::kClient, tcp_time<Number::bc_rttvar>, prepare_unit},
};

}  // namespace

std::span<const FetchSpec> layer4() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
