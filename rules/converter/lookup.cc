// Converters that ask the session: about proxies and servers by name, captures, and conditions
// (manual 7.3.1).
#include <algorithm>
#include <memory>

#include "rules/acl.h"
#include "rules/captures.h"
#include "rules/compile_env.h"
#include "rules/converter/families.h"
#include "stats/access_log.h"
#include "stats/session_record.h"

namespace evenkeel::rules::converter {
namespace {

template <Number kWhat>
bool number_of(const Args&, EvalContext& ctx, Sample& sample) {
  if (sample.text.empty()) return false;
  const auto value = ctx.number(kWhat, sample.text);
  if (!value) return false;
  sample = Sample::of_int(*value);
  return true;
}
bool srv_is_up(const Args& args, EvalContext& ctx, Sample& sample) {
  if (!number_of<Number::srv_is_up>(args, ctx, sample)) return false;
  sample = Sample::of_bool(sample.integer != 0);
  return true;
}
bool fe_exists(const Args&, EvalContext& ctx, Sample& sample) {
  sample = Sample::of_bool(!sample.text.empty() && ctx.number(Number::fe_conn, sample.text).has_value());
  return true;
}

// The length of the slot, where the proxy that is being read has it.
std::string prepare_capture(Args& args, const std::vector<int>& slots) {
  const std::int64_t id = args.number(0, 0);
  if (id < 0 || id >= static_cast<std::int64_t>(slots.size()))
    return "there is no capture slot " + std::to_string(id);
  args.prepared =
      std::make_shared<const std::size_t>(static_cast<std::size_t>(slots[static_cast<std::size_t>(id)]));
  return {};
}
std::string prepare_req(Args& args, CompileEnv& env) { return prepare_capture(args, env.request_captures); }
std::string prepare_res(Args& args, CompileEnv& env) { return prepare_capture(args, env.response_captures); }

template <CaptureSlots* EvalContext::*kSlots>
bool capture(const Args& args, EvalContext& ctx, Sample& sample) {
  CaptureSlots* const slots = ctx.*kSlots;
  const auto id = static_cast<std::size_t>(args.number(0, 0));
  if (slots != nullptr && id < slots->values.size())
    slots->values[id] = std::string(sample.text.substr(0, args.as<std::size_t>()));
  return true;
}

enum class Event : std::uint8_t { error, forwarded, normal, processed, stopping, toapplet, acl };
struct When {
  Event event = Event::error;
  bool negated = false;
  std::shared_ptr<const Acl> acl;
};

std::string prepare_when(Args& args, CompileEnv& env) {
  static constexpr std::string_view kEvents[] = {"error",    "forwarded", "normal", "processed",
                                                 "stopping", "toapplet",  "acl"};
  auto when = std::make_shared<When>();
  std::string_view name = args.text(0);
  if (!name.empty() && name.front() == '!') {
    when->negated = true;
    name.remove_prefix(1);
  }
  const auto* const found = std::find(std::begin(kEvents), std::end(kEvents), name);
  if (found == std::end(kEvents))
    return "'" + std::string(name) +
           "' is no condition: error, forwarded, normal, processed, stopping, toapplet or acl";
  when->event = static_cast<Event>(found - std::begin(kEvents));
  if (when->event != Event::acl) {
    if (args.size() > 1) return "'" + std::string(name) + "' takes no arguments";
  } else {
    if (args.text(1).empty() || args.size() > 2) return "the name of one ACL must follow 'acl'";
    if (std::string error = env.refer_to_acl(args.text(1), when->acl); !error.empty()) return error;
  }
  args.prepared = std::move(when);
  return {};
}

bool happened(const When& when, EvalContext& ctx) {
  const stats::SessionRecord* const record = ctx.record;
  const bool server = record != nullptr && !record->server.empty() && record->server.front() != '<';
  const bool answered_here =
      record != nullptr && (record->cause == Cause::local || record->server == "<STATS>");
  switch (when.event) {
    case Event::error:
      return record != nullptr && !stats::is_normal(*record);
    case Event::normal:
      return record != nullptr && stats::is_normal(*record);
    case Event::forwarded:
      return server;
    case Event::toapplet:
      return !server && answered_here;
    case Event::processed:
      return server || answered_here;
    case Event::stopping:
      return ctx.number(Number::stopping, {}).value_or(0) != 0;
    case Event::acl:
      return when.acl->test(ctx) == Truth::yes;
  }
  return false;
}

bool when(const Args& args, EvalContext& ctx, Sample&) {
  const auto& condition = args.as<When>();
  return happened(condition, ctx) != condition.negated;
}

constexpr SampleType kStr = SampleType::str;
constexpr ConverterSpec kConverters[] = {
    {"nbsrv", "", kStr, SampleType::sint, number_of<Number::nbsrv>},
    {"srv_queue", "", kStr, SampleType::sint, number_of<Number::srv_queue>},
    {"srv_is_up", "", kStr, SampleType::boolean, srv_is_up},
    {"fe_exists", "", kStr, SampleType::boolean, fe_exists},
    {"capture-req", "i", kStr, kStr, capture<&EvalContext::request_captures>, prepare_req},
    {"capture-res", "i", kStr, kStr, capture<&EvalContext::response_captures>, prepare_res},
    {"when", "s[ss", SampleType::any, SampleType::any, when, prepare_when},
};

}  // namespace

std::span<const ConverterSpec> lookup() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
