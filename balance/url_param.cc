#include "balance/url_param.h"

namespace evenkeel::balance {

namespace {

std::optional<std::string_view> find(std::string_view list, std::string_view name) noexcept {
  for (;;) {
    const std::size_t end = list.find('&');
    const std::string_view item = list.substr(0, end);
    if (item.size() > name.size() && item.starts_with(name) && item[name.size()] == '=') {
      return item.substr(name.size() + 1);
    }
    if (end == std::string_view::npos) return std::nullopt;
    list.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::string_view> url_param_of_target(std::string_view target, std::string_view name) noexcept {
  const std::size_t query = target.find('?');
  if (query == std::string_view::npos) return std::nullopt;
  return find(target.substr(query + 1), name);
}

std::optional<std::string_view> url_param_of_body(std::string_view body, std::string_view name) noexcept {
  return find(body, name);
}

}  // namespace evenkeel::balance
