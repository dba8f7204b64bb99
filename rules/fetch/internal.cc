// The process as a sample (manual 7.3.2).
#include <unistd.h>

#include "rules/fetch/families.h"
#include "rules/fetch/number.h"

namespace evenkeel::rules::fetch {
namespace {

template <int kValue>
bool constant(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_int(kValue);
  return true;
}
// What the profiler knows of this request; 0 where it is off.
template <Number kWhat>
bool total(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(ctx.number(kWhat, {}).value_or(0));
  return true;
}
template <Number kWhat>
bool average(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  const std::int64_t calls = ctx.number(Number::cpu_calls, {}).value_or(0);
  out = Sample::of_int(calls == 0 ? 0 : ctx.number(kWhat, {}).value_or(0) / calls);
  return true;
}
bool pid(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_int(::getpid());
  return true;
}
bool no(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_bool(false);
  return true;
}
bool unique_id(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_text(ctx.unique_id());
  return !out.text.empty();
}

// The rule that was the last to decide, or that a request waits at, as "file:line".
bool rule_place(EvalContext& ctx, std::string_view file, std::uint32_t line, Sample& out) {
  if (line == 0) return false;
  out = Sample::of_text(ctx.scratch->copy(std::string(file) + ':' + std::to_string(line)));
  return true;
}
bool last_entity(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  return rule_place(ctx, ctx.last_rule_file, ctx.last_rule_line, out);
}
bool waiting_entity(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  return rule_place(ctx, ctx.waiting_rule_file, ctx.waiting_rule_line, out);
}

constexpr FetchSpec kFetches[] = {
    {"act_conn", "", SampleType::sint, scope::kAlways, number<Number::active_connections>},
    {"nbproc", "", SampleType::sint, scope::kAlways, constant<1>},
    {"proc", "", SampleType::sint, scope::kAlways, constant<1>},
    {"pid", "", SampleType::sint, scope::kAlways, pid},
    {"thread", "", SampleType::sint, scope::kAlways, number<Number::thread>},
    {"tgroup", "", SampleType::sint, scope::kAlways, number<Number::thread_group>},
    {"stopping", "", SampleType::boolean, scope::kInternal, truth<Number::stopping>},
    {"uptime", "", SampleType::sint, scope::kAlways, number<Number::uptime>},
    {"prio_class", "", SampleType::sint, scope::kInternal, number<Number::priority_class>},
    {"prio_offset", "", SampleType::sint, scope::kInternal, number<Number::priority_offset>},
    {"last_entity", "", SampleType::str, scope::kInternal, last_entity},
    {"waiting_entity", "", SampleType::str, scope::kInternal, waiting_entity},
    {"cpu_usage_thr", "", SampleType::sint, scope::kInternal, number<Number::cpu_usage_thread>},
    {"cpu_usage_grp", "", SampleType::sint, scope::kInternal, number<Number::cpu_usage_group>},
    {"cpu_usage_proc", "", SampleType::sint, scope::kInternal, number<Number::cpu_usage_process>},
    {"cpu_calls", "", SampleType::sint, scope::kInternal, total<Number::cpu_calls>},
    {"cpu_ns_avg", "", SampleType::sint, scope::kInternal, average<Number::cpu_ns>},
    {"cpu_ns_tot", "", SampleType::sint, scope::kInternal, total<Number::cpu_ns>},
    {"lat_ns_avg", "", SampleType::sint, scope::kInternal, average<Number::latency_ns>},
    {"lat_ns_tot", "", SampleType::sint, scope::kInternal, total<Number::latency_ns>},
    {"quic_enabled", "", SampleType::boolean, scope::kAlways, no},
    {"unique-id", "", SampleType::str, scope::kAlways, unique_id},
};

}  // namespace

std::span<const FetchSpec> internal() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
