#include "balance/hash_key.h"

#include "balance/hash_function.h"
#include "balance/hdr.h"
#include "balance/rdp_cookie.h"
#include "balance/source.h"
#include "balance/uri.h"
#include "balance/url_param.h"

namespace evenkeel::balance {

namespace {

std::optional<std::string_view> key_bytes(const BalanceDef& def, const PickContext& context) noexcept {
  switch (def.algorithm) {
    case Algorithm::uri:
      return uri_key(context.target, def);
    case Algorithm::url_param: {
      const auto in_target = url_param_of_target(context.target, def.name);
      if (in_target || !def.check_post || !context.body) return in_target;
      return url_param_of_body(*context.body, def.name);
    }
    case Algorithm::hdr:
      if (!context.header) return std::nullopt;
      return hdr_key(*context.header, def.use_domain_only);
    case Algorithm::rdp_cookie:
      return rdp_cookie_key(context.payload, def.name);
    case Algorithm::hash:
      return context.sample;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::uint32_t> request_hash(const BalanceDef& def, const PickContext& context) noexcept {
  std::optional<std::uint32_t> hash;
  if (def.algorithm == Algorithm::source) {
    // The function does not apply: addresses are folded.
    if (context.source != nullptr) hash = source_hash(*context.source);
  } else if (const auto bytes = key_bytes(def, context)) {
    hash = hash_bytes(def.hash_function, *bytes);
  }
  if (hash && def.avalanche) hash = avalanche(*hash);
  return hash;
}

std::uint32_t ring_seed(HashKey key, std::uint32_t id, const Address& address) noexcept {
  if (key == HashKey::id || !address.is_ip()) return id * kMaxWeight;
  const std::uint32_t port = key == HashKey::addr_port ? avalanche(address.port()) : 0;
  return avalanche(hash_crc32(address.ip_bytes()) + port);
}

}  // namespace evenkeel::balance
