// Arithmetic and logic (manual 7.3.1). Results saturate instead of wrapping, and division by zero gives the
// limit.
#include <limits>
#include <memory>
#include <variant>

#include "rules/converter/families.h"
#include "rules/variables.h"

namespace evenkeel::rules::converter {
namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// The operand: a number, or a variable that is read at each run.
using Operand = std::variant<std::int64_t, VarRef>;

std::string prepare(Args& args, CompileEnv&) {
  std::int64_t value = 0;
  if (parse_int(args.text(0), value)) {
    args.prepared = std::make_shared<const Operand>(value);
    return {};
  }
  auto ref = VarRef::parse(args.text(0));
  if (!ref) return "'" + std::string(args.text(0)) + "' is neither an integer nor a variable";
  args.prepared = std::make_shared<const Operand>(std::move(*ref));
  return {};
}

bool operand_of(const Args& args, EvalContext& ctx, std::int64_t& value) {
  const Operand& operand = args.as<Operand>();
  if (const auto* const number = std::get_if<std::int64_t>(&operand)) {
    value = *number;
    return true;
  }
  Sample sample;
  if (!get_variable(ctx, std::get<VarRef>(operand), sample) || !cast(sample, SampleType::sint, *ctx.scratch))
    return false;
  value = sample.integer;
  return true;
}

std::int64_t add(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t result = 0;
  return __builtin_add_overflow(a, b, &result) ? (b < 0 ? kMin : kMax) : result;
}
std::int64_t sub(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t result = 0;
  return __builtin_sub_overflow(a, b, &result) ? (b > 0 ? kMin : kMax) : result;
}
std::int64_t mul(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? ((a < 0) == (b < 0) ? kMax : kMin) : result;
}
std::int64_t div(std::int64_t a, std::int64_t b) noexcept {
  if (b == 0) return kMax;
  return b == -1 ? sub(0, a) : a / b;
}
std::int64_t mod(std::int64_t a, std::int64_t b) noexcept { return b == 0 || b == -1 ? 0 : a % b; }
std::int64_t bit_and(std::int64_t a, std::int64_t b) noexcept { return a & b; }
std::int64_t bit_or(std::int64_t a, std::int64_t b) noexcept { return a | b; }
std::int64_t bit_xor(std::int64_t a, std::int64_t b) noexcept { return a ^ b; }

template <std::int64_t (*kOperation)(std::int64_t, std::int64_t) noexcept>
bool binary(const Args& args, EvalContext& ctx, Sample& sample) {
  std::int64_t operand = 0;
  if (!operand_of(args, ctx, operand)) return false;
  sample.integer = kOperation(sample.integer, operand);
  return true;
}

bool neg(const Args&, EvalContext&, Sample& sample) {
  sample.integer = sub(0, sample.integer);
  return true;
}
bool cpl(const Args&, EvalContext&, Sample& sample) {
  sample.integer = ~sample.integer;
  return true;
}
bool to_bool(const Args&, EvalContext&, Sample& sample) {
  sample = Sample::of_bool(sample.integer != 0);
  return true;
}
bool negate(const Args&, EvalContext&, Sample& sample) {
  sample = Sample::of_bool(sample.integer == 0);
  return true;
}
bool odd(const Args&, EvalContext&, Sample& sample) {
  sample = Sample::of_bool((sample.integer & 1) != 0);
  return true;
}
bool even(const Args&, EvalContext&, Sample& sample) {
  sample = Sample::of_bool((sample.integer & 1) == 0);
  return true;
}

constexpr SampleType kInt = SampleType::sint;
constexpr SampleType kBool = SampleType::boolean;
constexpr ConverterSpec kConverters[] = {
    {"add", "s", kInt, kInt, binary<add>, prepare},
    {"sub", "s", kInt, kInt, binary<sub>, prepare},
    {"mul", "s", kInt, kInt, binary<mul>, prepare},
    {"div", "s", kInt, kInt, binary<div>, prepare},
    {"mod", "s", kInt, kInt, binary<mod>, prepare},
    {"and", "s", kInt, kInt, binary<bit_and>, prepare},
    {"or", "s", kInt, kInt, binary<bit_or>, prepare},
    {"xor", "s", kInt, kInt, binary<bit_xor>, prepare},
    {"neg", "", kInt, kInt, neg},
    {"cpl", "", kInt, kInt, cpl},
    {"bool", "", kInt, kBool, to_bool},
    {"not", "", kInt, kBool, negate},
    {"odd", "", kInt, kBool, odd},
    {"even", "", kInt, kBool, even},
};

}  // namespace

std::span<const ConverterSpec> number() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
