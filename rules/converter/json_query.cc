// json_query(path[,int]) (manual 7.3.1).
#include "rules/converter/json_query.h"

#include <charconv>
#include <cmath>
#include <memory>

#include "rules/converter/families.h"

namespace evenkeel::rules::converter {
namespace {

// Whole numbers stay exact integers; all others are printed as short as their value allows.
bool number(std::string_view value, bool as_int, Scratch& scratch, Sample& sample) {
  std::int64_t integer = 0;
  if (const auto end = std::from_chars(value.data(), value.data() + value.size(), integer);
      end.ec == std::errc{} && end.ptr == value.data() + value.size()) {
    sample = Sample::of_int(integer);
    return true;
  }
  double real = 0;
  const auto end = std::from_chars(value.data(), value.data() + value.size(), real);
  if (end.ec != std::errc{} || end.ptr != value.data() + value.size()) return false;
  if (as_int) {
    if (!(std::abs(real) < 9.2e18)) return false;
    sample = Sample::of_int(static_cast<std::int64_t>(real));
    return true;
  }
  char* const to = scratch.take(40);
  const auto printed = std::to_chars(to, to + 40, real);
  sample = Sample::of_text({to, static_cast<std::size_t>(printed.ptr - to)});
  return true;
}

std::string prepare(Args& args, CompileEnv&) {
  auto query = std::make_shared<JsonQuery>();
  if (std::string error = JsonQuery::read(args, *query); !error.empty()) return error;
  args.prepared = std::move(query);
  return {};
}
bool run(const Args& args, EvalContext& ctx, Sample& sample) {
  return args.as<JsonQuery>().run(sample.text, *ctx.scratch, sample);
}

constexpr ConverterSpec kConverters[] = {
    {"json_query", "s[s", SampleType::str, SampleType::any, run, prepare},
};

}  // namespace

std::string JsonQuery::read(const Args& args, JsonQuery& query) {
  auto path = JsonPath::parse(args.text(0));
  if (!path) return path.error();
  if (!args.text(1).empty() && args.text(1) != "int") return "the only output type is 'int'";
  query.path = std::move(*path);
  query.as_int = !args.text(1).empty();
  return {};
}

bool JsonQuery::run(std::string_view json, Scratch& scratch, Sample& sample) const {
  const std::string_view value = path.find(json);
  switch (json::kind_of(value)) {
    case json::Kind::string: {
      std::string text;
      if (!json::unquote(value, text)) return false;
      if (as_int) {
        std::int64_t integer = 0;
        if (!parse_int(text, integer)) return false;
        sample = Sample::of_int(integer);
        return true;
      }
      sample = Sample::of_text(text.empty() ? std::string_view("") : scratch.copy(text));
      return text.empty() || !sample.text.empty();
    }
    case json::Kind::number:
      return number(value, as_int, scratch, sample);
    case json::Kind::boolean:
      sample = as_int ? Sample::of_int(value == "true" ? 1 : 0) : Sample::of_bool(value == "true");
      return true;
    case json::Kind::array:
      sample = Sample::of_text(value);
      return !as_int;
    default:
      return false;
  }
}

std::span<const ConverterSpec> json_query() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
