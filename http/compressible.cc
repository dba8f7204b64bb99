#include "http/compressible.h"

#include <algorithm>

#include "http/cache_control.h"
#include "http/conditional.h"

namespace evenkeel::http {
namespace {

bool begins_like(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

bool body_permits(const Framing& framing, std::uint64_t min_size) noexcept {
  if (framing.kind == BodyKind::chunked) return true;
  return framing.kind == BodyKind::length && framing.length > 0 && framing.length >= min_size;
}

bool fields_permit(const HeaderBlock& headers, std::span<const std::string> types) noexcept {
  if (headers.has(HeaderId::content_encoding)) return false;
  const std::string_view type = headers.get(HeaderId::content_type);
  if (type.data() == nullptr) {
    if (!types.empty()) return false;
  } else {
    if (begins_like(type, "multipart")) return false;
    const bool listed = types.empty() || std::any_of(types.begin(), types.end(), [&](const std::string& t) {
                          return begins_like(type, t);
                        });
    if (!listed) return false;
  }
  return !parse_cache_control(headers).no_transform;
}

void say_vary(HeaderBlock& headers) {
  for (std::size_t i = headers.find(HeaderId::vary); i != HeaderBlock::npos;
       i = headers.find(HeaderId::vary, i + 1)) {
    const std::string_view value = headers.value(i);
    if (list_has_token(value, "accept-encoding") || list_has_token(value, "*")) return;
  }
  headers.add(HeaderId::vary, "Accept-Encoding");
}

}  // namespace

bool is_broken_browser(std::string_view agent) noexcept {
  if (!agent.starts_with("Mozilla/4")) return false;
  const std::size_t at = agent.find("MSIE ");
  if (at == std::string_view::npos || at + 5 >= agent.size()) return true;
  const std::string_view version = agent.substr(at + 5);
  const bool two_digits =
      version.size() > 1 && version[0] >= '1' && version[0] <= '9' && version[1] >= '0' && version[1] <= '9';
  if (two_digits || (version[0] >= '7' && version[0] <= '9')) return false;
  return version[0] != '6' || version.find("SV1") == std::string_view::npos;
}

bool may_compress(const ResponseHead& response, const Framing& framing, const Compressible& rules) noexcept {
  if (response.version_minor == 0 || response.status < 200 || response.status > 203) return false;
  if (!body_permits(framing, rules.min_size)) return false;
  const HeaderBlock& headers = response.headers;
  const std::size_t etag = headers.find(HeaderId::etag);
  if (etag != HeaderBlock::npos) {
    if (!is_entity_tag(headers.value(etag))) return false;
    if (headers.find(HeaderId::etag, etag + 1) != HeaderBlock::npos) return false;
  }
  return fields_permit(headers, rules.types);
}

bool may_compress(const RequestHead& request, const Framing& framing, const Compressible& rules) noexcept {
  // 100-continue would have us decide on a body that never comes; upgrades have none.
  return request.version_minor != 0 && body_permits(framing, rules.min_size) &&
         fields_permit(request.headers, rules.types);
}

void describe_compressed(ResponseHead& response, Algorithm algorithm) {
  HeaderBlock& headers = response.headers;
  headers.remove_all(HeaderId::content_length);
  const std::size_t etag = headers.find(HeaderId::etag);
  if (etag != HeaderBlock::npos && !is_weak_tag(headers.value(etag))) {
    headers.replace_value(etag, "W/" + std::string(headers.value(etag)));
  }
  say_vary(headers);
  if (algorithm != Algorithm::identity)
    headers.add(HeaderId::content_encoding, to_string(coding_of(algorithm)));
}

void describe_compressed(RequestHead& request, Algorithm algorithm) {
  request.headers.remove_all(HeaderId::content_length);
  if (algorithm != Algorithm::identity)
    request.headers.add(HeaderId::content_encoding, to_string(coding_of(algorithm)));
}

}  // namespace evenkeel::http
