// fix_is_valid and fix_tag_value (manual 7.3.1): Financial Information eXchange messages, "tag=value" pairs
// that each end with a byte 1.
#include <algorithm>
#include <memory>

#include "rules/converter/families.h"
#include "rules/text.h"

namespace evenkeel::rules::converter {
namespace {

constexpr char kEnd = '\x01';
constexpr std::int64_t kBeginString = 8;
constexpr std::int64_t kBodyLength = 9;
constexpr std::int64_t kMsgType = 35;
constexpr std::int64_t kCheckSum = 10;

struct Pair {
  std::int64_t tag = 0;
  std::string_view value;
};

// Takes the next pair off the text. False: the end, or no pair with a number and its end.
bool next(std::string_view& rest, Pair& pair) noexcept {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals > 9) return false;
  const std::string_view tag = rest.substr(0, equals);
  if (!std::all_of(tag.begin(), tag.end(), text::is_digit)) return false;
  const std::size_t end = rest.find(kEnd, equals);
  if (end == std::string_view::npos) return false;
  pair.tag = leading_int(tag);
  pair.value = rest.substr(equals + 1, end - equals - 1);
  rest.remove_prefix(end + 1);
  return true;
}

bool known_version(std::string_view version) noexcept {
  static constexpr std::string_view kVersions[] = {"FIX.4.0", "FIX.4.1", "FIX.4.2",
                                                   "FIX.4.3", "FIX.4.4", "FIXT.1.1"};
  return std::find(std::begin(kVersions), std::end(kVersions), version) != std::end(kVersions);
}

bool next_full(std::string_view& rest, Pair& pair) noexcept {
  return next(rest, pair) && !pair.value.empty();
}

// Begin, length, type, then anything, and at last the sum of all bytes before it, modulo 256.
bool valid(std::string_view message) noexcept {
  std::string_view rest = message;
  Pair pair;
  if (!next_full(rest, pair) || pair.tag != kBeginString || !known_version(pair.value)) return false;
  if (!next_full(rest, pair) || pair.tag != kBodyLength) return false;
  std::int64_t length = 0;
  if (!std::all_of(pair.value.begin(), pair.value.end(), text::is_digit) || !parse_int(pair.value, length))
    return false;
  const std::string_view body = rest;
  if (!next_full(rest, pair) || pair.tag != kMsgType) return false;
  std::string_view before = rest;
  while (next_full(rest, pair) && pair.tag != kCheckSum) before = rest;
  if (pair.tag != kCheckSum || static_cast<std::int64_t>(body.size() - before.size()) != length) return false;
  unsigned sum = 0;
  for (const char c : message.substr(0, message.size() - before.size())) sum += static_cast<unsigned char>(c);
  std::int64_t told = -1;
  return pair.value.size() == 3 && std::all_of(pair.value.begin(), pair.value.end(), text::is_digit) &&
         parse_int(pair.value, told) && told == static_cast<std::int64_t>(sum % 256);
}

// No answer while the end is missing: content rules then wait for more bytes.
bool is_complete(std::string_view rest) noexcept {
  Pair pair;
  while (next(rest, pair)) {
    if (pair.tag == kCheckSum) return true;
  }
  // What is left is no beginning of a pair: more bytes cannot mend it.
  const std::string_view tag = rest.substr(0, rest.find('='));
  return !std::all_of(tag.begin(), tag.end(), text::is_digit) || tag.size() > 9;
}

bool is_valid(const Args&, EvalContext&, Sample& sample) {
  if (!is_complete(sample.text)) return false;
  sample = Sample::of_bool(valid(sample.text));
  return true;
}

bool tag_value(const Args& args, EvalContext&, Sample& sample) {
  std::string_view rest = sample.text;
  Pair pair;
  while (next(rest, pair)) {
    if (pair.tag != args.as<std::int64_t>()) continue;
    sample = Sample::of_bin(pair.value);
    return true;
  }
  return false;
}
std::string prepare(Args& args, CompileEnv&) {
  static constexpr std::pair<std::string_view, std::int64_t> kNames[] = {
      {"BeginString", kBeginString}, {"BodyLength", kBodyLength}, {"MsgType", kMsgType},
      {"SenderCompID", 49},          {"TargetCompID", 56},        {"CheckSum", kCheckSum},
  };
  std::int64_t tag = 0;
  for (const auto& [name, number] : kNames) {
    if (name == args.text(0)) tag = number;
  }
  if (tag == 0 && (!parse_int(args.text(0), tag) || tag < 1))
    return "'" + std::string(args.text(0)) + "' is no tag";
  args.prepared = std::make_shared<const std::int64_t>(tag);
  return {};
}

constexpr ConverterSpec kConverters[] = {
    {"fix_is_valid", "", SampleType::bin, SampleType::boolean, is_valid},
    {"fix_tag_value", "s", SampleType::bin, SampleType::bin, tag_value, prepare},
};

}  // namespace

std::span<const ConverterSpec> fix() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
