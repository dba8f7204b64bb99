// Whole texts (manual 7.3.1): lower, upper, length, concat, strcmp, ltrim, rtrim, reverse...
#include "rules/text.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "rules/converter/families.h"
#include "rules/variables.h"

namespace evenkeel::rules::converter {
namespace {

template <char (*kMap)(char) noexcept>
bool mapped(const Args&, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size());
  if (to == nullptr) return false;
  std::transform(sample.text.begin(), sample.text.end(), to, kMap);
  sample.text = {to, sample.text.size()};
  return true;
}

bool length(const Args&, EvalContext&, Sample& sample) {
  sample = Sample::of_int(static_cast<std::int64_t>(sample.text.size()));
  return true;
}

bool ltrim(const Args& args, EvalContext&, Sample& sample) {
  sample.text.remove_prefix(std::min(sample.text.find_first_not_of(args.text(0)), sample.text.size()));
  return true;
}
bool rtrim(const Args& args, EvalContext&, Sample& sample) {
  sample.text = sample.text.substr(0, sample.text.find_last_not_of(args.text(0)) + 1);
  return true;
}
bool cut_crlf(const Args&, EvalContext&, Sample& sample) {
  sample.text = sample.text.substr(0, sample.text.find_first_of("\r\n"));
  return true;
}
bool reverse(const Args&, EvalContext& ctx, Sample& sample) {
  char* const to = ctx.scratch->take(sample.text.size());
  if (to == nullptr) return false;
  std::reverse_copy(sample.text.begin(), sample.text.end(), to);
  sample.text = {to, sample.text.size()};
  return true;
}
// mail.example.com becomes com.example.mail. One dot at the end does not count; empty labels are no labels.
bool reverse_dom(const Args&, EvalContext& ctx, Sample& sample) {
  std::string_view rest = sample.text;
  if (!rest.empty() && rest.back() == '.') rest.remove_suffix(1);
  const std::size_t size = rest.size();
  char* const to = ctx.scratch->take(size);
  if (to == nullptr || rest.empty()) return false;
  for (std::size_t at = 0; true;) {
    const std::size_t dot = rest.rfind('.');
    const std::string_view label = rest.substr(dot == std::string_view::npos ? 0 : dot + 1);
    if (label.empty()) return false;
    at += label.copy(to + at, label.size());
    if (dot == std::string_view::npos) break;
    to[at++] = '.';
    rest = rest.substr(0, dot);
  }
  sample = Sample::of_text({to, size});
  return true;
}
bool has_ctl(const Args&, EvalContext&, Sample& sample) {
  sample = Sample::of_bool(std::any_of(sample.text.begin(), sample.text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  }));
  return true;
}

// A variable as an argument: concat, strcmp, secure_memcmp, add_item.
using MaybeVar = std::optional<VarRef>;

std::string prepare_var(Args& args, std::size_t index) {
  auto holder = std::make_shared<MaybeVar>();
  if (!args.text(index).empty()) {
    auto ref = VarRef::parse(args.text(index));
    if (!ref) return ref.error();
    *holder = std::move(*ref);
  }
  args.prepared = std::move(holder);
  return {};
}
std::string prepare_first(Args& args, CompileEnv&) { return prepare_var(args, 0); }
std::string prepare_second(Args& args, CompileEnv&) { return prepare_var(args, 1); }

// The variable as text; nothing where it is not set.
std::optional<std::string_view> var_text(const Args& args, EvalContext& ctx) {
  Sample value;
  const MaybeVar& var = args.as<MaybeVar>();
  if (!var || !get_variable(ctx, *var, value)) return std::nullopt;
  return as_text(value, *ctx.scratch);
}

bool joined(EvalContext& ctx, Sample& sample, std::initializer_list<std::string_view> pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  char* const to = ctx.scratch->take(size);
  if (to == nullptr) return false;
  char* at = to;
  for (const std::string_view piece : pieces) at += piece.copy(at, piece.size());
  sample = Sample::of_text({to, size});
  return true;
}

// concat([start],[var],[end])
bool concat(const Args& args, EvalContext& ctx, Sample& sample) {
  return joined(ctx, sample, {sample.text, args.text(0), var_text(args, ctx).value_or(""), args.text(2)});
}

// add_item(delimiter[,var[,suffix]]): the delimiter stands only between items.
bool add_item(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto var = var_text(args, ctx);
  const std::string_view suffix = args.text(2);
  if (!var && suffix.empty()) return true;
  const std::string_view delimiter = sample.text.empty() ? std::string_view() : args.text(0);
  return joined(ctx, sample, {sample.text, delimiter, var.value_or(""), suffix});
}
std::string prepare_add_item(Args& args, CompileEnv&) {
  if (args.text(1).empty() && args.text(2).empty()) return "give a variable or a suffix";
  return prepare_var(args, 1);
}

// Negative, zero or positive, as strcmp() answers; the oracle's value is the difference of the first bytes
// that differ.
bool strcmp(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto var = var_text(args, ctx);
  if (!var) return false;
  const std::size_t common = std::min(var->size(), sample.text.size());
  std::int64_t result = 0;
  for (std::size_t i = 0; i < common && result == 0; ++i) {
    result = static_cast<unsigned char>(sample.text[i]) - static_cast<unsigned char>((*var)[i]);
  }
  if (result == 0 && sample.text.size() != var->size()) result = sample.text.size() < var->size() ? -1 : 1;
  sample = Sample::of_int(result);
  return true;
}

bool secure_memcmp(const Args& args, EvalContext& ctx, Sample& sample) {
  const auto var = var_text(args, ctx);
  if (!var) return false;
  unsigned char difference = var->size() == sample.text.size() ? 0 : 1;
  if (difference == 0) {
    for (std::size_t i = 0; i < var->size(); ++i)
      difference |= static_cast<unsigned char>((*var)[i] ^ sample.text[i]);
  }
  sample = Sample::of_bool(difference == 0);
  return true;
}

bool iif(const Args& args, EvalContext&, Sample& sample) {
  sample = Sample::of_text(args.text(sample.integer != 0 ? 0 : 1));
  return true;
}

constexpr ConverterSpec kConverters[] = {
    {"lower", "", SampleType::str, SampleType::str, mapped<text::lower>},
    {"upper", "", SampleType::str, SampleType::str, mapped<text::upper>},
    {"length", "", SampleType::str, SampleType::sint, length},
    {"ltrim", "s", SampleType::str, SampleType::str, ltrim},
    {"rtrim", "s", SampleType::str, SampleType::str, rtrim},
    {"cut_crlf", "", SampleType::str, SampleType::str, cut_crlf},
    {"reverse", "", SampleType::str, SampleType::str, reverse},
    {"reverse_dom", "", SampleType::str, SampleType::str, reverse_dom},
    {"has_ctl", "", SampleType::bin, SampleType::boolean, has_ctl},
    {"concat", "[sss", SampleType::str, SampleType::str, concat, prepare_second},
    {"add_item", "s[ss", SampleType::str, SampleType::str, add_item, prepare_add_item},
    {"strcmp", "s", SampleType::str, SampleType::sint, strcmp, prepare_first},
    {"secure_memcmp", "s", SampleType::str, SampleType::boolean, secure_memcmp, prepare_first},
    {"iif", "ss", SampleType::boolean, SampleType::str, iif},
};

}  // namespace

std::span<const ConverterSpec> text() noexcept { return kConverters; }

}  // namespace evenkeel::rules::converter
