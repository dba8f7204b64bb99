#include "balance/uri.h"

namespace evenkeel::balance {

namespace {

// Drops scheme and authority of an absolute target.
std::string_view path_of(std::string_view target) noexcept {
  if (target.starts_with('/')) return target;
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::size_t path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view{} : target.substr(path);
}

}  // namespace

std::string_view uri_key(std::string_view target, const BalanceDef& def) noexcept {
  if (def.uri_path_only) target = path_of(target);
  if (def.uri_len != 0) target = target.substr(0, def.uri_len);
  std::uint32_t slashes = 0;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] == '/') {
      if (def.uri_depth != 0 && ++slashes > def.uri_depth) return target.substr(0, i);
    } else if (target[i] == '?' && !def.uri_whole) {
      return target.substr(0, i);
    }
  }
  return target;
}

}  // namespace evenkeel::balance
