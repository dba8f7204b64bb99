// map_<match>_<output>(file[,default]) (manual 7.3.1): a key looked up in a file of pairs.
#include <memory>

#include "rules/compile_env.h"
#include "rules/converter/families.h"
#include "rules/substitute.h"

namespace evenkeel::rules::converter {
namespace {

struct Map {
  std::shared_ptr<const PatternSet> patterns;
  std::vector<Sample> typed;  // outputs of the _int and _ip forms, by entry
  Sample otherwise;
  bool has_otherwise = false;
};

// The value as the output type, checked at load so that a lookup only copies.
bool typed_value(std::string_view text, SampleType type, Sample& out) {
  if (type == SampleType::sint) {
    std::int64_t value = 0;
    if (!parse_int(text, value)) return false;
    out = Sample::of_int(value);
    return true;
  }
  if (type == SampleType::addr) return parse_ip(text, out);
  out = Sample::of_text(text);
  return true;
}

template <MatchMethod kMethod, SampleType kOut>
std::string prepare(Args& args, CompileEnv& env) {
  auto map = std::make_shared<Map>();
  auto patterns = env.pattern_file(args.list[0].text, kMethod, false, true);
  if (!patterns) return patterns.error();
  map->patterns = std::move(*patterns);
  if constexpr (kOut == SampleType::sint || kOut == SampleType::addr) {
    map->typed.resize(map->patterns->size());
    for (std::uint32_t i = 0; i < map->patterns->size(); ++i) {
      const std::string_view value = map->patterns->value(i);
      if (!typed_value(value, kOut, map->typed[i])) {
        return "'" + std::string(value) + "' in " + args.list[0].text + " is not " +
               (kOut == SampleType::sint ? "an integer" : "an IP address");
      }
    }
  }
  if (args.size() > 1) {
    map->has_otherwise = true;
    if (!typed_value(args.text(1), kOut, map->otherwise))
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

template <SampleType kOut>
bool look_up(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& map = args.as<Map>();
  const std::uint32_t entry = map.patterns->match(sample, *ctx.scratch);
  if (entry == PatternSet::kNone) return fallback(map, sample);
  if constexpr (kOut == SampleType::str) {
    sample = Sample::of_text(map.patterns->value(entry));
  } else {
    sample = map.typed[entry];
  }
  return true;
}

// map_regm: the value holds \\1 references to the parentheses of the match.
bool look_up_regm(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& map = args.as<Map>();
  std::vector<std::string_view> groups(10);
  const std::uint32_t entry = map.patterns->match(sample, *ctx.scratch, &groups);
  if (entry == PatternSet::kNone) return fallback(map, sample);
  std::string result;
  expand(map.patterns->value(entry), groups, result);
  sample = Sample::of_text(ctx.scratch->copy(result));
  return true;
}

template <MatchMethod kMethod>
constexpr SampleType kInputOf = kMethod == MatchMethod::integer ? SampleType::sint
                                : kMethod == MatchMethod::ip    ? SampleType::addr
                                                                : SampleType::str;

template <MatchMethod kMethod, SampleType kOut>
constexpr ConverterSpec row(std::string_view name) {
  return {name, "s[s", kInputOf<kMethod>, kOut, look_up<kOut>, prepare<kMethod, kOut>};
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
    {"map_regm", "s[s", SampleType::str, SampleType::str, look_up_regm, prepare<reg, kStr>},
};

}  // namespace

std::span<const ConverterSpec> map() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
