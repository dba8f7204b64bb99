// `option external-check`: what the child process is given and what its end means. Starting it:
// health/child.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.h"
#include "health/protocol.h"

namespace evenkeel::health {

// What the child learns about its proxy and server (configuration manual, "external-check command").
struct ExternalTarget {
  std::string proxy_name;
  std::uint32_t proxy_id = 0;
  Address proxy_address;  // the first bind; AF_UNSPEC in a backend
  std::string server_name;
  std::uint32_t server_id = 0;
  Address server_address;
  std::uint32_t server_maxconn = 0;
  std::uint32_t server_curconn = 0;
  bool server_ssl = false;
  std::string server_proto = "tcp";  // "h1", "h2", "tcp", "cli", "syslog", "peers"
};

// argv: the command, then address and port of the proxy and of the server; "NOT_USED" where there is none.
std::vector<std::string> external_arguments(const std::string& command, const ExternalTarget& target);

// "NAME=value", nothing inherited. path: `external-check path`.
std::vector<std::string> external_environment(const std::string& path, const ExternalTarget& target);

// The file to execute: the command itself if it has a slash, else the first one found in path; empty when
// none is.
std::string find_command(const std::string& command, std::string_view path);

// wait_status: as waitpid() yields it.
Verdict external_verdict(int wait_status);
// The check's time was over before the child ended.
Verdict external_timeout();
// The child could not be started.
Verdict external_not_started();

}  // namespace evenkeel::health
