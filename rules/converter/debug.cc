// debug: shows what passes, and passes it on (manual 7.3.1).
#include "rules/compile_env.h"
#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

constexpr std::string_view kDefaultSink = "buf0";

std::string prepare(Args& args, CompileEnv& env) {
  env.sinks_used.emplace_back(args.text(1).empty() ? kDefaultSink : args.text(1));
  return {};
}

// A line of text must stay one.
void put_printable(std::string_view value, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out.append(1, '#').append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
    }
  }
}

bool debug(const Args& args, EvalContext& ctx, Sample& sample) {
  std::string line = "[debug] ";
  line.append(args.text(0)).append(": type=").append(to_string(sample.type)).append(" <");
  Sample text = sample;
  if (cast(text, SampleType::str, *ctx.scratch)) put_printable(text.text, line);
  line += '>';
  ctx.debug_line(args.text(1).empty() ? kDefaultSink : args.text(1), line);
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"debug", "[ss", SampleType::any, SampleType::any, debug, prepare},
};

}  // namespace

std::span<const ConverterSpec> debugging() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
