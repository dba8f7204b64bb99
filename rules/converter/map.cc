// map_<match>_<output>(file[,default]) (manual 7.3.1): a key looked up in a file of pairs.
#include <memory>

#include "rules/compile_env.h"
#include "rules/converter/families.h"
#include "rules/substitute.h"

namespace evenkeel::rules::converter {
namespace {

struct Map {
  PatternUse patterns;
  Sample otherwise;
  bool has_otherwise = false;
};

constexpr MapValue value_of(SampleType out) noexcept {
  return out == SampleType::sint   ? MapValue::number
         : out == SampleType::addr ? MapValue::address
                                   : MapValue::text;
}

template <MatchMethod kMethod, MapValue kValue>
std::string prepare(Args& args, CompileEnv& env) {
  auto map = std::make_shared<Map>();
  auto patterns = env.pattern_file(args.list[0].text, {kMethod, false, kValue}, true, "map");
  if (!patterns) return patterns.error();
  map->patterns = std::move(*patterns);
  if (args.size() > 1) {
    map->has_otherwise = true;
    if (!parse_map_value(args.text(1), kValue, map->otherwise))
      return "the default '" + args.list[1].text + "' has the wrong type";
  }
  args.prepared = std::move(map);
  return {};
}

bool fallback(const Map& map, Sample& sample) noexcept {
  if (!map.has_otherwise) return false;
  sample = map.otherwise;
  return true;
}

// Values are read where they are found: a copy of each in its type would double a large map, and reading a
// number costs less than the cache line of its copy. Texts are copied, because the map may change before the
// sample is used up.
template <SampleType kOut>
bool look_up(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& map = args.as<Map>();
  const PatternEntry* const entry = map.patterns.match(sample, *ctx.scratch);
  if (entry == nullptr) return fallback(map, sample);
  if constexpr (kOut != SampleType::str) return parse_map_value(entry->text(), value_of(kOut), sample);
  sample = Sample::of_text(ctx.scratch->copy(entry->text()));
  return true;
}

// map_regm: the value holds \\1 references to the parentheses of the match.
bool look_up_regm(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& map = args.as<Map>();
  std::vector<std::string_view> groups(10);
  const PatternEntry* const entry = map.patterns.match(sample, *ctx.scratch, &groups);
  if (entry == nullptr) return fallback(map, sample);
  std::string result;
  expand(entry->text(), groups, result);
  sample = Sample::of_text(ctx.scratch->copy(result));
  return true;
}

// map_*_key: the key that matched, in the place of its value.
bool look_up_key(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& map = args.as<Map>();
  const PatternEntry* const entry = map.patterns.match(sample, *ctx.scratch);
  if (entry == nullptr) return false;
  sample = Sample::of_text(ctx.scratch->copy(entry->key()));
  return true;
}

template <MatchMethod kMethod>
constexpr SampleType kInputOf = kMethod == MatchMethod::integer ? SampleType::sint
                                : kMethod == MatchMethod::ip    ? SampleType::addr
                                                                : SampleType::str;

template <MatchMethod kMethod, SampleType kOut>
constexpr ConverterSpec row(std::string_view name) {
  return {name, "s[s", kInputOf<kMethod>, kOut, look_up<kOut>, prepare<kMethod, value_of(kOut)>};
}
template <MatchMethod kMethod>
constexpr ConverterSpec key_row(std::string_view name) {
  return {name, "s", kInputOf<kMethod>, SampleType::str, look_up_key, prepare<kMethod, MapValue::text>};
}
constexpr auto str = MatchMethod::str, beg = MatchMethod::beg, sub = MatchMethod::sub, dir = MatchMethod::dir,
               dom = MatchMethod::dom, end = MatchMethod::end, reg = MatchMethod::reg,
               integer = MatchMethod::integer, ip = MatchMethod::ip;
constexpr SampleType kStr = SampleType::str;
constexpr SampleType kInt = SampleType::sint;
constexpr SampleType kIp = SampleType::addr;

constexpr ConverterSpec kConverters[] = {
    row<str, kStr>("map"),
    row<str, kStr>("map_str"),
    row<str, kInt>("map_str_int"),
    row<str, kIp>("map_str_ip"),
    row<beg, kStr>("map_beg"),
    row<beg, kInt>("map_beg_int"),
    row<beg, kIp>("map_beg_ip"),
    row<sub, kStr>("map_sub"),
    row<sub, kInt>("map_sub_int"),
    row<sub, kIp>("map_sub_ip"),
    row<dir, kStr>("map_dir"),
    row<dir, kInt>("map_dir_int"),
    row<dir, kIp>("map_dir_ip"),
    row<dom, kStr>("map_dom"),
    row<dom, kInt>("map_dom_int"),
    row<dom, kIp>("map_dom_ip"),
    row<end, kStr>("map_end"),
    row<end, kInt>("map_end_int"),
    row<end, kIp>("map_end_ip"),
    row<reg, kStr>("map_reg"),
    row<reg, kInt>("map_reg_int"),
    row<reg, kIp>("map_reg_ip"),
    row<integer, kStr>("map_int"),
    row<integer, kInt>("map_int_int"),
    row<integer, kIp>("map_int_ip"),
    row<ip, kStr>("map_ip"),
    row<ip, kInt>("map_ip_int"),
    row<ip, kIp>("map_ip_ip"),
    key_row<str>("map_str_key"),
    key_row<beg>("map_beg_key"),
    key_row<sub>("map_sub_key"),
    key_row<dir>("map_dir_key"),
    key_row<dom>("map_dom_key"),
    key_row<end>("map_end_key"),
    key_row<reg>("map_reg_key"),
    key_row<integer>("map_int_key"),
    key_row<ip>("map_ip_key"),
    {"map_regm", "s[s", SampleType::str, SampleType::str, look_up_regm, prepare<reg, MapValue::expanded>},
};

}  // namespace

std::span<const ConverterSpec> map() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
