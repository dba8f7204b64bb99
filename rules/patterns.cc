#include "rules/patterns.h"

#include <algorithm>

namespace evenkeel::rules {
namespace {

constexpr std::string_view kMethodNames[] = {"found", "bool", "int", "ip",  "bin", "len", "str",
                                             "beg",   "sub",  "reg", "end", "dir", "dom"};

}  // namespace

std::optional<MatchMethod> match_method_of(std::string_view name) noexcept {
  const auto* const found = std::find(std::begin(kMethodNames), std::end(kMethodNames), name);
  if (found == std::end(kMethodNames)) return std::nullopt;
  return static_cast<MatchMethod>(found - std::begin(kMethodNames));
}

std::string_view to_string(MatchMethod method) noexcept {
  return kMethodNames[static_cast<std::size_t>(method)];
}

std::optional<MatchMethod> default_method(SampleType type) noexcept {
  switch (type) {
    case SampleType::boolean:
      return MatchMethod::boolean;
    case SampleType::sint:
      return MatchMethod::integer;
    case SampleType::addr:
    case SampleType::ipv4:
    case SampleType::ipv6:
      return MatchMethod::ip;
    case SampleType::str:
    case SampleType::meth:
      return MatchMethod::str;
    default:
      return std::nullopt;
  }
}

bool compatible(SampleType type, MatchMethod method) noexcept {
  const bool ip = type == SampleType::addr || type == SampleType::ipv4 || type == SampleType::ipv6;
  if (type == SampleType::any) return true;
  switch (method) {
    case MatchMethod::boolean:
      return !ip && type != SampleType::bin;
    case MatchMethod::integer:
      return !ip;
    case MatchMethod::ip:
      return ip || type == SampleType::str || type == SampleType::bin;
    case MatchMethod::bin:
      return type == SampleType::str || type == SampleType::bin || type == SampleType::meth;
    default:
      return true;
  }
}

}  // namespace evenkeel::rules
