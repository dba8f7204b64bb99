#include "frontends/send_proxy.h"

#include "core/proxy_protocol.h"

namespace evenkeel::frontends {

bool needs_local_address(const backends::BackendDef& def) noexcept {
  if (def.transparent) return true;
  for (const backends::ServerDef& server : def.servers) {
    if (server.port_mode == backends::PortMode::offset || server.address.is_unspecified_ip()) return true;
  }
  return false;
}

std::string proxy_header_for(const backends::ServerDef& def, ClientConnection& client,
                             std::string_view unique_id, std::string_view authority) {
  using Version = backends::SendProxyDef::Version;
  if (def.send_proxy.version == Version::none) return {};
  if (def.send_proxy.version == Version::v1) return build_proxy_v1(client.peer, client.local());
  ProxyV2Options options;
  options.crc32c = def.send_proxy.crc32c;
  if (def.send_proxy.unique_id) options.unique_id = unique_id;
  if (def.send_proxy.authority) options.authority = authority;
  return build_proxy_v2(client.peer, client.local(), options);
}

}  // namespace evenkeel::frontends
