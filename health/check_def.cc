#include "health/check_def.h"

namespace evenkeel::health {

std::string_view to_string(CheckProtocol protocol) noexcept {
  switch (protocol) {
    case CheckProtocol::tcp:
      return "tcp";
    case CheckProtocol::tcp_check:
      return "tcp-check";
    case CheckProtocol::http:
      return "httpchk";
    case CheckProtocol::mysql:
      return "mysql-check";
    case CheckProtocol::pgsql:
      return "pgsql-check";
    case CheckProtocol::redis:
      return "redis-check";
    case CheckProtocol::smtp:
      return "smtpchk";
    case CheckProtocol::ldap:
      return "ldap-check";
    case CheckProtocol::ssl_hello:
      return "ssl-hello-chk";
    case CheckProtocol::spop:
      return "spop-check";
    case CheckProtocol::udp:
      return "udp-check";
    case CheckProtocol::dns:
      return "dns-check";
    case CheckProtocol::external:
      return "external-check";
  }
  return "?";
}

}  // namespace evenkeel::health
