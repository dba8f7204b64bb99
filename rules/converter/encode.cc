// Bytes to text and back (manual 7.3.1): base64, hex, numbers in bytes.
#include "rules/base64.h"
#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

bool b64enc(const Args&, EvalContext& ctx, Sample& sample) {
  sample.type = SampleType::str;
  return base64::encode(sample.text, *ctx.scratch, sample.text);
}
bool b64dec(const Args&, EvalContext& ctx, Sample& sample) {
  sample.type = SampleType::bin;
  return base64::decode(sample.text, *ctx.scratch, sample.text);
}
bool ub64enc(const Args&, EvalContext& ctx, Sample& sample) {
  sample.type = SampleType::str;
  return base64::encode(sample.text, *ctx.scratch, sample.text, true);
}
bool ub64dec(const Args&, EvalContext& ctx, Sample& sample) {
  sample.type = SampleType::bin;
  return base64::decode(sample.text, *ctx.scratch, sample.text, true);
}

bool hex(const Args&, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size() * 2);
  if (to == nullptr) return false;
  char* at = to;
  for (const char c : sample.text) {
    const auto byte = static_cast<unsigned char>(c);
    *at++ = text::kHex[byte >> 4U];
    *at++ = text::kHex[byte & 15U];
  }
  sample = Sample::of_text({to, sample.text.size() * 2});
  return true;
}
bool base2(const Args&, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size() * 8);
  if (to == nullptr) return false;
  char* at = to;
  for (const char c : sample.text) {
    for (unsigned bit = 8; bit-- > 0;)
      *at++ = static_cast<char>('0' + ((static_cast<unsigned char>(c) >> bit) & 1U));
  }
  sample = Sample::of_text({to, sample.text.size() * 8});
  return true;
}
bool hex2i(const Args&, EvalContext&, Sample& sample) {
  std::uint64_t value = 0;
  for (const char c : sample.text) {
    const int digit = text::hex_value(c);
    if (digit < 0) return false;
    value = value << 4U | static_cast<unsigned>(digit);
  }
  sample = Sample::of_int(static_cast<std::int64_t>(value));
  return true;
}
bool htonl(const Args&, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(4);
  for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<char>((sample.integer >> (24 - 8 * i)) & 0xff);
  sample = Sample::of_bin({to, 4});
  return true;
}

// be2dec(separator[,chunk size[,truncate]]) and le2dec: each chunk of bytes as a decimal number.
template <bool kBig>
bool to_decimals(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto chunk = static_cast<std::size_t>(args.number(1, 1));
  const bool truncate = args.number(2, 0) != 0;
  std::string result;
  const std::string_view bytes = sample.text;
  for (std::size_t i = 0; i < bytes.size(); i += chunk) {
    const std::string_view part = bytes.substr(i, chunk);
    if (truncate && part.size() < chunk) break;
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < part.size(); ++k) {
      value = value << 8U | static_cast<unsigned char>(part[kBig ? k : part.size() - 1 - k]);
    }
    if (i != 0) result += args.text(0);
    result += std::to_string(value);
  }
  sample = Sample::of_text(ctx.scratch->copy(result));
  return result.empty() || !sample.text.empty();
}
std::string prepare_dec(Args& args, CompileEnv&) {
  const std::int64_t chunk = args.number(1, 1);
  return chunk >= 1 && chunk <= 8 ? "" : "the chunk size must lie between 1 and 8";
}

// be2hex([separator[,chunk size[,truncate]]])
bool be2hex(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto chunk = static_cast<std::size_t>(args.number(1, 1));
  const bool truncate = args.number(2, 0) != 0;
  std::string result;
  const std::string_view bytes = sample.text;
  for (std::size_t i = 0; i < bytes.size(); i += chunk) {
    const std::string_view part = bytes.substr(i, chunk);
    if (truncate && part.size() < chunk) break;
    if (i != 0) result += args.text(0);
    for (const char c : part) {
      result += text::kHex[static_cast<unsigned char>(c) >> 4U];
      result += text::kHex[static_cast<unsigned char>(c) & 15U];
    }
  }
  sample = Sample::of_text(ctx.scratch->copy(result));
  return result.empty() || !sample.text.empty();
}
std::string prepare_hex(Args& args, CompileEnv&) {
  return args.number(1, 1) >= 1 ? "" : "the chunk size must be at least 1";
}

constexpr SampleType kStr = SampleType::str;
constexpr SampleType kBin = SampleType::bin;
constexpr SampleType kInt = SampleType::sint;
constexpr ConverterSpec kConverters[] = {
    {"base64", "", kBin, kStr, b64enc},
    {"b64dec", "", kStr, kBin, b64dec},
    {"ub64enc", "", kBin, kStr, ub64enc},
    {"ub64dec", "", kStr, kBin, ub64dec},
    {"base2", "", kBin, kStr, base2},
    {"hex", "", kBin, kStr, hex},
    {"hex2i", "", kStr, kInt, hex2i},
    {"htonl", "", kInt, kBin, htonl},
    {"be2dec", "s[ii", kBin, kStr, to_decimals<true>, prepare_dec},
    {"le2dec", "s[ii", kBin, kStr, to_decimals<false>, prepare_dec},
    {"be2hex", "[sii", kBin, kStr, be2hex, prepare_hex},
};

}  // namespace

std::span<const ConverterSpec> encode() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
