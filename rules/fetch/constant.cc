// Constants and the outside world (manual 7.3.2): bool, int, str, date, rand, env...
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/clock.h"
#include "rules/fetch/families.h"
#include "rules/text.h"

namespace evenkeel::rules::fetch {
namespace {

// A constant is made once, at load; its text lives in the arguments.
bool prepared_constant(const Args& args, EvalContext&, FetchState&, Sample& out) {
  out = args.as<Sample>();
  return true;
}

void keep(Args& args, const Sample& sample) { args.prepared = std::make_shared<const Sample>(sample); }

std::string prepare_bool(Args& args, CompileEnv&) {
  const std::string_view text = args.text(0);
  if (text != "true" && text != "false" && text != "yes" && text != "no" && text != "1" && text != "0" &&
      text != "on" && text != "off" && text != "enable" && text != "disable") {
    return "'" + std::string(text) + "' is not a boolean";
  }
  keep(args,
       Sample::of_bool(text == "true" || text == "yes" || text == "1" || text == "on" || text == "enable"));
  return {};
}

std::string prepare_int(Args& args, CompileEnv&) {
  keep(args, Sample::of_int(args.number(0, 0)));
  return {};
}

std::string prepare_ip(Args& args, SampleType type) {
  Sample sample;
  if (!parse_ip(args.text(0), sample) || sample.type != type) {
    return "'" + std::string(args.text(0)) + "' is not an " + (type == SampleType::ipv4 ? "IPv4" : "IPv6") +
           " address";
  }
  keep(args, sample);
  return {};
}
std::string prepare_ipv4(Args& args, CompileEnv&) { return prepare_ip(args, SampleType::ipv4); }
std::string prepare_ipv6(Args& args, CompileEnv&) { return prepare_ip(args, SampleType::ipv6); }

std::string prepare_bin(Args& args, CompileEnv&) {
  std::string bytes;
  if (!text::unhex(args.text(0), bytes))
    return "'" + args.list[0].text + "' is not a row of hexadecimal byte pairs";
  args.list[0].text = std::move(bytes);
  return {};
}

bool str(const Args& args, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_text(args.text(0));
  return true;
}
bool bin(const Args& args, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_bin(args.text(0));
  return true;
}
bool meth(const Args& args, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_method(args.text(0));
  return true;
}
bool always_true(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_bool(true);
  return true;
}
bool always_false(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_bool(false);
  return true;
}

// The environment is read once: a process whose environment changes under its rules would be a surprise.
std::string prepare_env(Args& args, CompileEnv&) {
  const char* const value = std::getenv(args.list[0].text.c_str());
  if (value != nullptr) args.prepared = std::make_shared<const std::string>(value);
  return {};
}
bool env(const Args& args, EvalContext&, FetchState&, Sample& out) {
  if (!args.prepared) return false;
  out = Sample::of_text(args.as<std::string>());
  return true;
}

std::string check_unit(std::string_view unit) {
  if (unit.empty() || unit == "s" || unit == "ms" || unit == "us") return {};
  return "'" + std::string(unit) + "' is no unit of time: write s, ms or us";
}
std::string prepare_date(Args& args, CompileEnv&) { return check_unit(args.text(1)); }

bool date(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const std::int64_t offset = args.number(0, 0);
  const std::string_view unit = args.text(1);
  const std::int64_t now_us = ctx.clock->wall_us();
  const std::int64_t divisor = unit == "us" ? 1 : (unit == "ms" ? 1000 : 1'000'000);
  out = Sample::of_int(now_us / divisor + offset);
  return true;
}
bool date_us(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  out = Sample::of_int(ctx.clock->wall_us() % 1'000'000);
  return true;
}

std::string prepare_rand(Args& args, CompileEnv&) {
  return args.size() > 0 && args.number(0, 1) <= 0 ? "the range must be positive" : "";
}
bool rand(const Args& args, EvalContext& ctx, FetchState&, Sample& out) {
  const auto range = static_cast<std::uint64_t>(args.number(0, std::int64_t{1} << 32U));
  // The upper half of 64 random bits, scaled: no modulo bias that anybody could see.
  out = Sample::of_int(
      static_cast<std::int64_t>((static_cast<unsigned __int128>(ctx.random()) * range) >> 64U));
  return true;
}

std::string prepare_uuid(Args& args, CompileEnv&) {
  return args.number(0, 4) == 4 ? "" : "only version 4 is supported";
}
bool uuid(const Args&, EvalContext& ctx, FetchState&, Sample& out) {
  std::uint64_t high = ctx.random();
  std::uint64_t low = ctx.random();
  high = (high & ~0xf000ULL) | 0x4000ULL;                  // RFC 9562 section 5.4: version 4
  low = (low & ~(0xc000ULL << 48U)) | (0x8000ULL << 48U);  // and the variant
  char* const to = ctx.scratch->take(37);
  std::snprintf(to, 37, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32U),
                static_cast<unsigned>((high >> 16U) & 0xffffU), static_cast<unsigned>(high & 0xffffU),
                static_cast<unsigned>(low >> 48U), static_cast<unsigned long long>(low & 0xffffffffffffULL));
  out = Sample::of_text({to, 36});
  return true;
}

const std::string& host_name() {
  static const std::string name = [] {
    std::array<char, 256> buffer{};
    ::gethostname(buffer.data(), buffer.size() - 1);
    return std::string(buffer.data());
  }();
  return name;
}
bool hostname(const Args&, EvalContext&, FetchState&, Sample& out) {
  out = Sample::of_text(host_name());
  return true;
}

constexpr FetchSpec kFetches[] = {
    {"always_true", "", SampleType::boolean, scope::kAlways, always_true},
    {"always_false", "", SampleType::boolean, scope::kAlways, always_false},
    {"bool", "s", SampleType::boolean, scope::kAlways, prepared_constant, prepare_bool},
    {"int", "i", SampleType::sint, scope::kAlways, prepared_constant, prepare_int},
    {"ipv4", "s", SampleType::ipv4, scope::kAlways, prepared_constant, prepare_ipv4},
    {"ipv6", "s", SampleType::ipv6, scope::kAlways, prepared_constant, prepare_ipv6},
    {"str", "[s", SampleType::str, scope::kAlways, str},
    {"bin", "s", SampleType::bin, scope::kAlways, bin, prepare_bin},
    {"meth", "s", SampleType::meth, scope::kAlways, meth},
    {"env", "s", SampleType::str, scope::kAlways, env, prepare_env},
    {"date", "[is", SampleType::sint, scope::kAlways, date, prepare_date},
    {"date_us", "", SampleType::sint, scope::kAlways, date_us},
    {"rand", "[i", SampleType::sint, scope::kAlways, rand, prepare_rand},
    {"uuid", "[i", SampleType::str, scope::kAlways, uuid, prepare_uuid},
    {"hostname", "", SampleType::str, scope::kAlways, hostname},
};

}  // namespace

std::span<const FetchSpec> constants() noexcept { return kFetches; }

}  // namespace evenkeel::rules::fetch
