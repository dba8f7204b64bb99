#include "http/cache_control.h"

#include <algorithm>

namespace evenkeel::http {
namespace {

constexpr std::int64_t kForever = std::int64_t{1} << 31;

void note(std::optional<std::int64_t>& field, std::string_view argument) noexcept {
  const std::int64_t seconds = parse_delta_seconds(argument);
  field = field ? std::min(*field, seconds) : seconds;
}

}  // namespace

std::int64_t parse_delta_seconds(std::string_view text) noexcept {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty()) return 0;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    value = std::min(value * 10 + (c - '0'), kForever);
  }
  return value;
}

void add_cache_control(CacheControl& control, std::string_view value) noexcept {
  control.present = true;
  ListReader reader(value);
  std::string_view element;
  while (reader.next(element)) {
    const std::size_t equals = std::min(element.find('='), element.size());
    const std::string_view name = trim_ows(element.substr(0, equals));
    const std::string_view argument =
        equals < element.size() ? trim_ows(element.substr(equals + 1)) : std::string_view();
    if (iequals(name, "max-age")) note(control.max_age, argument);
    if (iequals(name, "s-maxage")) note(control.s_maxage, argument);
    if (iequals(name, "min-fresh")) note(control.min_fresh, argument);
    if (iequals(name, "no-store")) control.no_store = true;
    if (iequals(name, "no-cache")) control.no_cache = true;
    if (iequals(name, "private")) control.is_private = true;
    if (iequals(name, "public")) control.is_public = true;
    if (iequals(name, "no-transform")) control.no_transform = true;
    if (iequals(name, "must-revalidate") || iequals(name, "proxy-revalidate")) control.must_revalidate = true;
    if (iequals(name, "only-if-cached")) control.only_if_cached = true;
  }
}

CacheControl parse_cache_control(const HeaderBlock& headers) noexcept {
  CacheControl control;
  if (!headers.may_have(set_of(HeaderId::cache_control))) return control;
  for (std::size_t i = headers.find(HeaderId::cache_control); i != HeaderBlock::npos;
       i = headers.find(HeaderId::cache_control, i + 1))
    add_cache_control(control, headers.value(i));
  return control;
}

}  // namespace evenkeel::http
