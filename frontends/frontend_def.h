// The definition of a frontend: where it listens, whom it lets in, where it sends them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/proxy_def.h"
#include "core/socket_options.h"

namespace evenkeel::frontends {

// One `bind` line names one or several addresses with ports or port ranges; each single address is one
// BindDef.
struct BindDef {
  enum class Kind : std::uint8_t { address, inherited_fd } kind = Kind::address;
  Address address;
  int fd = -1;           // Kind::inherited_fd
  bool passing = false;  // sockpair@: connections are passed over fd instead of accepted
  std::string text;      // as written, for messages
  std::uint32_t line = 0;
  std::string name;  // sock-<n> when not set
  std::uint32_t id = 0;
  std::uint32_t maxconn = 0;  // 0: the frontend's
  ListenOptions listen;
  bool accept_proxy = false;
  bool datagram = false;              // udp@, and every address of mode udp
  std::uint32_t netscaler_magic = 0;  // accept-netscaler-cip; 0: it is not expected
  std::string threads;                // `process`, `thread` as written; empty: all
  std::string level = "operator";     // stats sockets: user, operator, admin
  bool expose_fd_listeners = false;
};

// `capture cookie`: what its name begins with, and how many bytes of "name=value" are kept.
struct CookieCapture {
  std::string name;  // empty: none
  std::size_t length = 0;
};

struct FrontendDef : backends::ProxyDef {
  std::vector<BindDef> binds;
  std::string default_backend;
  std::uint32_t maxconn = 0;              // 0: the process's
  std::uint32_t rate_limit_sessions = 0;  // per second; 0: none
  int backlog = 0;
  std::string monitor_uri;
  CookieCapture captured_cookie;
  bool ignore_probes = false;  // option http-ignore-probes
  bool accept_unsafe_request = false;
  bool idle_close_on_response = false;  // option idle-close-on-response: a soft stop lets idle ones be
  bool smart_accept = false;            // option tcp-smart-accept
  bool socket_stats = false;            // option socket-stats: listeners have rows of their own
};

}  // namespace evenkeel::frontends
