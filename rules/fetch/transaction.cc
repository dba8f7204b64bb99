// The transaction: status, timers, sizes, retries (manual 7.3.2, 7.3.6 and 8.4).
#include "rules/fetch/families.h"
#include "rules/fetch/number.h"
#include "stats/session_record.h"

namespace evenkeel::rules::fetch {
namespace {

bool request_date(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  if (ctx.record == nullptr) return false;
  const std::string_view unit = args.text(0);
  out = Sample::of_int(ctx.record->request_wall_us / (unit == "us" ? 1 : (unit == "ms" ? 1000 : 1'000'000)));
  return ctx.record->request_wall_us != 0;
}
std::string prepare_date(Args& args, CompileEnv&) {
  const std::string_view unit = args.text(0);
  return unit.empty() || unit == "s" || unit == "ms" || unit == "us" ? "" : "the unit must be s, ms or us";
}

constexpr FetchSpec kFetches[] = {
    {"bytes_in", "", SampleType::sint, scope::kStream, number<Number::bytes_in>},
    {"bytes_out", "", SampleType::sint, scope::kBytesOut, number<Number::bytes_out>},
    {"req.bytes_in", "", SampleType::sint, scope::kStream, number<Number::bytes_in>},
    {"req.bytes_out", "", SampleType::sint, scope::kStream, number<Number::server_bytes_out>},
    {"res.bytes_in", "", SampleType::sint, scope::kBytesOut, number<Number::server_bytes_in>},
    {"res.bytes_out", "", SampleType::sint, scope::kBytesOut, number<Number::bytes_out>},
    {"http_first_req", "", SampleType::boolean, scope::kStream, truth<Number::first_request>},
    {"request_date", "[s", SampleType::sint, scope::kStream, request_date, prepare_date},
    {"server_status", "", SampleType::sint, scope::kServerSide, number<Number::server_status>},
    {"status", "", SampleType::sint, scope::kServerSide, number<Number::status>},
    {"txn.status", "", SampleType::sint, scope::kServerSide, number<Number::status>},
    {"txn.conn_retries", "", SampleType::sint, scope::kServerSide, number<Number::retries>},
    {"txn.redispatched", "", SampleType::boolean, scope::kServerSide, truth<Number::redispatched>},
    {"txn.sess_term_state", "", SampleType::str, scope::kInternal, text<Text::termination_state>},
    {"txn.timer.total", "", SampleType::sint, scope::kStream, timer<Number::timer_active>},
    {"txn.timer.user", "", SampleType::sint, scope::kStream, timer<Number::timer_user>},
    {"fc.timer.total", "", SampleType::sint, scope::kFrontend, timer<Number::timer_total>},
    {"bc.timer.connect", "", SampleType::sint, scope::kServerSide, timer<Number::timer_connect>},
    {"req.timer.idle", "", SampleType::sint, scope::kRequest, timer<Number::timer_idle>},
    {"req.timer.hdr", "", SampleType::sint, scope::kRequest, timer<Number::timer_request>},
    {"req.timer.queue", "", SampleType::sint, scope::kServerSide, timer<Number::timer_queue>},
    {"req.timer.tq", "", SampleType::sint, scope::kRequest, timer<Number::timer_full_request>},
    {"txn.id32", "", SampleType::sint, scope::kInternal, number<Number::transaction_id>},
    {"res.timer.hdr", "", SampleType::sint, scope::kResponse, timer<Number::timer_response>},
    {"res.timer.data", "", SampleType::sint, scope::kBytesOut, timer<Number::timer_data>},
};

}  // namespace

std::span<const FetchSpec> transaction() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
