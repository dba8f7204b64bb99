// regsub(regex,substitution[,flags]) (manual 7.3.1), and the substitution that replace-* actions share.
#include <memory>

#include "rules/converter/families.h"
#include "rules/substitute.h"

namespace evenkeel::rules::converter {
namespace {

struct Program {
  Regex regex;
  std::string substitution;
  bool global;
};

std::string prepare(Args& args, CompileEnv&) {
  bool global = false;
  bool ignore_case = false;
  for (const char flag : args.text(2)) {
    if (flag == 'g')
      global = true;
    else if (flag == 'i')
      ignore_case = true;
    else
      return std::string("unknown flag '") + flag + "': there are i and g";
  }
  auto regex = Regex::compile(args.text(0), ignore_case);
  if (!regex) return "regular expression '" + std::string(args.text(0)) + "': " + regex.error();
  args.prepared =
      std::make_shared<const Program>(Program{std::move(*regex), std::string(args.text(1)), global});
  return {};
}

bool run(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto& program = args.as<Program>();
  return substitute(program.regex, sample.text, program.substitution, program.global, *ctx.scratch,
                    sample.text);
}

constexpr ConverterSpec kConverters[] = {
    {"regsub", "ss[s", SampleType::str, SampleType::str, run, prepare},
};

}  // namespace

std::span<const ConverterSpec> regsub() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
